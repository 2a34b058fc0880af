// A shadow of the memory: for each cell who touched it last, so that two accesses without an order are noticed.
//
// Blocks run one after the other and every barrier interval of every block has a stamp that only grows. Accesses of
// two blocks are never ordered; in a block, stamps order them; inside one interval only the warp operations do, by
// vector clocks over the 32 lanes (FastTrack, Flanagan and Freund 2009, with two readers kept for each cell).
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "findings.h"

struct Slot {  // one remembered access; stamp 0 is none
    uint32_t stamp, clock;
    uint16_t thread;
    int16_t site;
    uint8_t mask;  // bytes of the cell
};

struct Cell {
    Slot write, atomic, read, other_read;
    uint32_t written_in;  // serial of the block that wrote the bytes of written_mask; for shared memory
    uint16_t reads, writes;
    uint8_t written_mask;
};

struct Array {
    char name[64];
    Space space;
    uintptr_t start;
    size_t bytes, slack;
    unsigned element, shift;  // bytes of an element; log2 of the bytes of a cell
    Cell* cells;
    uint32_t poisoned_in;
    uint64_t reads, writes, atomics, read_bytes, write_bytes;

    void shadow(unsigned element_bytes) {
        element = element_bytes ? element_bytes : 1;
        shift = element % 4 == 0 ? 2 : element % 2 == 0 ? 1 : 0;
        size_t size = ((bytes >> shift) + 8) * sizeof(Cell);
        cells = (Cell*)mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
};

struct Clocks {  // of one warp, valid in the interval `stamp`
    uint32_t stamp;
    uint32_t of[kLanes][kLanes];

    void restart(uint32_t now) {
        memset(of, 0, sizeof of);
        for (unsigned lane = 0; lane < kLanes; ++lane) of[lane][lane] = 1;
        stamp = now;
    }
    void join(unsigned lanes) {
        uint32_t latest[kLanes] = {};
        for (unsigned rest = lanes; rest; rest &= rest - 1) {
            const uint32_t* row = of[__builtin_ctz(rest)];
            for (unsigned c = 0; c < kLanes; ++c) latest[c] = row[c] > latest[c] ? row[c] : latest[c];
        }
        for (unsigned rest = lanes; rest; rest &= rest - 1) {
            unsigned lane = (unsigned)__builtin_ctz(rest);
            memcpy(of[lane], latest, sizeof latest);
            of[lane][lane]++;
        }
    }
};

struct Shadow {
    uint32_t stamp = 1, block_stamp = 1, block_serial = 0;
    uint32_t* first_stamps = nullptr;  // of each block, in the order in which blocks ran
    unsigned long* block_numbers = nullptr;
    uint32_t capacity = 0;
    Findings* findings = nullptr;

    void begin_block(unsigned long number) {
        block_stamp = ++stamp;
        if (block_serial == capacity) grow();
        first_stamps[block_serial] = stamp;
        block_numbers[block_serial++] = number;
    }

    unsigned long block_of(uint32_t when) const {
        uint32_t low = 0, high = block_serial;
        while (high - low > 1) {
            uint32_t middle = (low + high) / 2;
            (first_stamps[middle] <= when ? low : high) = middle;
        }
        return block_numbers[low];
    }

    // Whether the remembered access comes before this thread's next one, or touched other bytes.
    inline bool ordered(const Slot& slot, const Array& array, const uint32_t* clocks, unsigned thread, uint8_t mask) const {
        if (slot.stamp != stamp)  // nobody, another interval, or another block
            return slot.stamp >= block_stamp || !slot.stamp || array.space == kShared || !(slot.mask & mask);
        if (slot.thread == thread || !(slot.mask & mask)) return true;
        return slot.thread / kLanes == thread / kLanes && clocks[slot.thread % kLanes] >= slot.clock;
    }

    void race(const Array& array, int index, size_t cell, const Slot& slot, Access before, const Actor& now) {
        Finding finding = {};
        finding.kind = "race";
        finding.array = index;
        finding.index = (int64_t)((cell << array.shift) / array.element);
        finding.actor = now;
        finding.other = {block_of(slot.stamp), slot.thread, slot.site, before};
        finding.has_other = true;
        finding.count = 1;
        findings->add(finding);
    }

    void touch(Array& array, int index, size_t cell_index, uint8_t mask, const uint32_t* clocks, const Actor& now) {
        Cell& cell = array.cells[cell_index];
        unsigned thread = now.thread;
        if (!ordered(cell.write, array, clocks, thread, mask)) race(array, index, cell_index, cell.write, kWrite, now);
        if (now.access < kAtomic && !ordered(cell.atomic, array, clocks, thread, mask))
            race(array, index, cell_index, cell.atomic, kAtomic, now);
        Slot slot = {stamp, clocks[thread % kLanes], (uint16_t)thread, (int16_t)now.site, mask};
        if (now.access == kRead) {
            if (cell.reads != 0xffff) cell.reads++;
            remember_read(cell, array, clocks, slot);
            return;
        }
        if (!ordered(cell.read, array, clocks, thread, mask)) race(array, index, cell_index, cell.read, kRead, now);
        else if (!ordered(cell.other_read, array, clocks, thread, mask))
            race(array, index, cell_index, cell.other_read, kRead, now);
        if (cell.writes != 0xffff) cell.writes++;
        (now.access == kWrite ? cell.write : cell.atomic) = slot;
    }

    // Two readers are kept, as far apart as they come (block, then warp): a later writer meets at least one stranger.
    inline void remember_read(Cell& cell, const Array& array, const uint32_t* clocks, const Slot& slot) {
        if (cell.read.stamp == slot.stamp && cell.read.thread == slot.thread && cell.read.mask == slot.mask) {
            cell.read = slot;
        } else if (ordered(cell.read, array, clocks, slot.thread, 0xff)) {
            cell.read = slot;
        } else if (ordered(cell.other_read, array, clocks, slot.thread, 0xff) || nearer(cell.other_read, cell.read, slot)) {
            cell.other_read = slot;
        }
    }

    static bool nearer(const Slot& kept, const Slot& first, const Slot& now) {
        auto distance = [&](const Slot& s) {
            return s.stamp != first.stamp ? 2 : s.thread / kLanes != first.thread / kLanes ? 1 : 0;
        };
        return distance(kept) < distance(now);
    }

    void grow() {
        capacity = capacity ? capacity * 2 : 1024;
        first_stamps = (uint32_t*)realloc(first_stamps, capacity * sizeof *first_stamps);
        block_numbers = (unsigned long*)realloc(block_numbers, capacity * sizeof *block_numbers);
    }
};

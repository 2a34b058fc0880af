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
    Slot write;
    uint32_t written_in;  // serial of the block that wrote the bytes of written_mask; for shared memory
    uint32_t settled;     // the epoch in which further readers of settled_warp add nothing; ~0 is every one
    uint16_t reads, writes;
    uint8_t written_mask, settled_warp;
    Slot atomic, read, other_read;
};

struct Array {
    char name[64];
    Space space;
    uintptr_t start;
    size_t bytes, slack;
    unsigned element, shift;  // bytes of an element; log2 of the bytes of a cell
    Cell* cells;
    uint32_t* quiet;  // of each cell: the tag under which another read needs no look at it (Shadow::quiet_tag)
    uint32_t poisoned_in;
    uint64_t reads, writes, atomics, read_bytes, write_bytes;

    void shadow(unsigned element_bytes) {
        element = element_bytes ? element_bytes : 1;
        shift = element % 4 == 0 ? 2 : element % 2 == 0 ? 1 : 0;
        size_t count = (bytes >> shift) + 8;
        cells = (Cell*)zeroes(count * sizeof(Cell));
        quiet = (uint32_t*)zeroes(count * sizeof(uint32_t));
    }
    static void* zeroes(size_t size) {  // pages that are never touched cost nothing
        return mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
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
    static constexpr uint8_t kEveryWarp = 0xff;
    uint32_t stamp = 1, block_stamp = 1, block_serial = 0;
    uint32_t epoch = 1;  // grows with each barrier and each warp operation
    uint32_t* first_stamps = nullptr;  // of each block, in the order in which blocks ran
    unsigned long* block_numbers = nullptr;
    uint32_t capacity = 0;
    Findings* findings = nullptr;

    void begin_block(unsigned long number) {
        block_stamp = ++stamp;
        epoch++;
        if (block_serial == capacity) grow();
        first_stamps[block_serial] = stamp;
        block_numbers[block_serial++] = number;
    }

    unsigned long number() const { return block_numbers[block_serial - 1]; }

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

    // An access to bytes `mask` of a cell: compared with what is remembered, then remembered.
    inline __attribute__((always_inline)) void touch(Array& array, int index, size_t cell_index, uint8_t mask,
                                                     const uint32_t* clocks, const Actor& now) {
        Cell& cell = array.cells[cell_index];
        if (!ordered(cell.write, array, clocks, now.thread, mask)) race(array, index, cell_index, cell.write, kWrite, now);
        if (cell.atomic.stamp && now.access < kAtomic && !ordered(cell.atomic, array, clocks, now.thread, mask))
            race(array, index, cell_index, cell.atomic, kAtomic, now);
        if (now.access == kRead) {
            if (!settled(cell, now.thread / kLanes)) remember_read(cell, array, clocks, slot_of(clocks, mask, now));
        } else {
            overwrite(array, index, cell_index, mask, clocks, now);
        }
    }

    inline bool settled(const Cell& cell, unsigned warp) const {
        if (cell.settled == ~0u) return true;
        return cell.settled == epoch && (cell.settled_warp == kEveryWarp || cell.settled_warp == warp);
    }

    // Whether a read of the whole cell needs no second look: written before, by nobody in this interval, and its
    // readers are settled. Nearly every read in a tiled kernel is of this kind.
    inline __attribute__((always_inline)) bool quiet(const Cell& cell, unsigned warp, bool shared,
                                                     uint8_t full) const {
        if (!settled(cell, warp)) return false;
        if (cell.atomic.stamp || cell.write.stamp == stamp) return false;
        if (shared) return cell.written_in == block_serial && cell.written_mask == full;
        return !cell.write.stamp || cell.write.stamp >= block_stamp;
    }

    // Cells that are quiet for a warp, or for every warp, carry its tag until the next epoch or the next write.
    uint32_t quiet_tag(unsigned warp) const { return epoch << 6 | warp; }
    uint32_t quiet_tag_of_every_warp() const { return epoch << 6 | 32; }
    void note_quiet(Array& array, size_t cell_index, unsigned warp, bool shared, uint8_t full) const {
        const Cell& cell = array.cells[cell_index];
        if (!quiet(cell, warp, shared, full)) return;
        bool every = cell.settled == ~0u || cell.settled_warp == kEveryWarp;
        array.quiet[cell_index] = every ? quiet_tag_of_every_warp() : quiet_tag(warp);
    }

    Slot slot_of(const uint32_t* clocks, uint8_t mask, const Actor& now) const {
        return {stamp, clocks[now.thread % kLanes], (uint16_t)now.thread, (int16_t)now.site, mask};
    }

    void overwrite(Array& array, int index, size_t cell_index, uint8_t mask, const uint32_t* clocks, const Actor& now) {
        Cell& cell = array.cells[cell_index];
        array.quiet[cell_index] = 0;
        if (!ordered(cell.read, array, clocks, now.thread, mask)) race(array, index, cell_index, cell.read, kRead, now);
        else if (!ordered(cell.other_read, array, clocks, now.thread, mask))
            race(array, index, cell_index, cell.other_read, kRead, now);
        cell.writes += cell.writes != 0xffff;
        (now.access == kWrite ? cell.write : cell.atomic) = slot_of(clocks, mask, now);
    }

    // Two readers are kept, as far apart as they come (other blocks, then other warps): whoever writes later meets
    // a stranger in one of them. Once they are far apart, further readers add nothing; nor do, until the next
    // operation that orders a warp, readers of a warp that has two in the cell.
    void remember_read(Cell& cell, const Array& array, const uint32_t* clocks, const Slot& slot) {
        Slot &first = cell.read, &second = cell.other_read;
        if (ordered(first, array, clocks, slot.thread, 0xff) && first.mask <= slot.mask) first = slot;
        else if (ordered(second, array, clocks, slot.thread, 0xff) || distance(second, first) < distance(slot, first))
            second = slot;
        if (first.mask != 0xff >> (8 - (1 << array.shift)) || second.mask != first.mask) return;
        if (array.space != kShared && first.stamp != second.stamp && first.stamp < block_stamp) cell.settled = ~0u;
        else if (first.stamp == stamp && second.stamp == stamp && first.thread != second.thread) {
            bool apart = distance(second, first) == 1, fresh = first.clock == second.clock;
            if (!apart && !fresh) return;
            cell.settled = epoch;
            cell.settled_warp = apart ? kEveryWarp : (uint8_t)(first.thread / kLanes);
        }
    }

    static int distance(const Slot& a, const Slot& b) {
        return a.stamp != b.stamp ? 2 : a.thread / kLanes != b.thread / kLanes ? 1 : 0;
    }

    void grow() {
        capacity = capacity ? capacity * 2 : 1024;
        first_stamps = (uint32_t*)realloc(first_stamps, capacity * sizeof *first_stamps);
        block_numbers = (unsigned long*)realloc(block_numbers, capacity * sizeof *block_numbers);
    }
};

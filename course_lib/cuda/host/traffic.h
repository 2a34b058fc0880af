// What one instruction of one warp costs the memory: 32-byte sectors in global memory, bank conflicts in shared.
#pragma once
#include <stdint.h>

#include "runtime.h"

struct Cost {
    unsigned actual, ideal;
};

static inline void sort_small(uint64_t* values, unsigned n) {
    for (unsigned i = 1; i < n; ++i) {
        uint64_t value = values[i];
        unsigned k = i;
        for (; k > 0 && values[k - 1] > value; --k) values[k] = values[k - 1];
        values[k] = value;
    }
}

struct Moved {
    unsigned sectors, used_bytes;
};

// Sectors that one request of a warp moves (CUDA C++ Best Practices Guide, "Coalesced Access to Global Memory": a
// warp's access is served in 32-byte transactions), and how many of their bytes lanes asked for. A byte counts for each
// lane that asks for it, up to the 32 of its sector.
static inline Moved moved_sectors(uint64_t* addresses, unsigned n, unsigned bytes) {
    bool sorted = true;
    for (unsigned i = 1; i < n; ++i) sorted &= addresses[i - 1] <= addresses[i];
    if (!sorted) sort_small(addresses, n);
    Moved moved = {0, 0};
    uint64_t next_sector = 0;
    unsigned room = 0;  // bytes of the last sector that are not counted yet
    for (unsigned i = 0; i < n; ++i)
        for (uint64_t at = addresses[i], end = at + bytes; at < end;) {
            uint64_t sector = at / 32, stop = (sector + 1) * 32 < end ? (sector + 1) * 32 : end;
            if (sector >= next_sector) moved.sectors++, next_sector = sector + 1, room = 32;
            // Only an access over a sector's end, beside another, goes back to a sector that is done with.
            unsigned part = sector + 1 == next_sector ? (unsigned)(stop - at) : 0, taken = part < room ? part : room;
            moved.used_bytes += taken, room -= taken, at = stop;
        }
    return moved;
}

// Whether accesses between these offsets need one pass: of one place, or of words that have a bank each.
static inline bool in_one_pass(uint64_t lowest, uint64_t highest, unsigned bytes) {
    return lowest == highest || (bytes <= 4 && highest / 4 - lowest / 4 < kLanes);
}

// Passes through the 32 banks of 4 bytes that the lanes need; lanes that want the same word share it. 8-byte
// accesses go by half warps and 16-byte ones by quarters, as the hardware does, so their ideal is 2 and 4. `lanes`
// says which lanes the addresses belong to; NULL is all of them.
static inline Cost bank_cost(const uint64_t* addresses, const uint8_t* lanes, unsigned n, unsigned bytes) {
    unsigned words = bytes <= 4 ? 1 : bytes / 4 > 4 ? 4 : bytes / 4, shift = words == 1 ? 5 : words == 2 ? 4 : 3;
    Cost cost = {0, 0};
    for (unsigned i = 0; i < n;) {
        unsigned pass = (lanes ? lanes[i] : i) >> shift, taken = 0, spill_count = 0, degree = 1;
        uint64_t first[kLanes], spilled[kLanes * 4];
        for (; i < n && (lanes ? lanes[i] : i) >> shift == pass; ++i)
            for (unsigned k = 0; k < words; ++k) {
                uint64_t word = addresses[i] / 4 + k;
                unsigned bank = (unsigned)(word % kLanes);
                if (!(taken >> bank & 1)) taken |= 1u << bank, first[bank] = word;
                else if (first[bank] != word) spilled[spill_count++] = word;
            }
        if (spill_count) {  // different words of one bank: each takes a pass of its own
            sort_small(spilled, spill_count);
            unsigned depth[kLanes];
            for (unsigned bank = 0; bank < kLanes; ++bank) depth[bank] = 1;
            for (unsigned k = 0; k < spill_count; ++k)
                if (k == 0 || spilled[k] != spilled[k - 1]) {
                    unsigned now = ++depth[spilled[k] % kLanes];
                    degree = now > degree ? now : degree;
                }
        }
        cost.actual += degree, cost.ideal += 1;
    }
    return cost;
}

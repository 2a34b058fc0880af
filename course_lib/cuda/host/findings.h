// What the inspector has found: each kind at each pair of lines once, with its first instance and a count.
#pragma once
#include <stdint.h>

#include "runtime.h"

enum Access : uint8_t { kRead, kWrite, kAtomic, kAtomicWrite };  // the last writes without looking at the old value
enum Space : uint8_t { kGlobal, kShared, kDevice };

// A thread of the grid: which block, which thread in it, and the index of its instruction in the table of sites.
struct Actor {
    unsigned long block;
    unsigned thread;
    int site;
    Access access;
};

struct Finding {
    const char* kind;
    int array;  // -1: none
    int64_t index;
    uint64_t address;
    Actor actor, other;
    bool has_other;
    uint64_t count;
};

struct Findings {
    static constexpr unsigned kCapacity = 512;
    Finding list[kCapacity];
    unsigned count;

    void add(const Finding& finding) {
        for (unsigned i = 0; i < count; ++i) {
            Finding& f = list[i];
            if (f.kind == finding.kind && f.array == finding.array && f.actor.site == finding.actor.site &&
                f.other.site == finding.other.site) {
                f.count++;
                return;
            }
        }
        if (count < kCapacity) list[count++] = finding;
    }
};

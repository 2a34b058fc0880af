// What the lanes of a warp give each other: the last lane to arrive computes every lane's result.
#pragma once
#include "runtime.h"

enum Operation : uint8_t {  // the order of __course_operation in threads.h
    kSync, kIndex, kUp, kDown, kXor, kAll, kAny, kBallot, kMatchAny, kMatchAll,
    kAdd, kMinUnsigned, kMaxUnsigned, kMinSigned, kMaxSigned, kAnd, kOr, kBitsXor,
};

// The lane that `lane` reads from (CUDA C++ Programming Guide, "Warp Shuffle Functions").
static inline unsigned course_source(uint8_t operation, unsigned lane, int argument, int width) {
    unsigned segment = (unsigned)(width - 1), base = lane & ~segment;
    switch (operation) {
        case kIndex: return base | ((unsigned)argument & segment);
        case kUp: return lane < base + (unsigned)argument ? lane : lane - (unsigned)argument;
        case kDown: return (lane & segment) + (unsigned)argument > segment ? lane : lane + (unsigned)argument;
        default: {
            unsigned source = (lane ^ (unsigned)argument) & 31;
            return source >= base + (unsigned)width ? lane : source;
        }
    }
}

static inline uint64_t course_reduce(const Thread* lanes, unsigned mask, uint8_t operation) {
    uint64_t total = lanes[__builtin_ctz(mask)].value;
    for (unsigned rest = mask & (mask - 1); rest; rest &= rest - 1) {
        uint64_t value = lanes[__builtin_ctz(rest)].value;
        switch (operation) {
            case kAdd: total += value; break;
            case kMinUnsigned: total = (uint32_t)value < (uint32_t)total ? value : total; break;
            case kMaxUnsigned: total = (uint32_t)value > (uint32_t)total ? value : total; break;
            case kMinSigned: total = (int32_t)value < (int32_t)total ? value : total; break;
            case kMaxSigned: total = (int32_t)value > (int32_t)total ? value : total; break;
            case kAnd: case kAll: total &= value; break;
            case kOr: case kAny: total |= value; break;
            default: total ^= value;
        }
    }
    return total;
}

static inline void course_combine(Thread* lanes, unsigned mask, uint8_t operation) {
    if (operation == kSync || !mask) return;
    if (operation >= kIndex && operation <= kXor) {
        for (unsigned rest = mask; rest; rest &= rest - 1) {
            unsigned lane = (unsigned)__builtin_ctz(rest);
            unsigned source = course_source(operation, lane, lanes[lane].argument, lanes[lane].width);
            // Reading a lane that takes no part is undefined in CUDA; here it shows as all bits set (NaN, -1).
            bool active = mask >> source & 1;
            lanes[lane].result = active ? lanes[source].value : ~0ull;
            if (!active) inspect_inactive_lane(lane, source, lanes[lane].line);
        }
        return;
    }
    if (operation == kMatchAny) {
        for (unsigned rest = mask; rest; rest &= rest - 1) {
            Thread& self = lanes[__builtin_ctz(rest)];
            uint64_t same = 0;
            for (unsigned other = mask; other; other &= other - 1)
                same |= (uint64_t)(lanes[__builtin_ctz(other)].value == self.value) << __builtin_ctz(other);
            self.result = same;
        }
        return;
    }
    uint64_t result = 0;
    if (operation == kBallot) {
        for (unsigned rest = mask; rest; rest &= rest - 1)
            result |= (uint64_t)(lanes[__builtin_ctz(rest)].value != 0) << __builtin_ctz(rest);
    } else if (operation == kMatchAll) {
        result = mask;
        for (unsigned rest = mask; rest; rest &= rest - 1)
            if (lanes[__builtin_ctz(rest)].value != lanes[__builtin_ctz(mask)].value) result = 0;
    } else {
        result = course_reduce(lanes, mask, operation);
    }
    for (unsigned rest = mask; rest; rest &= rest - 1) lanes[__builtin_ctz(rest)].result = result;
}

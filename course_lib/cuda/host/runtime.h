// What the scheduler (runtime.cpp) and the inspector (inspector.cpp) know of each other.
#pragma once
#include <stddef.h>
#include <stdint.h>

constexpr unsigned kMaxThreads = 1024, kLanes = 32;
#ifdef __COURSE_INSPECT
constexpr size_t kGuardBytes = 4096;  // below each stack: calls without end must not run into another thread's
#else
constexpr size_t kGuardBytes = 0;
#endif
constexpr size_t kStackBytes = 64 * 1024 + kGuardBytes, kDynamicSharedBytes = 99 * 1024, kStaticSharedBytes = 1 << 20;
constexpr size_t kWorkerBytes = 1 << 27;  // all stacks and the Worker itself; a worker begins at a multiple of it

struct Index3 { unsigned x, y, z; };

// How far a thread has come.
enum State : uint8_t { kUnstarted, kRunnable, kAtBarrier, kAtWarp, kDone };

struct alignas(64) Thread {
    void* stack_pointer;
    char* stack;
    uint64_t value, result;  // given to and received from a warp operation
    Index3 index;
    unsigned mask;
    int argument, width, line;
    uint8_t operation;
    State state;
};

struct Warp {
    unsigned exists, runnable, alive, waiting;  // one bit a lane; waiting: in a warp operation
};

struct Worker {
    Index3 thread_index, block, block_extent, grid_extent;  // up to here and two more: __course_place in threads.h
    char *shared, *dynamic_shared;
    void* scheduler;
    unsigned current, turn;  // the running thread; lanes of its warp that run after it
    unsigned thread_count, warp_count, done, at_barrier;
    bool yielded;
    unsigned long block_number;
    unsigned free_count;
    char* free_stacks[kMaxThreads];
    char* stacks;
    Warp warps[kMaxThreads / kLanes];
    Thread threads[kMaxThreads];
};

struct Launch {
    void (*entry)(void** arguments);
    void** arguments;
    unsigned grid[3], block[3], shared_bytes;
    unsigned long blocks, next_block;
    int failed;
    char* message;
    size_t message_bytes;
};

// The worker whose fiber or scheduler runs; only valid on a fiber's stack or inside run_blocks.
static inline Worker* course_worker() {
    uintptr_t stack;
#if defined(__x86_64__)
    __asm__("movq %%rsp, %0" : "=r"(stack));
#else
    __asm__("mov %0, sp" : "=r"(stack));
#endif
    return (Worker*)(stack & ~(uintptr_t)(kWorkerBytes - 1));
}
Launch* course_launch();
// Lets another fiber run; returns when this one is resumed.
void course_switch_away(Worker* w);
// Stops the launch with the first message; the rest of the block is abandoned.
void course_fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

#ifdef __COURSE_INSPECT
void inspect_block_begin(Worker* w);
void inspect_trace(Worker* w, unsigned warp, unsigned lanes);       // look at what these lanes recorded
void inspect_warp_order(Worker* w, unsigned warp, unsigned lanes);  // these lanes have waited for each other
void inspect_barrier(Worker* w);                                    // the whole block has waited
void inspect_inactive_lane(unsigned lane, unsigned source, int line);
#else
static inline void inspect_block_begin(Worker*) {}
static inline void inspect_trace(Worker*, unsigned, unsigned) {}
static inline void inspect_warp_order(Worker*, unsigned, unsigned) {}
static inline void inspect_barrier(Worker*) {}
static inline void inspect_inactive_lane(unsigned, unsigned, int) {}
#endif

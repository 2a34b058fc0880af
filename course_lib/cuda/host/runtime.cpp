// The scheduler: each CUDA thread is a fiber, a worker runs one block at a time, workers share the grid's blocks.
// A fiber runs until it waits (barrier or warp operation) or ends; lanes of a warp run one after the other.
#include "runtime.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "fiber.h"
#include "warp_operations.h"

#define HIDDEN __attribute__((visibility("hidden")))
#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" {
HIDDEN __thread Index3 threadIdx, blockIdx;
HIDDEN Index3 blockDim, gridDim;
}
static __thread Worker* worker;
static Launch* launch;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Worker* idle_workers[256];
static unsigned idle_count;
static char output[1 << 20];
static size_t output_bytes;

HIDDEN Worker* course_worker() { return worker; }
HIDDEN Launch* course_launch() { return launch; }

HIDDEN void course_fail(const char* format, ...) {
    pthread_mutex_lock(&lock);
    if (!__atomic_exchange_n(&launch->failed, 1, __ATOMIC_SEQ_CST)) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(launch->message, launch->message_bytes, format, arguments);
        va_end(arguments);
    }
    pthread_mutex_unlock(&lock);
}

// Stacks and shared memory are kept from launch to launch: touching fresh pages costs more than a small kernel.
static Worker* take_worker() {
    pthread_mutex_lock(&lock);
    Worker* w = idle_count ? idle_workers[--idle_count] : nullptr;
    pthread_mutex_unlock(&lock);
    if (w) return w;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    w = (Worker*)mmap(nullptr, sizeof(Worker), PROT_READ | PROT_WRITE, flags, -1, 0);
    size_t bytes = kMaxThreads * kStackBytes;
    w->stacks = (char*)mmap(nullptr, bytes + 4096, PROT_READ | PROT_WRITE, flags, -1, 0) + 4096;
    mprotect(w->stacks - 4096, 4096, PROT_NONE);
    w->dynamic_shared = (char*)mmap(nullptr, kDynamicSharedBytes + 8192, PROT_READ | PROT_WRITE, flags, -1, 0) + 4096;
    return w;
}

static void give_worker(Worker* w) {
    pthread_mutex_lock(&lock);
    if (idle_count < sizeof idle_workers / sizeof *idle_workers) idle_workers[idle_count++] = w;
    pthread_mutex_unlock(&lock);
}

HIDDEN void course_to_scheduler() {
    Worker* w = worker;
    __course_switch(&w->threads[w->current].stack_pointer, w->scheduler);
}

static void thread_name(char* text, size_t bytes, unsigned thread) {
    Index3 t = launch->thread_index[thread], b = worker->block;
    snprintf(text, bytes, "thread (%u,%u,%u) of block (%u,%u,%u)", t.x, t.y, t.z, b.x, b.y, b.z);
}

// A warp operation happens when every lane of its mask that has not ended has arrived with the same mask.
static bool try_complete(Worker* w, unsigned warp, unsigned mask, uint8_t operation) {
    Thread* lanes = w->threads + warp * kLanes;
    unsigned needed = mask & w->warps[warp].alive;
    for (unsigned rest = needed; rest; rest &= rest - 1) {
        Thread& lane = lanes[__builtin_ctz(rest)];
        if (lane.state != kAtWarp || lane.mask != mask || lane.operation != operation) return false;
    }
    inspect_trace(warp, needed);
    course_combine(lanes, needed, operation);
    inspect_warp_order(warp, needed);
    for (unsigned rest = needed; rest; rest &= rest - 1) lanes[__builtin_ctz(rest)].state = kRunnable;
    w->warps[warp].runnable |= needed;
    return true;
}

static void fiber_main() {
    Worker* w = worker;
    launch->entry(launch->arguments);
    unsigned thread = w->current, warp = thread / kLanes;
    Thread& self = w->threads[thread];
    self.state = kDone;
    w->warps[warp].alive &= ~(1u << thread % kLanes);
    w->warps[warp].runnable &= ~(1u << thread % kLanes);
    w->done++;
    course_to_scheduler();
    __builtin_unreachable();
}

static void resume(Worker* w, unsigned thread) {
    Thread& t = w->threads[thread];
    if (t.state == kUnstarted) {
        t.state = kRunnable;
        t.stack = w->free_stacks[--w->free_count];
        // Tops are staggered: at equal offsets all stacks would compete for the same few cache sets.
        unsigned slot = (unsigned)((t.stack - w->stacks) / kStackBytes);
        t.stack_pointer = course_new_fiber(t.stack + kStackBytes - slot % 32 * 256, fiber_main);
    }
    w->current = thread;
    threadIdx = launch->thread_index[thread];
    __course_switch(&w->scheduler, t.stack_pointer);
    if (t.state == kDone) {
        w->free_stacks[w->free_count++] = t.stack;
        // Lanes that wait in a warp operation need not wait for this one any longer.
        Thread* lanes = w->threads + thread / kLanes * kLanes;
        for (unsigned rest = w->warps[thread / kLanes].alive; rest; rest &= rest - 1) {
            Thread& lane = lanes[__builtin_ctz(rest)];
            if (lane.state == kAtWarp) try_complete(w, thread / kLanes, lane.mask, lane.operation);
        }
    }
}

static void release_barrier(Worker* w) {
    int count = 0, all = 1, any = 0;
    for (unsigned i = 0; i < w->thread_count; ++i) {
        int predicate = (int)w->threads[i].value;
        count += predicate, all &= predicate, any |= predicate;
    }
    for (unsigned i = 0; i < w->thread_count; ++i) {
        Thread& t = w->threads[i];
        t.result = t.operation == 1 ? count : t.operation == 2 ? all : any;
        t.state = kRunnable;
    }
    for (unsigned i = 0; i < w->warp_count; ++i) w->warps[i].runnable = w->warps[i].exists;
    w->at_barrier = 0;
    inspect_barrier();
}

// Nothing can run: say who waits where, and for whom.
static void explain_divergence(Worker* w) {
    char waiting[96], other[96];
    for (unsigned i = 0; i < w->thread_count; ++i) {
        Thread& t = w->threads[i];
        if (t.state != kAtWarp) continue;
        thread_name(waiting, sizeof waiting, i);
        course_fail("warp divergence|%d|%s waits in a warp operation (mask 0x%08x) for lanes that do not come to it",
                    t.line, waiting, t.mask);
        return;
    }
    unsigned at = 0, away = 0;
    while (w->threads[at].state != kAtBarrier) at++;
    while (w->threads[away].state == kAtBarrier) away++;
    thread_name(waiting, sizeof waiting, at);
    thread_name(other, sizeof other, away);
    course_fail("barrier divergence|%d|%u of %u threads wait at __syncthreads(), the others have ended without it: "
                "%s waits, %s has ended. On a GPU this may hang", w->threads[at].line, w->at_barrier,
                w->thread_count, waiting, other);
}

static void run_block(Worker* w, unsigned long number) {
    w->block_number = number;
    w->block = {(unsigned)(number % launch->grid[0]), (unsigned)(number / launch->grid[0] % launch->grid[1]),
                (unsigned)(number / launch->grid[0] / launch->grid[1])};
    blockIdx = w->block;
    w->done = w->at_barrier = 0;
    w->free_count = 0;
    for (unsigned i = w->thread_count; i-- > 0;) w->free_stacks[w->free_count++] = w->stacks + i * kStackBytes;
    for (unsigned i = 0; i < w->thread_count; ++i) w->threads[i].state = kUnstarted;
    for (unsigned i = 0; i < w->warp_count; ++i) {
        unsigned lanes = w->thread_count - i * kLanes;
        unsigned mask = lanes >= kLanes ? 0xffffffffu : (1u << lanes) - 1;
        w->warps[i] = {mask, mask, mask};
    }
    inspect_block_begin();
    while (w->done < w->thread_count) {
        bool progress = false;
        for (unsigned i = 0; i < w->warp_count; ++i) {
            Warp& warp = w->warps[i];
            w->yielded = false;
            while (warp.runnable) {
                // One turn for each runnable lane: a lane that only yielded must not starve the others.
                for (unsigned turn = warp.runnable; turn; turn &= turn - 1) {
                    resume(w, i * kLanes + __builtin_ctz(turn));
                    if (__atomic_load_n(&launch->failed, __ATOMIC_RELAXED)) return;
                }
                progress = true;
                if (w->yielded) break;  // what it waits for may be another warp's to do
            }
            inspect_trace(i, warp.exists);
        }
        if (w->at_barrier == w->thread_count) release_barrier(w);
        else if (!progress && w->done < w->thread_count) return explain_divergence(w);
    }
    inspect_block_end();
}

static void* run_blocks(void*) {
    Worker* w = worker = take_worker();
    w->thread_count = launch->block[0] * launch->block[1] * launch->block[2];
    w->warp_count = (w->thread_count + kLanes - 1) / kLanes;
    for (;;) {
        unsigned long number = __atomic_fetch_add(&launch->next_block, 1, __ATOMIC_RELAXED);
        if (number >= launch->blocks || __atomic_load_n(&launch->failed, __ATOMIC_RELAXED)) break;
        run_block(w, number);
    }
    give_worker(w);
    return nullptr;
}

// Runs a grid. Returns 0, or 1 with a sentence in `message`. The caller holds a lock: one launch at a time.
EXPORT int __course_run(void (*entry)(void**), void** arguments, const unsigned* grid, const unsigned* block,
                        unsigned shared_bytes, int workers, char* message, size_t message_bytes) {
    static Launch self;
    launch = &self;
    self.entry = entry, self.arguments = arguments, self.shared_bytes = shared_bytes;
    for (int axis = 0; axis < 3; ++axis) self.grid[axis] = grid[axis], self.block[axis] = block[axis];
    self.blocks = (unsigned long)grid[0] * grid[1] * grid[2];
    self.next_block = 0, self.failed = 0;
    self.message = message, self.message_bytes = message_bytes;
    gridDim = {grid[0], grid[1], grid[2]};
    blockDim = {block[0], block[1], block[2]};
    unsigned i = 0;
    for (unsigned z = 0; z < block[2]; ++z)
        for (unsigned y = 0; y < block[1]; ++y)
            for (unsigned x = 0; x < block[0]; ++x) self.thread_index[i++] = {x, y, z};
    output_bytes = 0;
    pthread_t helpers[255];
    int helper_count = 0;
    // Starting a helper costs about as much as running a few thousand fibers.
    if (self.blocks * i < 4096) workers = 1;
    while (helper_count < workers - 1 && helper_count < 255 && helper_count + 1 < (long)self.blocks &&
           pthread_create(&helpers[helper_count], nullptr, run_blocks, nullptr) == 0)
        helper_count++;
    run_blocks(nullptr);
    while (helper_count) pthread_join(helpers[--helper_count], nullptr);
    return self.failed;
}

EXPORT size_t __course_output(const char** text) {
    *text = output;
    return output_bytes;
}

extern "C" {
HIDDEN int __course_barrier(int kind, int predicate, int line) {
    Worker* w = worker;
    Thread& t = w->threads[w->current];
    t.operation = (uint8_t)kind, t.value = (uint64_t)predicate, t.line = line, t.state = kAtBarrier;
    w->warps[w->current / kLanes].runnable &= ~(1u << w->current % kLanes);
    w->at_barrier++;
    course_to_scheduler();
    return (int)t.result;
}

HIDDEN unsigned long long __course_exchange(int operation, unsigned mask, unsigned long long value, int argument,
                                            int width, int line) {
    Worker* w = worker;
    unsigned warp = w->current / kLanes, lane = w->current % kLanes;
    Thread& t = w->threads[w->current];
    t.value = value, t.mask = mask, t.argument = argument, t.width = width, t.line = line;
    t.operation = (uint8_t)operation, t.state = kAtWarp;
    w->warps[warp].runnable &= ~(1u << lane);
    if (!(mask >> lane & 1)) {
        char name[96];
        thread_name(name, sizeof name, w->current);
        course_fail("warp divergence|%d|%s is lane %u and not in its own mask 0x%08x", line, name, lane, mask);
        course_to_scheduler();
    }
    // The last lane to arrive does the work for all and need not wait.
    if (!try_complete(w, warp, mask, t.operation)) course_to_scheduler();
    return t.result;
}

HIDDEN unsigned __course_active_lanes() { return worker->warps[worker->current / kLanes].alive; }
HIDDEN void __course_yield() {
    worker->yielded = true;
    course_to_scheduler();
}

HIDDEN void __course_trap(const char* why, int line) {
    char name[96];
    thread_name(name, sizeof name, worker->current);
    course_fail("trap|%d|%s in %s", line, why, name);
    course_to_scheduler();
}

HIDDEN long long __course_clock() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

HIDDEN int __course_printf(const char* format, ...) {
    pthread_mutex_lock(&lock);
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(output + output_bytes, sizeof output - output_bytes, format, arguments);
    va_end(arguments);
    if (n > 0) output_bytes += (size_t)n < sizeof output - output_bytes ? (size_t)n : sizeof output - output_bytes - 1;
    pthread_mutex_unlock(&lock);
    return n;
}

#ifndef __COURSE_INSPECT
HIDDEN void* __course_dynamic_shared(const char*, unsigned) { return worker->dynamic_shared; }
#endif
}

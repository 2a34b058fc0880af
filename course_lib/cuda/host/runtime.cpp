// The scheduler: each CUDA thread is a fiber, a worker runs one block at a time, workers share the grid's blocks.
// A fiber runs until it waits (barrier or warp operation) or ends; lanes of a warp run one after the other.
#include "runtime.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "fiber.h"
#include "warp_operations.h"

#define HIDDEN __attribute__((visibility("hidden")))
#define EXPORT extern "C" __attribute__((visibility("default")))

static Launch* launch;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Worker* idle_workers[256];
static unsigned idle_count, static_shared_bytes;
static char output[1 << 20];
static size_t output_bytes;

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

static char* map_memory(size_t bytes) {
    void* start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start != MAP_FAILED) return (char*)start;
    fprintf(stderr, "course_lib: no memory for the stacks of a block\n");
    abort();
}

// Stacks and shared memory are kept from launch to launch: touching fresh pages costs more than a small kernel.
static Worker* take_worker() {
    pthread_mutex_lock(&lock);
    Worker* w = idle_count ? idle_workers[--idle_count] : nullptr;
    pthread_mutex_unlock(&lock);
    if (w) return w;
    char* start = map_memory(2 * kWorkerBytes);
    w = (Worker*)(((uintptr_t)start + kWorkerBytes - 1) & ~(uintptr_t)(kWorkerBytes - 1));
    munmap(start, (size_t)((char*)w - start));
    munmap((char*)w + kWorkerBytes, (size_t)(start + kWorkerBytes - (char*)w));
    w->stacks = (char*)w + ((sizeof(Worker) + 8191) & ~(size_t)4095);
    mprotect(w->stacks - 4096, 4096, PROT_NONE);  // where the lowest stack would run into the worker itself
    for (unsigned i = 0; kGuardBytes && i < kMaxThreads; ++i)
        mprotect(w->stacks + i * kStackBytes, kGuardBytes, PROT_NONE);
    w->shared = map_memory(kStaticSharedBytes + kDynamicSharedBytes + 8192) + 4096;
    w->dynamic_shared = w->shared + kStaticSharedBytes;
    return w;
}

static void give_worker(Worker* w) {
    pthread_mutex_lock(&lock);
    if (idle_count < sizeof idle_workers / sizeof *idle_workers) idle_workers[idle_count++] = w;
    pthread_mutex_unlock(&lock);
}

static void fiber_main();

// Makes `thread` the running one and returns where its stack pointer stands.
static inline void* enter(Worker* w, unsigned thread) {
    Thread& t = w->threads[thread];
    if (t.state == kUnstarted) {
        t.state = kRunnable;
        t.stack = w->free_stacks[--w->free_count];
        // Tops are staggered: at equal offsets all stacks would compete for the same few cache sets.
        unsigned slot = (unsigned)((t.stack - w->stacks) / kStackBytes);
        t.stack_pointer = course_new_fiber(t.stack + kStackBytes - slot % 32 * 256, fiber_main);
    }
    w->current = thread;
    w->thread_index = t.index;
    return t.stack_pointer;
}

// Who goes on when the running thread has to wait: straight to the next lane of the warp, or to the scheduler.
static inline Next who_is_next(Worker* w) {
    if (!w->turn) return {w->scheduler, 0};
    unsigned thread = w->current / kLanes * kLanes + (unsigned)__builtin_ctz(w->turn);
    w->turn &= w->turn - 1;
    __builtin_prefetch(w->threads[(thread + 1) % kMaxThreads].stack_pointer);
    void* stack_pointer = enter(w, thread);
    return {stack_pointer, w->threads[thread].result};
}

HIDDEN void course_switch_away(Worker* w) {
    Thread& self = w->threads[w->current];
    Next next = who_is_next(w);
    __course_switch(&self.stack_pointer, next.stack_pointer, next.result);
}

static void place_name(char* text, size_t bytes, Index3 place, Index3 extent) {
    if (extent.y == 1 && extent.z == 1) snprintf(text, bytes, "%u", place.x);
    else if (extent.z == 1) snprintf(text, bytes, "(%u,%u)", place.x, place.y);
    else snprintf(text, bytes, "(%u,%u,%u)", place.x, place.y, place.z);
}

// As report.py names it: with as many numbers as the block has dimensions, and the block where there are several.
static void thread_name(Worker* w, char* text, size_t bytes, unsigned thread) {
    char here[40], block[40];
    place_name(here, sizeof here, w->threads[thread].index, w->block_extent);
    place_name(block, sizeof block, w->block, w->grid_extent);
    if (launch->blocks == 1) snprintf(text, bytes, "thread %s", here);
    else snprintf(text, bytes, "thread %s of block %s", here, block);
}

// A warp operation happens when every lane of its mask that has not ended has arrived with the same mask.
static bool try_complete(Worker* w, unsigned warp, unsigned mask, uint8_t operation) {
    Thread* lanes = w->threads + warp * kLanes;
    unsigned needed = mask & w->warps[warp].alive;
    if (needed & ~w->warps[warp].waiting) return false;
    for (unsigned rest = needed; rest; rest &= rest - 1) {
        Thread& lane = lanes[__builtin_ctz(rest)];
        if (lane.state != kAtWarp || lane.mask != mask || lane.operation != operation) return false;
    }
    inspect_trace(w, warp, needed);
    course_combine(lanes, needed, operation);
    inspect_warp_order(w, warp, needed);
    for (unsigned rest = needed; rest; rest &= rest - 1) lanes[__builtin_ctz(rest)].state = kRunnable;
    w->warps[warp].runnable |= needed;
    w->warps[warp].waiting &= ~needed;
    return true;
}

// Returns when the next thread of the turn is to begin on the stack that this one leaves: where nobody waits, a warp
// needs one stack and no switch. Otherwise it does not return. For the inspector a function of its own, so that
// nothing is kept over the kernel's call: what its frames hold may be its making.
#ifdef __COURSE_INSPECT
static __attribute__((noinline)) void end_thread() {
#else
static inline void end_thread() {
#endif
    Worker* w = course_worker();
    unsigned thread = w->current;
    Warp& warp = w->warps[thread / kLanes];
    w->threads[thread].state = kDone;
    warp.alive &= ~(1u << thread % kLanes);
    warp.runnable &= ~(1u << thread % kLanes);
    w->done++;
    // Lanes that wait in a warp operation need not wait for this one any longer.
    for (unsigned rest = warp.waiting; rest; rest &= rest - 1) {
        Thread& lane = w->threads[thread / kLanes * kLanes + __builtin_ctz(rest)];
        if (lane.state == kAtWarp) try_complete(w, thread / kLanes, lane.mask, lane.operation);
    }
#ifndef __COURSE_INSPECT
    if (w->turn && !__atomic_load_n(&launch->failed, __ATOMIC_RELAXED)) {
        unsigned next = thread / kLanes * kLanes + (unsigned)__builtin_ctz(w->turn);
        if (w->threads[next].state == kUnstarted) {
            w->turn &= w->turn - 1;
            w->threads[next].state = kRunnable;
            w->threads[next].stack = w->threads[thread].stack;
            w->current = next;
            w->thread_index = w->threads[next].index;
            return;
        }
    }
#endif
    // Only the scheduler may hand this stack to a thread that has begun: this code still stands on it.
    __course_switch(&w->threads[thread].stack_pointer, w->scheduler, 0);
    __builtin_unreachable();
}

static void fiber_main() {
    for (;;) {
        launch->entry(launch->arguments);
        end_thread();
    }
}

// Runs the lanes of `turn`, each until it waits or ends.
static void run_turn(Worker* w, unsigned warp, unsigned turn) {
    w->turn = turn;
    while (w->turn) {
        unsigned thread = warp * kLanes + (unsigned)__builtin_ctz(w->turn);
        w->turn &= w->turn - 1;
        void* stack_pointer = enter(w, thread);
        __course_switch(&w->scheduler, stack_pointer, w->threads[thread].result);
        if (__atomic_load_n(&launch->failed, __ATOMIC_RELAXED)) return;
        Thread& last = w->threads[w->current];
        if (last.state == kDone) w->free_stacks[w->free_count++] = last.stack;
    }
}

static void release_barrier(Worker* w) {
    inspect_barrier(w);
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
}

// Nothing can run: say who waits where, and for whom.
static void explain_divergence(Worker* w) {
    char waiting[96], other[96];
    for (unsigned i = 0; i < w->thread_count; ++i) {
        Thread& t = w->threads[i];
        if (t.state != kAtWarp) continue;
        thread_name(w, waiting, sizeof waiting, i);
        course_fail("warp divergence|%d|%s waits in a warp operation (mask 0x%08x) for lanes that do not come to it",
                    t.line, waiting, t.mask);
        return;
    }
    unsigned at = 0, away = 0;
    while (w->threads[at].state != kAtBarrier) at++;
    while (w->threads[away].state == kAtBarrier) away++;
    thread_name(w, waiting, sizeof waiting, at);
    thread_name(w, other, sizeof other, away);
    course_fail("barrier divergence|%d|%u of %u threads wait at __syncthreads(), the others have ended without it: "
                "%s waits, %s has ended. On a GPU this may hang", w->threads[at].line, w->at_barrier,
                w->thread_count, waiting, other);
}

static void run_block(Worker* w, unsigned long number) {
    w->block_number = number;
    w->block = {(unsigned)(number % launch->grid[0]), (unsigned)(number / launch->grid[0] % launch->grid[1]),
                (unsigned)(number / launch->grid[0] / launch->grid[1])};
    w->done = w->at_barrier = 0;
    w->free_count = 0;
    for (unsigned i = w->thread_count; i-- > 0;) w->free_stacks[w->free_count++] = w->stacks + i * kStackBytes;
    for (unsigned i = 0; i < w->thread_count; ++i) w->threads[i].state = kUnstarted;
    for (unsigned i = 0; i < w->warp_count; ++i) {
        unsigned lanes = w->thread_count - i * kLanes;
        unsigned mask = lanes >= kLanes ? 0xffffffffu : (1u << lanes) - 1;
        w->warps[i] = {mask, mask, mask, 0};
    }
    inspect_block_begin(w);
    while (w->done < w->thread_count) {
        bool progress = false;
        for (unsigned i = 0; i < w->warp_count; ++i) {
            Warp& warp = w->warps[i];
            w->yielded = false;
            while (warp.runnable) {
                // One turn for each runnable lane: a lane that only yielded must not starve the others.
                run_turn(w, i, warp.runnable);
                if (__atomic_load_n(&launch->failed, __ATOMIC_RELAXED)) return;
                progress = true;
                if (w->yielded) break;  // what it waits for may be another warp's to do
            }
            inspect_trace(w, i, warp.exists);
        }
        if (w->at_barrier == w->thread_count) release_barrier(w);
        else if (!progress && w->done < w->thread_count) return explain_divergence(w);
    }
}

static void* run_blocks(void*) {
    Worker* w = take_worker();
    w->block_extent = {launch->block[0], launch->block[1], launch->block[2]};
    w->grid_extent = {launch->grid[0], launch->grid[1], launch->grid[2]};
    w->thread_count = launch->block[0] * launch->block[1] * launch->block[2];
    w->warp_count = (w->thread_count + kLanes - 1) / kLanes;
    unsigned i = 0;
    for (unsigned z = 0; z < w->block_extent.z; ++z)
        for (unsigned y = 0; y < w->block_extent.y; ++y)
            for (unsigned x = 0; x < w->block_extent.x; ++x) w->threads[i++].index = {x, y, z};
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
    output_bytes = 0;
    pthread_t helpers[255];
    int helper_count = 0;
    // Starting a helper costs about as much as running a few thousand fibers.
    if (self.blocks * block[0] * block[1] * block[2] < 4096) workers = 1;
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
// Called by the assembler of fiber.h when a thread comes to a barrier; its registers lie at `stack_pointer`.
HIDDEN Next course_barrier_next(int kind, int predicate, int line, void* stack_pointer) {
    Worker* w = course_worker();
    unsigned self = w->current;
    Thread& t = w->threads[self];
    t.operation = (uint8_t)kind, t.value = (uint64_t)predicate, t.line = line, t.state = kAtBarrier;
    t.stack_pointer = stack_pointer;
    w->warps[self / kLanes].runnable &= ~(1u << self % kLanes);
    w->at_barrier++;
    return who_is_next(w);
}

// The same for a warp operation. The last lane to arrive does the work for all and need not wait.
HIDDEN Next course_exchange_next(int operation_and_width, unsigned mask, uint64_t value, int argument, int line,
                                 void* stack_pointer) {
    Worker* w = course_worker();
    unsigned warp = w->current / kLanes, lane = w->current % kLanes;
    Thread& t = w->threads[w->current];
    t.value = value, t.mask = mask, t.argument = argument, t.width = operation_and_width >> 8, t.line = line;
    t.operation = (uint8_t)operation_and_width, t.state = kAtWarp;
    t.stack_pointer = stack_pointer;
    w->warps[warp].runnable &= ~(1u << lane);
    w->warps[warp].waiting |= 1u << lane;
    if (!(mask >> lane & 1)) {
        char name[96];
        thread_name(w, name, sizeof name, w->current);
        course_fail("warp divergence|%d|%s is lane %u and not in its own mask 0x%08x", line, name, lane, mask);
        w->turn = 0;
        return {w->scheduler, 0};
    }
    if (try_complete(w, warp, mask, t.operation)) return {stack_pointer, t.result};
    return who_is_next(w);
}

HIDDEN unsigned __course_active_lanes() {
    Worker* w = course_worker();
    return w->warps[w->current / kLanes].alive;
}

HIDDEN void __course_yield() {
    Worker* w = course_worker();
    w->yielded = true;
    course_switch_away(w);
}

HIDDEN void __course_trap(const char* why, int line) {
    Worker* w = course_worker();
    char name[96];
    thread_name(w, name, sizeof name, w->current);
    course_fail("trap|%d|%s in %s", line, why, name);
    w->turn = 0;
    course_switch_away(w);
}

HIDDEN long long __course_clock() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

// Whether a format asks printf to write through one of its arguments.
static bool writes(const char* format) {
    while ((format = strchr(format, '%'))) {
        format += 1 + strspn(format + 1, "-+ #0123456789.*$'hljztLqI");
        if (*format == 'n') return true;
        if (*format) ++format;
    }
    return false;
}

HIDDEN int __course_printf(const char* format, ...) {
    if (writes(format)) {
        course_fail("trap|0|printf has no %%n in device code");
        return -1;
    }
    pthread_mutex_lock(&lock);
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(output + output_bytes, sizeof output - output_bytes, format, arguments);
    va_end(arguments);
    if (n > 0) output_bytes += (size_t)n < sizeof output - output_bytes ? (size_t)n : sizeof output - output_bytes - 1;
    pthread_mutex_unlock(&lock);
    return n;
}

// Called once for each group of __shared__ variables, by the first thread that comes to it.
HIDDEN unsigned __course_reserve(unsigned* behind, unsigned bytes) {
#ifdef __COURSE_INSPECT
    const unsigned gap = 4096;  // an access past an end must not land in the next array
#else
    const unsigned gap = 0;
#endif
    pthread_mutex_lock(&lock);
    if (!*behind) {
        unsigned offset = static_shared_bytes;
        static_shared_bytes += ((bytes + 127) & ~127u) + gap;
        if (static_shared_bytes > kStaticSharedBytes) {
            fprintf(stderr, "course_lib: the kernels of one source declare more than 1 MB of __shared__ memory\n");
            abort();
        }
        __atomic_store_n(behind, offset + bytes, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&lock);
    return *behind;
}
}

// The inspector. The kernel was compiled with -fsanitize=thread but without that library: the compiler calls
// __tsan_read4(address) and its kin for each access, and those functions are here. A lane writes its accesses down;
// when its warp has to wait, the lanes' notes are read side by side, as the warp's instructions.
#include "inspector.h"

#ifdef __linux__
#include <link.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define HIDDEN __attribute__((visibility("hidden")))
#define HOOK extern "C" HIDDEN
#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" HIDDEN const uint64_t __course_sites[];

Inspector inspector;

// ---- Writing down, and stopping before a write that could change the inspector -----------------------------------

// The last thing that the running lane has written down is where it ends.
static void end_here(const char* ending) {
    Worker* w = inspector.worker;
    if (w && !inspector.reading) inspector.read_notes(w, w->current / kLanes, 0xffffffffu);
    inspector.write_report(ending);
    _exit(0);
}

// Whether a write to a thread's own stack hits local variables of the kernel and what it calls, and no return address,
// no saved frame pointer and nothing of the scheduler's. Frames are chained: (older frame, return address) each.
static __attribute__((noinline)) bool in_own_frames(Worker* w, uintptr_t where, unsigned bytes) {
    uintptr_t stack = (uintptr_t)w->threads[w->current].stack, frame = (uintptr_t)__builtin_frame_address(0);
    if (where - stack >= kStackBytes || where < frame) return false;
    for (;;) {
        uintptr_t older = *(uintptr_t*)frame;
        if (older <= frame || older - stack >= kStackBytes) return false;  // where the scheduler called the kernel
        if (where < frame + 2 * sizeof older) return false;
        if (where + bytes <= older) return *(uintptr_t*)older - stack < kStackBytes;
        frame = older;
    }
}

static inline __attribute__((always_inline)) void note(const void* address, unsigned bytes, Access access, void* pc) {
    Inspector& self = inspector;
    uintptr_t where = (uintptr_t)address;
    Worker* w = self.worker;
    if (!w) return;
    if (where - (uintptr_t)w < kWorkerBytes) {  // a local variable, or threadIdx
        if (access == kRead) return;
        const uintptr_t* frame = (const uintptr_t*)__builtin_frame_address(0);  // the next one is the caller's
        if ((where >= (uintptr_t)(frame + 2) && where + bytes <= *frame) || in_own_frames(w, where, bytes)) return;
    }
    Trace& trace = self.traces[w->current % kLanes];
    *trace.end = Entry(where, (uint32_t)((uintptr_t)pc - self.first_pc), bytes, access);
    trace.end += kLanes;
    if (access != kRead && !self.is_writable(where)) end_here("crashed");
    if (trace.end >= self.trace_limit) {
        w->yielded = true;  // let the other lanes catch up, so that the notes are still read side by side
        course_switch_away(w);
    }
}

static inline __attribute__((always_inline)) void note_range(const void* address, size_t bytes, Access access, void* pc) {
    for (size_t at = 0; at < bytes; at += 16)
        note((const char*)address + at, (unsigned)(bytes - at < 16 ? bytes - at : 16), access, pc);
}

#define PC __builtin_return_address(0)
#define HOOKS(n)                                                                         \
    HOOK void __tsan_read##n(void* p) { note(p, n, kRead, PC); }                         \
    HOOK void __tsan_write##n(void* p) { note(p, n, kWrite, PC); }                       \
    HOOK void __tsan_unaligned_read##n(void* p) { note(p, n, kRead, PC); }               \
    HOOK void __tsan_unaligned_write##n(void* p) { note(p, n, kWrite, PC); }             \
    HOOK void __tsan_volatile_read##n(void* p) { note(p, n, kRead, PC); }                \
    HOOK void __tsan_volatile_write##n(void* p) { note(p, n, kWrite, PC); }              \
    HOOK void __tsan_read_write##n(void* p) { note(p, n, kRead, PC), note(p, n, kWrite, PC); }
HOOKS(1) HOOKS(2) HOOKS(4) HOOKS(8) HOOKS(16)
HOOK void __tsan_read_range(void* p, size_t n) { note_range(p, n, kRead, PC); }
HOOK void __tsan_write_range(void* p, size_t n) { note_range(p, n, kWrite, PC); }
HOOK void __tsan_init() {}
HOOK void __tsan_func_entry(void*) {}
HOOK void __tsan_func_exit() {}
HOOK void __tsan_vptr_update(void**, void*) {}
HOOK void __tsan_vptr_read(void**) {}
HOOK void __tsan_atomic_thread_fence(int) {}
HOOK void* __tsan_memcpy(void* to, const void* from, size_t n) {
    note_range(from, n, kRead, PC), note_range(to, n, kWrite, PC);
    return memcpy(to, from, n);
}
HOOK void* __tsan_memmove(void* to, const void* from, size_t n) {
    note_range(from, n, kRead, PC), note_range(to, n, kWrite, PC);
    return memmove(to, from, n);
}
HOOK void* __tsan_memset(void* to, int value, size_t n) {
    note_range(to, n, kWrite, PC);
    return memset(to, value, n);
}
HOOK void __course_copy(void* to, const void* from, unsigned n, void* pc) {
    note(from, n, kRead, pc), note(to, n, kWrite, pc);
    memcpy(to, from, n);
}
HOOK void __course_atomic(const void* p, unsigned n, int reads, void* pc) {
    note(p, n, reads ? kAtomic : kAtomicWrite, pc);
}

// clang turns atomics into calls even where told to leave a function alone; atomics.h has told of them already.
#define ATOMICS(bits, T)                                                                                          \
    HOOK T __tsan_atomic##bits##_load(const volatile T* p, int) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }  \
    HOOK void __tsan_atomic##bits##_store(volatile T* p, T v, int) { __atomic_store_n(p, v, __ATOMIC_SEQ_CST); }  \
    HOOK T __tsan_atomic##bits##_exchange(volatile T* p, T v, int) {                                              \
        return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);                                                       \
    }                                                                                                             \
    HOOK T __tsan_atomic##bits##_compare_exchange_val(volatile T* p, T expected, T v, int, int) {                 \
        __atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                  \
        return expected;                                                                                          \
    }                                                                                                             \
    FETCH(bits, T, add) FETCH(bits, T, sub) FETCH(bits, T, and) FETCH(bits, T, or) FETCH(bits, T, xor)
#define FETCH(bits, T, name)                                                                                      \
    HOOK T __tsan_atomic##bits##_fetch_##name(volatile T* p, T v, int) {                                          \
        return __atomic_fetch_##name(p, v, __ATOMIC_SEQ_CST);                                                     \
    }
ATOMICS(8, uint8_t) ATOMICS(16, uint16_t) ATOMICS(32, uint32_t) ATOMICS(64, uint64_t)

// ---- What is known of the memory --------------------------------------------------------------------------------

Array* Inspector::add_array(const char* name, Space space, uintptr_t start, size_t bytes, unsigned element, size_t slack) {
    if (array_count == kMaxArrays) return &arrays[kMaxArrays - 1];
    Array& array = arrays[array_count++];
    snprintf(array.name, sizeof array.name, "%s", name);
    array.space = space, array.start = start, array.bytes = bytes, array.slack = slack;
    array.shadow(element);
    return &array;
}

// A __shared__ array, met by a thread: poisoned the first time in each block, because nobody has written it yet.
void Inspector::meet_shared(const char* name, uintptr_t start, size_t bytes, unsigned element) {
    Array* array = nullptr;
    for (unsigned i = 0; i < array_count && !array; ++i)
        if (arrays[i].start == start && arrays[i].space == kShared) array = &arrays[i];
    if (!array) array = add_array(name, kShared, start, bytes, element, 0);
    if (array->poisoned_in == shadow.block_serial) return;
    array->poisoned_in = shadow.block_serial;
    memset((void*)start, 0xff, bytes);
}

HOOK void __course_shared_array(const char* name, const volatile void* start, unsigned bytes, unsigned element) {
    inspector.meet_shared(name, (uintptr_t)start, bytes, element);
}

HOOK void __course_dynamic_array(const char* name, unsigned element) {
    inspector.meet_shared(name, (uintptr_t)course_worker()->dynamic_shared, course_launch()->shared_bytes, element);
}

// The variables at file scope, which the linker has gathered from the kernel's file (__COURSE_DEVICE in threads.h).
#ifdef __APPLE__
#define EDGE(start) extern "C" const Known start##_course_known __asm("section$" #start "$__DATA$course_known")
EDGE(start);
EDGE(end);
static const Known *const known_start = &start_course_known, *const known_end = &end_course_known;
#else
extern "C" HIDDEN __attribute__((weak)) const Known __start_course_known[], __stop_course_known[];
static const Known *const known_start = __start_course_known, *const known_end = __stop_course_known;
#endif

static void add_device_arrays() {
    for (const Known* known = known_start; known < known_end; ++known)
        inspector.add_array(known->name, kDevice, (uintptr_t)known->start, known->bytes, (unsigned)known->element, 0);
}

EXPORT void __course_inspect_array(const char* name, void* start, size_t bytes, unsigned element, size_t slack) {
    Inspector& self = inspector;
    for (unsigned i = 0; i < self.array_count; ++i)  // the same memory under two names
        if (self.arrays[i].start == (uintptr_t)start && self.arrays[i].bytes == bytes) return;
    self.add_array(name, kGlobal, (uintptr_t)start, bytes, element, slack);
}

// ---- When the scheduler calls -----------------------------------------------------------------------------------

void inspect_block_begin(Worker* w) {
    inspector.shadow.begin_block(w->block_number);
    inspector.worker = w;
    inspector.shared = (uintptr_t)w->shared;
}

void inspect_trace(Worker* w, unsigned warp, unsigned lanes) { inspector.read_notes(w, warp, lanes); }

void inspect_warp_order(Worker*, unsigned warp, unsigned lanes) {
    inspector.clocks_of(warp).join(lanes);
    inspector.shadow.epoch++;
}

// Threads may arrive from different lines of the source; a GPU may let that pass or hang.
void inspect_barrier(Worker* w) {
    for (unsigned i = 1; i < w->thread_count; ++i)
        if (w->threads[i].line != w->threads[0].line) {
            Finding finding = {};
            finding.kind = "different barriers";
            finding.array = -1;
            finding.actor = {w->block_number, i, -1 - w->threads[i].line, kRead};
            finding.other = {w->block_number, 0, -1 - w->threads[0].line, kRead};
            finding.has_other = true, finding.count = 1;
            inspector.findings.add(finding);
            break;
        }
    inspector.shadow.stamp++;
    inspector.shadow.epoch++;
}

void inspect_inactive_lane(unsigned lane, unsigned source, int line) {
    Worker* w = inspector.worker;
    Finding finding = {};
    finding.kind = "inactive lane";
    finding.array = -1;
    finding.index = source;
    finding.actor = {w->block_number, w->current / kLanes * kLanes + lane, -1 - line, kRead};
    finding.count = 1;
    inspector.findings.add(finding);
}

// ---- Begin, end, and a crash in between ---------------------------------------------------------------------------

static void on_crash(int) { end_here("crashed"); }

// Where the library itself lies: its own tables of constants are no strays.
#ifdef __linux__
static int find_image(dl_phdr_info* info, size_t, void*) {
    uintptr_t inside = (uintptr_t)__course_sites, low = ~(uintptr_t)0, high = 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, end = start + info->dlpi_phdr[i].p_memsz;
        low = start < low ? start : low, high = end > high ? end : high;
    }
    if (inside < low || inside >= high) return 0;
    inspector.image_low = low, inspector.image_high = high;
    return 1;
}
static void find_own_image() { dl_iterate_phdr(find_image, nullptr); }
#else
static void find_own_image() {
    inspector.image_low = (uintptr_t)__course_sites - (1 << 24), inspector.image_high = inspector.image_low + (1 << 25);
}
#endif

EXPORT void __course_inspect_begin(void* memory, size_t bytes, int report) {
    Inspector& self = inspector;
    self.memory = (uintptr_t)memory, self.memory_bytes = bytes;
    self.shadow.findings = &self.findings;
    self.report = report;
    find_own_image();
    add_device_arrays();
    self.prepare_sites(__course_sites);
    self.prepare_traces();
    stack_t alternate = {};
    alternate.ss_sp = malloc(1 << 18), alternate.ss_size = 1 << 18;
    sigaltstack(&alternate, nullptr);
    struct sigaction action = {};
    action.sa_handler = on_crash, action.sa_flags = SA_ONSTACK | SA_NODEFER;
    const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};  // the last two: a check of the compiler's
    for (int number : crashes) sigaction(number, &action, nullptr);
}

EXPORT void __course_inspect_end() {
    Worker* w = inspector.worker;
    if (w) inspector.read_notes(w, w->current / kLanes, 0xffffffffu);  // of a launch that was stopped
    inspector.write_report("ended");
}

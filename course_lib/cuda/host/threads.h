// Who am I, and waiting for the others: indices, barriers, and the operations of a warp.
#pragma once

const int warpSize = 32;

// Where a thread runs: the worker's memory begins at a multiple of its size, so the stack pointer tells it, without
// the call that a thread-local variable in a shared library costs. The first members of Worker in runtime.h.
struct __course_place {
    uint3 thread, block;
    dim3 block_extent, grid_extent;
    char *shared, *dynamic_shared;
};
__COURSE_INLINE __course_place* __course_self() {
    unsigned long stack;
#if defined(__x86_64__)
    __asm__("movq %%rsp, %0" : "=r"(stack));
#else
    __asm__("mov %0, sp" : "=r"(stack));
#endif
    return (__course_place*)(stack & ~(unsigned long)(__COURSE_WORKER_BYTES - 1));
}
// Indices never change for a thread. Loading them out of the compiler's sight lets it keep them across barriers, and
// keeps them out of the inspector's.
__COURSE_INLINE unsigned __course_load(const unsigned* p) {
    unsigned value;
#if defined(__x86_64__)
    __asm__("movl (%1), %0" : "=r"(value) : "r"(p));
#else
    __asm__("ldr %w0, [%1]" : "=r"(value) : "r"(p));
#endif
    return value;
}
__COURSE_INLINE uint3 __course_index(const uint3& from) {
    return uint3{__course_load(&from.x), __course_load(&from.y), __course_load(&from.z)};
}
__COURSE_INLINE dim3 __course_extent(const dim3& from) {
    return dim3(__course_load(&from.x), __course_load(&from.y), __course_load(&from.z));
}
#define threadIdx (__course_index(__course_self()->thread))
#define blockIdx (__course_index(__course_self()->block))
#define blockDim (__course_extent(__course_self()->block_extent))
#define gridDim (__course_extent(__course_self()->grid_extent))

enum __course_operation {
    __course_op_sync, __course_op_index, __course_op_up, __course_op_down, __course_op_xor,
    __course_op_all, __course_op_any, __course_op_ballot, __course_op_match_any, __course_op_match_all,
    __course_op_add, __course_op_min_unsigned, __course_op_max_unsigned, __course_op_min_signed,
    __course_op_max_signed, __course_op_and, __course_op_or, __course_op_bits_xor,
};
extern "C" {
__COURSE_HIDDEN int __course_barrier(int kind, int predicate, int line);
__COURSE_HIDDEN unsigned long long __course_exchange(
    int operation_and_width, unsigned mask, unsigned long long value, int argument, int line);
__COURSE_HIDDEN unsigned __course_active_lanes();
__COURSE_HIDDEN void __course_yield();
__COURSE_HIDDEN void __course_trap(const char* why, int line);
__COURSE_HIDDEN unsigned __course_reserve(unsigned* behind, unsigned bytes);
__COURSE_HIDDEN void __course_dynamic_array(const char* name, unsigned element);
__COURSE_HIDDEN void __course_shared_array(const char* name, const volatile void* start, unsigned bytes, unsigned element);
__COURSE_HIDDEN long long __course_clock();
__COURSE_HIDDEN int __course_printf(const char* format, ...) __attribute__((format(printf, 1, 2)));
}

// __builtin_LINE() as a default argument is the line of the caller: the student's own.
__COURSE_INLINE void __syncthreads(int line = __builtin_LINE()) { __course_barrier(0, 0, line); }
__COURSE_INLINE int __syncthreads_count(int p, int line = __builtin_LINE()) { return __course_barrier(1, p != 0, line); }
__COURSE_INLINE int __syncthreads_and(int p, int line = __builtin_LINE()) { return __course_barrier(2, p != 0, line); }
__COURSE_INLINE int __syncthreads_or(int p, int line = __builtin_LINE()) { return __course_barrier(3, p != 0, line); }
__COURSE_INLINE void __syncwarp(unsigned mask = 0xffffffffu, int line = __builtin_LINE()) {
    __course_exchange(__course_op_sync, mask, 0, 0, line);
}
__COURSE_INLINE unsigned __activemask() { return __course_active_lanes(); }

template <class T>
__COURSE_INLINE T __course_shuffle(int operation, unsigned mask, T value, int argument, int width, int line) {
    static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    bits = __course_exchange(operation | width << 8, mask, bits, argument, line);
    __builtin_memcpy(&value, &bits, sizeof(T));
    return value;
}
#define __COURSE_SHUFFLE(T)                                                                                        \
    __COURSE_INLINE T __shfl_sync(unsigned m, T v, int lane, int width = 32, int line = __builtin_LINE()) {        \
        return __course_shuffle(__course_op_index, m, v, lane, width, line);                                       \
    }                                                                                                              \
    __COURSE_INLINE T __shfl_up_sync(unsigned m, T v, unsigned delta, int width = 32, int line = __builtin_LINE()) { \
        return __course_shuffle(__course_op_up, m, v, (int)delta, width, line);                                    \
    }                                                                                                              \
    __COURSE_INLINE T __shfl_down_sync(unsigned m, T v, unsigned delta, int width = 32, int line = __builtin_LINE()) { \
        return __course_shuffle(__course_op_down, m, v, (int)delta, width, line);                                  \
    }                                                                                                              \
    __COURSE_INLINE T __shfl_xor_sync(unsigned m, T v, int lanes, int width = 32, int line = __builtin_LINE()) {   \
        return __course_shuffle(__course_op_xor, m, v, lanes, width, line);                                        \
    }
__COURSE_SHUFFLE(int) __COURSE_SHUFFLE(unsigned) __COURSE_SHUFFLE(long) __COURSE_SHUFFLE(unsigned long)
__COURSE_SHUFFLE(long long) __COURSE_SHUFFLE(unsigned long long) __COURSE_SHUFFLE(float) __COURSE_SHUFFLE(double)
__COURSE_SHUFFLE(__half) __COURSE_SHUFFLE(__nv_bfloat16) __COURSE_SHUFFLE(__half2) __COURSE_SHUFFLE(__nv_bfloat162)

__COURSE_INLINE int __all_sync(unsigned m, int p, int line = __builtin_LINE()) {
    return (int)__course_exchange(__course_op_all, m, p != 0, 0, line);
}
__COURSE_INLINE int __any_sync(unsigned m, int p, int line = __builtin_LINE()) {
    return (int)__course_exchange(__course_op_any, m, p != 0, 0, line);
}
__COURSE_INLINE unsigned __ballot_sync(unsigned m, int p, int line = __builtin_LINE()) {
    return (unsigned)__course_exchange(__course_op_ballot, m, p != 0, 0, line);
}
template <class T>
__COURSE_INLINE unsigned __match_any_sync(unsigned m, T value, int line = __builtin_LINE()) {
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    return (unsigned)__course_exchange(__course_op_match_any, m, bits, 0, line);
}
template <class T>
__COURSE_INLINE unsigned __match_all_sync(unsigned m, T value, int* same, int line = __builtin_LINE()) {
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    unsigned lanes = (unsigned)__course_exchange(__course_op_match_all, m, bits, 0, line);
    *same = lanes != 0;
    return lanes;
}
#define __COURSE_REDUCE(name, T, operation)                                                        \
    __COURSE_INLINE T __reduce_##name##_sync(unsigned m, T v, int line = __builtin_LINE()) {       \
        return (T)__course_exchange(operation, m, (unsigned long long)(long long)v, 0, line);  \
    }
__COURSE_REDUCE(add, int, __course_op_add)
__COURSE_REDUCE(add, unsigned, __course_op_add)
__COURSE_REDUCE(min, int, __course_op_min_signed)
__COURSE_REDUCE(min, unsigned, __course_op_min_unsigned)
__COURSE_REDUCE(max, int, __course_op_max_signed)
__COURSE_REDUCE(max, unsigned, __course_op_max_unsigned)
__COURSE_REDUCE(and, unsigned, __course_op_and)
__COURSE_REDUCE(or, unsigned, __course_op_or)
__COURSE_REDUCE(xor, unsigned, __course_op_bits_xor)

__COURSE_INLINE void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
__COURSE_INLINE void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
__COURSE_INLINE void __threadfence_system() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
__COURSE_INLINE void __nanosleep(unsigned) { __course_yield(); }
__COURSE_INLINE long long clock64() { return __course_clock(); }
__COURSE_INLINE int clock() { return (int)__course_clock(); }
__COURSE_INLINE void __trap(int line = __builtin_LINE()) { __course_trap("__trap()", line); }
#define printf(...) __course_printf(__VA_ARGS__)
#define assert(condition) ((condition) ? (void)0 : __course_trap("assert(" #condition ") failed", __LINE__))

// Loads through the read-only cache, and cache hints: plain loads and stores here.
#define __ldg(p) (*(p))
#define __ldcg(p) (*(p))
#define __ldca(p) (*(p))
#define __ldcs(p) (*(p))
#define __ldlu(p) (*(p))
#define __ldcv(p) (*(p))
#define __stcg(p, v) ((void)(*(p) = (v)))
#define __stcs(p, v) ((void)(*(p) = (v)))
#define __stwb(p, v) ((void)(*(p) = (v)))
#define __stwt(p, v) ((void)(*(p) = (v)))

// For the entry function that translate.py writes behind each kernel: a type under one word, and whether a kernel has
// just the parameters that were read from its source.
template <class T> struct __course_type { typedef T type; };
template <class F, class... P> struct __course_takes { static constexpr bool value = false; };
template <class R, class... P> struct __course_takes<R(P...), P...> { static constexpr bool value = true; };

// translate.py turns `__shared__ T a[4], b;` into a local struct with these members and references to them. Each
// such struct has its place in the block's shared memory, reserved by the first thread that comes to it: no code of a
// kernel's file runs while the library is loaded.
template <class T> struct __course_element { static constexpr unsigned bytes = sizeof(T); };
template <class T> struct __course_element<T&> { static constexpr unsigned bytes = __course_element<T>::bytes; };
template <class T, size_t n> struct __course_element<T[n]> {
    static constexpr unsigned bytes = __course_element<T>::bytes;
};
template <class S> struct __course_offset { static unsigned behind; };  // where it ends; 0: it has no place yet
template <class S> unsigned __course_offset<S>::behind = 0;
template <class S> __COURSE_UNSEEN char* __course_place_of() {
    unsigned behind = __atomic_load_n(&__course_offset<S>::behind, __ATOMIC_RELAXED);
    if (!behind) behind = __course_reserve(&__course_offset<S>::behind, sizeof(S));
    return __course_self()->shared + behind - sizeof(S);
}
#define __COURSE_SHARED(S, name)                                                                              \
    auto& name = ((S*)__course_place_of<S>())->name;                                                          \
    __COURSE_KNOWN(__course_shared_array(#name, &name, sizeof(name), __course_element<decltype(name)>::bytes))
#define __COURSE_DYNAMIC(T, name)                                                                             \
    (T*)__course_self()->dynamic_shared; __COURSE_KNOWN(__course_dynamic_array(#name, sizeof(*name)))
#ifdef __COURSE_INSPECT
#define __COURSE_KNOWN(call) call;
#else
#define __COURSE_KNOWN(call)
#endif
// Written behind each __device__ or __constant__ variable at file scope: a line in a table for the inspector, made by
// the compiler and the linker. The same struct is in inspector.h.
#ifdef __COURSE_INSPECT
struct __course_known {
    const char* name;
    const volatile void* start;
    unsigned long bytes, element;
};
#ifdef __APPLE__
#define __COURSE_TABLE "__DATA,course_known"
#else
#define __COURSE_TABLE "course_known"
#endif
#define __COURSE_DEVICE(name)                                                                                     \
    static __course_known __course_known_##name __attribute__((used, section(__COURSE_TABLE))) = {                \
        #name, &name, sizeof(name), __course_element<decltype(name)>::bytes};
#else
#define __COURSE_DEVICE(name)
#endif

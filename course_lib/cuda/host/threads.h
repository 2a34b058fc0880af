// Who am I, and waiting for the others: indices, barriers, and the operations of a warp.
#pragma once

const int warpSize = 32;

#ifdef __COURSE_INSPECT  // by value, so that reading an index is no memory access
struct __course_index3 { unsigned x, y, z; __COURSE_INLINE operator uint3() const { return make_uint3(x, y, z); } };
struct __course_dim3 { unsigned x, y, z; __COURSE_INLINE operator dim3() const { return dim3(x, y, z); } };
extern "C" __COURSE_HIDDEN __course_index3 __course_thread_index();
extern "C" __COURSE_HIDDEN __course_index3 __course_block_index();
extern "C" __COURSE_HIDDEN __course_dim3 __course_block_dim();
extern "C" __COURSE_HIDDEN __course_dim3 __course_grid_dim();
#define threadIdx (__course_thread_index())
#define blockIdx (__course_block_index())
#define blockDim (__course_block_dim())
#define gridDim (__course_grid_dim())
#else
extern "C" __COURSE_HIDDEN __thread uint3 threadIdx;
extern "C" __COURSE_HIDDEN __thread uint3 blockIdx;
extern "C" __COURSE_HIDDEN dim3 blockDim;
extern "C" __COURSE_HIDDEN dim3 gridDim;
#endif

enum __course_operation {
    __course_op_sync, __course_op_index, __course_op_up, __course_op_down, __course_op_xor,
    __course_op_all, __course_op_any, __course_op_ballot, __course_op_match_any, __course_op_match_all,
    __course_op_add, __course_op_min_unsigned, __course_op_max_unsigned, __course_op_min_signed,
    __course_op_max_signed, __course_op_and, __course_op_or, __course_op_bits_xor,
};
extern "C" {
__COURSE_HIDDEN int __course_barrier(int kind, int predicate, int line);
__COURSE_HIDDEN unsigned long long __course_exchange(
    int operation, unsigned mask, unsigned long long value, int argument, int width, int line);
__COURSE_HIDDEN unsigned __course_active_lanes();
__COURSE_HIDDEN void __course_yield();
__COURSE_HIDDEN void __course_trap(const char* why, int line);
__COURSE_HIDDEN void* __course_dynamic_shared(const char* name, unsigned element);
__COURSE_HIDDEN void __course_shared_array(const char* name, void* start, unsigned bytes, unsigned element);
__COURSE_HIDDEN int __course_device_array(const char* name, const void* start, unsigned long bytes, unsigned element);
__COURSE_HIDDEN long long __course_clock();
__COURSE_HIDDEN int __course_printf(const char* format, ...) __attribute__((format(printf, 1, 2)));
}

// __builtin_LINE() as a default argument is the line of the caller: the student's own.
__COURSE_INLINE void __syncthreads(int line = __builtin_LINE()) { __course_barrier(0, 0, line); }
__COURSE_INLINE int __syncthreads_count(int p, int line = __builtin_LINE()) { return __course_barrier(1, p != 0, line); }
__COURSE_INLINE int __syncthreads_and(int p, int line = __builtin_LINE()) { return __course_barrier(2, p != 0, line); }
__COURSE_INLINE int __syncthreads_or(int p, int line = __builtin_LINE()) { return __course_barrier(3, p != 0, line); }
__COURSE_INLINE void __syncwarp(unsigned mask = 0xffffffffu, int line = __builtin_LINE()) {
    __course_exchange(__course_op_sync, mask, 0, 0, 32, line);
}
__COURSE_INLINE unsigned __activemask() { return __course_active_lanes(); }

template <class T>
__COURSE_INLINE T __course_shuffle(int operation, unsigned mask, T value, int argument, int width, int line) {
    static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    bits = __course_exchange(operation, mask, bits, argument, width, line);
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
    return (int)__course_exchange(__course_op_all, m, p != 0, 0, 32, line);
}
__COURSE_INLINE int __any_sync(unsigned m, int p, int line = __builtin_LINE()) {
    return (int)__course_exchange(__course_op_any, m, p != 0, 0, 32, line);
}
__COURSE_INLINE unsigned __ballot_sync(unsigned m, int p, int line = __builtin_LINE()) {
    return (unsigned)__course_exchange(__course_op_ballot, m, p != 0, 0, 32, line);
}
template <class T>
__COURSE_INLINE unsigned __match_any_sync(unsigned m, T value, int line = __builtin_LINE()) {
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    return (unsigned)__course_exchange(__course_op_match_any, m, bits, 0, 32, line);
}
template <class T>
__COURSE_INLINE unsigned __match_all_sync(unsigned m, T value, int* same, int line = __builtin_LINE()) {
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    unsigned lanes = (unsigned)__course_exchange(__course_op_match_all, m, bits, 0, 32, line);
    *same = lanes != 0;
    return lanes;
}
#define __COURSE_REDUCE(name, T, operation)                                                        \
    __COURSE_INLINE T __reduce_##name##_sync(unsigned m, T v, int line = __builtin_LINE()) {       \
        return (T)__course_exchange(operation, m, (unsigned long long)(long long)v, 0, 32, line);  \
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
#define __stcg(p, v) ((void)(*(p) = (v)))
#define __stcs(p, v) ((void)(*(p) = (v)))

// Written behind each __shared__ declaration by translate.py.
template <class T> struct __course_element { typedef T type; };
template <class T, size_t n> struct __course_element<T[n]> { typedef typename __course_element<T>::type type; };
#define __COURSE_SHARED(name)                                                                      \
    static_assert(sizeof(name) <= 49152, "a block has at most 48 KB of static shared memory");     \
    __COURSE_SHARED_ARRAY(name)
#ifdef __COURSE_INSPECT
#define __COURSE_SHARED_ARRAY(name) \
    __course_shared_array(#name, &name, sizeof(name), sizeof(__course_element<decltype(name)>::type));
#else  // the address escapes, so that no compiler keeps a cell in a register across a barrier
#define __COURSE_SHARED_ARRAY(name) __asm__ volatile("" : : "r"(&name) : "memory");
#endif
// Written behind each __device__ or __constant__ variable at file scope.
#ifdef __COURSE_INSPECT
#define __COURSE_DEVICE(name)                                                                      \
    static int __course_known_##name __attribute__((unused)) = __course_device_array(              \
        #name, &name, sizeof(name), sizeof(__course_element<decltype(name)>::type));
#else
#define __COURSE_DEVICE(name)
#endif

// CUDA's atomics. They order nothing but themselves (relaxed), as on a GPU.
#pragma once

template <class T> struct __course_same { typedef T type; };

#ifdef __COURSE_INSPECT
// Kept out of line and out of the compiler's own instrumentation: the inspector is told once, as an atomic.
extern "C" __COURSE_HIDDEN void __course_atomic(const void* address, unsigned bytes, int reads, void* return_address);
#define __COURSE_ATOMIC static __COURSE_UNSEEN
#define __COURSE_TELL(p) __course_atomic(p, sizeof(*p), 1, __builtin_return_address(0))
#define __COURSE_TELL_WRITE(p) __course_atomic(p, sizeof(*p), 0, __builtin_return_address(0))
#else
#define __COURSE_ATOMIC __COURSE_UNSEEN
#define __COURSE_TELL(p)
#define __COURSE_TELL_WRITE(p)
#endif

// A compare-and-swap loop on the bits serves every type and operation that the processor has no instruction for.
template <class T, class Bits, class Change>
__COURSE_INLINE T __course_update(T* p, Change change) {
    Bits* bits = reinterpret_cast<Bits*>(p);
    Bits before = __atomic_load_n(bits, __ATOMIC_RELAXED);
    for (;;) {
        T old;
        __builtin_memcpy(&old, &before, sizeof(T));
        T now = change(old);
        Bits after;
        __builtin_memcpy(&after, &now, sizeof(T));
        if (__atomic_compare_exchange_n(bits, &before, after, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return old;
    }
}
#define __COURSE_FETCH(name, T, builtin)                                                       \
    __COURSE_ATOMIC T name(T* p, typename __course_same<T>::type v) {                          \
        __COURSE_TELL(p);                                                                      \
        return builtin(p, v, __ATOMIC_RELAXED);                                                \
    }
#define __COURSE_UPDATE(name, T, Bits)                                             \
    __COURSE_ATOMIC T name(T* p, T v) {                                                        \
        __COURSE_TELL(p);                                                                      \
        return __course_update<T, Bits>(p, __course_change_##name<T>{v});                      \
    }
#define __COURSE_CHANGE(name, expression)                                                      \
    template <class T> struct __course_change_##name {                                         \
        T v;                                                                                   \
        __COURSE_INLINE T operator()(T old) const { return expression; }                       \
    };
__COURSE_CHANGE(atomicAdd, old + v)
__COURSE_CHANGE(atomicMin, (v < old ? v : old))
__COURSE_CHANGE(atomicMax, (old < v ? v : old))
__COURSE_CHANGE(atomicInc, (old >= v ? 0u : old + 1u))
__COURSE_CHANGE(atomicDec, (old == 0u || old > v ? v : old - 1u))

#define __COURSE_INTEGER(T)                                \
    __COURSE_FETCH(atomicAnd, T, __atomic_fetch_and)       \
    __COURSE_FETCH(atomicOr, T, __atomic_fetch_or)         \
    __COURSE_FETCH(atomicXor, T, __atomic_fetch_xor)       \
    __COURSE_UPDATE(atomicMin, T, T) \
    __COURSE_UPDATE(atomicMax, T, T)
__COURSE_INTEGER(int)
__COURSE_INTEGER(unsigned)
__COURSE_INTEGER(unsigned long long)
__COURSE_UPDATE(atomicMin, long long, long long)
__COURSE_UPDATE(atomicMax, long long, long long)
__COURSE_FETCH(atomicAdd, int, __atomic_fetch_add)
__COURSE_FETCH(atomicAdd, unsigned, __atomic_fetch_add)
__COURSE_FETCH(atomicAdd, unsigned long long, __atomic_fetch_add)
__COURSE_FETCH(atomicSub, int, __atomic_fetch_sub)
__COURSE_FETCH(atomicSub, unsigned, __atomic_fetch_sub)
__COURSE_UPDATE(atomicInc, unsigned, unsigned)
__COURSE_UPDATE(atomicDec, unsigned, unsigned)
__COURSE_UPDATE(atomicAdd, float, unsigned)
__COURSE_UPDATE(atomicAdd, double, unsigned long long)
__COURSE_UPDATE(atomicAdd, __half, unsigned short)
__COURSE_UPDATE(atomicAdd, __nv_bfloat16, unsigned short)
__COURSE_UPDATE(atomicAdd, __half2, unsigned)
__COURSE_UPDATE(atomicAdd, __nv_bfloat162, unsigned)

__COURSE_ATOMIC float atomicExch(float* p, float v) {
    __COURSE_TELL_WRITE(p);
    return __uint_as_float(__atomic_exchange_n(reinterpret_cast<unsigned*>(p), __float_as_uint(v), __ATOMIC_RELAXED));
}
// A failed exchange lets the other threads of the block run, so that a thread may wait for a lock.
#define __COURSE_CAS(T)                                                                            \
    __COURSE_ATOMIC T atomicCAS(T* p, T expected, T v) {                                           \
        __COURSE_TELL(p);                                                                          \
        if (!__atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) \
            __course_yield();                                                                      \
        return expected;                                                                           \
    }
// So does an exchange that changed nothing.
#define __COURSE_EXCHANGE(T)                                                                       \
    __COURSE_ATOMIC T atomicExch(T* p, T v) {                                                      \
        __COURSE_TELL_WRITE(p);                                                                          \
        T old = __atomic_exchange_n(p, v, __ATOMIC_RELAXED);                                       \
        if (old == v) __course_yield();                                                            \
        return old;                                                                                \
    }
__COURSE_EXCHANGE(int)
__COURSE_EXCHANGE(unsigned)
__COURSE_EXCHANGE(unsigned long long)
__COURSE_CAS(int)
__COURSE_CAS(unsigned)
__COURSE_CAS(unsigned long long)
__COURSE_CAS(unsigned short)

// The host has one scope.
#define atomicAdd_block atomicAdd
#define atomicAdd_system atomicAdd
#define atomicSub_block atomicSub
#define atomicSub_system atomicSub
#define atomicExch_block atomicExch
#define atomicExch_system atomicExch
#define atomicMin_block atomicMin
#define atomicMin_system atomicMin
#define atomicMax_block atomicMax
#define atomicMax_system atomicMax
#define atomicInc_block atomicInc
#define atomicInc_system atomicInc
#define atomicDec_block atomicDec
#define atomicDec_system atomicDec
#define atomicCAS_block atomicCAS
#define atomicCAS_system atomicCAS
#define atomicAnd_block atomicAnd
#define atomicAnd_system atomicAnd
#define atomicOr_block atomicOr
#define atomicOr_system atomicOr
#define atomicXor_block atomicXor
#define atomicXor_system atomicXor

// CUDA's mathematical functions and intrinsics. NaN and values out of range convert to integers as on a GPU
// (0, and the nearest end of the range); the "fast" intrinsics are the accurate functions here.
#pragma once

#define __COURSE_C1(name) extern "C" double name(double); extern "C" float name##f(float); \
    __COURSE_INLINE float name(float x) { return name##f(x); }
#define __COURSE_C2(name) extern "C" double name(double, double); extern "C" float name##f(float, float); \
    __COURSE_INLINE float name(float x, float y) { return name##f(x, y); }
__COURSE_C1(exp) __COURSE_C1(exp2) __COURSE_C1(expm1) __COURSE_C1(log) __COURSE_C1(log2) __COURSE_C1(log10)
__COURSE_C1(log1p) __COURSE_C1(sqrt) __COURSE_C1(cbrt) __COURSE_C1(sin) __COURSE_C1(cos) __COURSE_C1(tan)
__COURSE_C1(asin) __COURSE_C1(acos) __COURSE_C1(atan) __COURSE_C1(sinh) __COURSE_C1(cosh) __COURSE_C1(tanh)
__COURSE_C1(asinh) __COURSE_C1(acosh) __COURSE_C1(atanh) __COURSE_C1(erf) __COURSE_C1(erfc)
__COURSE_C1(tgamma) __COURSE_C1(lgamma) __COURSE_C1(floor) __COURSE_C1(ceil) __COURSE_C1(trunc)
__COURSE_C1(round) __COURSE_C1(rint) __COURSE_C1(nearbyint) __COURSE_C1(fabs)
__COURSE_C2(pow) __COURSE_C2(fmod) __COURSE_C2(atan2) __COURSE_C2(hypot) __COURSE_C2(copysign)
__COURSE_C2(remainder) __COURSE_C2(fdim) __COURSE_C2(nextafter)
extern "C" double fmax(double, double);
extern "C" double fmin(double, double);
extern "C" double fma(double, double, double);
extern "C" double ldexp(double, int);
extern "C" float ldexpf(float, int);
extern "C" long lrintf(float);
extern "C" long long llrintf(float);
extern "C" long lroundf(float);

// The built-in forms become two instructions; the functions of the C library would be calls.
__COURSE_INLINE float fmaxf(float a, float b) { return __builtin_fmaxf(a, b); }
__COURSE_INLINE float fminf(float a, float b) { return __builtin_fminf(a, b); }
__COURSE_INLINE float fmax(float a, float b) { return __builtin_fmaxf(a, b); }
__COURSE_INLINE float fmin(float a, float b) { return __builtin_fminf(a, b); }
__COURSE_INLINE float fmaf(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
__COURSE_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
__COURSE_INLINE float rsqrtf(float x) { return 1.0f / sqrtf(x); }
__COURSE_INLINE double rsqrt(double x) { return 1.0 / sqrt(x); }
__COURSE_INLINE float normcdff(float x) { return 0.5f * erfcf(-x * 0.70710678f); }
__COURSE_INLINE float exp10f(float x) { return powf(10.0f, x); }
__COURSE_INLINE void sincosf(float x, float* s, float* c) { *s = sinf(x); *c = cosf(x); }
__COURSE_INLINE float __nanf() { return __builtin_nanf(""); }
__COURSE_INLINE float nanf(const char*) { return __builtin_nanf(""); }
__COURSE_INLINE double nan(const char*) { return __builtin_nan(""); }
__COURSE_INLINE bool isnan(float x) { return __builtin_isnan(x); }
__COURSE_INLINE bool isnan(double x) { return __builtin_isnan(x); }
__COURSE_INLINE bool isinf(float x) { return __builtin_isinf(x); }
__COURSE_INLINE bool isinf(double x) { return __builtin_isinf(x); }
__COURSE_INLINE bool isfinite(float x) { return __builtin_isfinite(x); }
__COURSE_INLINE bool isfinite(double x) { return __builtin_isfinite(x); }
__COURSE_INLINE bool signbit(float x) { return __builtin_signbit(x); }
__COURSE_INLINE bool signbit(double x) { return __builtin_signbit(x); }

extern "C" int abs(int);
__COURSE_INLINE long long llabs(long long x) { return x < 0 ? -x : x; }
__COURSE_INLINE long long abs(long long x) { return x < 0 ? -x : x; }
__COURSE_INLINE long abs(long x) { return x < 0 ? -x : x; }
__COURSE_INLINE float abs(float x) { return __builtin_fabsf(x); }
__COURSE_INLINE double abs(double x) { return __builtin_fabs(x); }

#define __COURSE_MINMAX(T)                                             \
    __COURSE_INLINE T min(T a, T b) { return b < a ? b : a; }          \
    __COURSE_INLINE T max(T a, T b) { return a < b ? b : a; }
__COURSE_MINMAX(int) __COURSE_MINMAX(unsigned) __COURSE_MINMAX(long) __COURSE_MINMAX(unsigned long)
__COURSE_MINMAX(long long) __COURSE_MINMAX(unsigned long long)
__COURSE_INLINE unsigned min(int a, unsigned b) { return min((unsigned)a, b); }
__COURSE_INLINE unsigned min(unsigned a, int b) { return min(a, (unsigned)b); }
__COURSE_INLINE unsigned max(int a, unsigned b) { return max((unsigned)a, b); }
__COURSE_INLINE unsigned max(unsigned a, int b) { return max(a, (unsigned)b); }
__COURSE_INLINE float min(float a, float b) { return __builtin_fminf(a, b); }
__COURSE_INLINE float max(float a, float b) { return __builtin_fmaxf(a, b); }
__COURSE_INLINE double min(double a, double b) { return __builtin_fmin(a, b); }
__COURSE_INLINE double max(double a, double b) { return __builtin_fmax(a, b); }
__COURSE_INLINE double min(float a, double b) { return __builtin_fmin(a, b); }
__COURSE_INLINE double min(double a, float b) { return __builtin_fmin(a, b); }
__COURSE_INLINE double max(float a, double b) { return __builtin_fmax(a, b); }
__COURSE_INLINE double max(double a, float b) { return __builtin_fmax(a, b); }

__COURSE_INLINE float __expf(float x) { return expf(x); }
__COURSE_INLINE float __exp10f(float x) { return exp10f(x); }
__COURSE_INLINE float __logf(float x) { return logf(x); }
__COURSE_INLINE float __log2f(float x) { return log2f(x); }
__COURSE_INLINE float __log10f(float x) { return log10f(x); }
__COURSE_INLINE float __powf(float x, float y) { return powf(x, y); }
__COURSE_INLINE float __sinf(float x) { return sinf(x); }
__COURSE_INLINE float __cosf(float x) { return cosf(x); }
__COURSE_INLINE float __tanf(float x) { return tanf(x); }
__COURSE_INLINE float __tanhf(float x) { return tanhf(x); }
__COURSE_INLINE void __sincosf(float x, float* s, float* c) { sincosf(x, s, c); }
__COURSE_INLINE float __fdividef(float x, float y) { return x / y; }
__COURSE_INLINE float fdividef(float x, float y) { return x / y; }
__COURSE_INLINE float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }
__COURSE_INLINE float __fadd_rn(float x, float y) { return x + y; }
__COURSE_INLINE float __fsub_rn(float x, float y) { return x - y; }
__COURSE_INLINE float __fmul_rn(float x, float y) { return x * y; }
__COURSE_INLINE float __fdiv_rn(float x, float y) { return x / y; }
__COURSE_INLINE float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
__COURSE_INLINE float __frcp_rn(float x) { return 1.0f / x; }
__COURSE_INLINE float __fsqrt_rn(float x) { return sqrtf(x); }
__COURSE_INLINE float __frsqrt_rn(float x) { return 1.0f / sqrtf(x); }
__COURSE_INLINE double __dadd_rn(double x, double y) { return x + y; }
__COURSE_INLINE double __dmul_rn(double x, double y) { return x * y; }
__COURSE_INLINE double __fma_rn(double x, double y, double z) { return fma(x, y, z); }

template <class To, class From>
__COURSE_INLINE To __course_bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "a bit cast keeps the size");
    To to;
    __builtin_memcpy(&to, &from, sizeof(To));
    return to;
}
__COURSE_INLINE int __float_as_int(float x) { return __course_bits<int>(x); }
__COURSE_INLINE unsigned __float_as_uint(float x) { return __course_bits<unsigned>(x); }
__COURSE_INLINE float __int_as_float(int x) { return __course_bits<float>(x); }
__COURSE_INLINE float __uint_as_float(unsigned x) { return __course_bits<float>(x); }
__COURSE_INLINE long long __double_as_longlong(double x) { return __course_bits<long long>(x); }
__COURSE_INLINE double __longlong_as_double(long long x) { return __course_bits<double>(x); }

template <class To>
__COURSE_INLINE To __course_saturate(double x, double lowest, double end) {
    if (__builtin_isnan(x)) return 0;
    if (x <= lowest) return (To)lowest;
    return x >= end ? (To)((To)0 > (To)-1 ? ((1ull << (sizeof(To) * 8 - 1)) - 1) : ~0ull) : (To)x;
}
#define __COURSE_CONVERT(suffix, rounding)                                                                     \
    __COURSE_INLINE int __float2int_##suffix(float x) {                                                        \
        return __course_saturate<int>(rounding((double)x), -2147483648.0, 2147483648.0);                       \
    }                                                                                                          \
    __COURSE_INLINE unsigned __float2uint_##suffix(float x) {                                                  \
        return __course_saturate<unsigned>(rounding((double)x), 0.0, 4294967296.0);                            \
    }                                                                                                          \
    __COURSE_INLINE int __double2int_##suffix(double x) {                                                      \
        return __course_saturate<int>(rounding(x), -2147483648.0, 2147483648.0);                               \
    }                                                                                                          \
    __COURSE_INLINE long long __float2ll_##suffix(float x) {                                                   \
        return __course_saturate<long long>(rounding((double)x), -9223372036854775808.0, 9223372036854775808.0); \
    }
__COURSE_CONVERT(rn, __builtin_rint)
__COURSE_CONVERT(rz, __builtin_trunc)
__COURSE_CONVERT(ru, __builtin_ceil)
__COURSE_CONVERT(rd, __builtin_floor)
__COURSE_INLINE float __int2float_rn(int x) { return (float)x; }
__COURSE_INLINE float __uint2float_rn(unsigned x) { return (float)x; }
__COURSE_INLINE float __ll2float_rn(long long x) { return (float)x; }
__COURSE_INLINE float __double2float_rn(double x) { return (float)x; }
__COURSE_INLINE double __int2double_rn(int x) { return (double)x; }

__COURSE_INLINE int __popc(unsigned x) { return __builtin_popcount(x); }
__COURSE_INLINE int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
__COURSE_INLINE int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
__COURSE_INLINE int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
__COURSE_INLINE int __ffs(int x) { return __builtin_ffs(x); }
__COURSE_INLINE int __ffsll(long long x) { return __builtin_ffsll(x); }
__COURSE_INLINE unsigned __brev(unsigned x) {
    x = (x & 0x55555555u) << 1 | (x >> 1 & 0x55555555u);
    x = (x & 0x33333333u) << 2 | (x >> 2 & 0x33333333u);
    x = (x & 0x0f0f0f0fu) << 4 | (x >> 4 & 0x0f0f0f0fu);
    return __builtin_bswap32(x);
}
__COURSE_INLINE unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
    unsigned long long both = (unsigned long long)y << 32 | x;
    unsigned out = 0;
    for (int i = 0; i < 4; ++i) {
        unsigned pick = selector >> (4 * i) & 0xf, byte = both >> (8 * (pick & 7)) & 0xff;
        if (pick & 8) byte = byte & 0x80 ? 0xff : 0;
        out |= byte << (8 * i);
    }
    return out;
}
__COURSE_INLINE unsigned __funnelshift_l(unsigned lo, unsigned hi, unsigned shift) {
    return ((unsigned long long)hi << 32 | lo) << (shift & 31) >> 32;
}
__COURSE_INLINE unsigned __funnelshift_r(unsigned lo, unsigned hi, unsigned shift) {
    return ((unsigned long long)hi << 32 | lo) >> (shift & 31);
}
__COURSE_INLINE int __mulhi(int x, int y) { return (long long)x * y >> 32; }
__COURSE_INLINE unsigned __umulhi(unsigned x, unsigned y) { return (unsigned long long)x * y >> 32; }
__COURSE_INLINE int __mul24(int x, int y) { return (x << 8 >> 8) * (y << 8 >> 8); }
__COURSE_INLINE unsigned __umul24(unsigned x, unsigned y) { return (x & 0xffffff) * (y & 0xffffff); }

// Four 8-bit products added to a 32-bit sum, the instruction behind int8 matrix products (sm_61 and newer).
__COURSE_INLINE int __dp4a(int a, int b, int c) {
    for (int i = 0; i < 4; ++i) c += (int)(signed char)(a >> 8 * i) * (int)(signed char)(b >> 8 * i);
    return c;
}
__COURSE_INLINE unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
    for (int i = 0; i < 4; ++i) c += (a >> 8 * i & 0xff) * (b >> 8 * i & 0xff);
    return c;
}
__COURSE_INLINE int __dp4a(char4 a, char4 b, int c) { return c + a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }
__COURSE_INLINE unsigned __dp4a(uchar4 a, uchar4 b, unsigned c) {
    return c + a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

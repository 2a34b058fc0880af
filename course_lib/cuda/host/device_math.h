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
extern "C" long long llroundf(float);
extern "C" double scalbn(double, int);
extern "C" float scalbnf(float, int);
extern "C" float logbf(float);
extern "C" int ilogbf(float);

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

__COURSE_INLINE double exp10(double x) { return pow(10.0, x); }
__COURSE_INLINE double normcdf(double x) { return 0.5 * erfc(-x * 0.7071067811865476); }
__COURSE_INLINE void sincos(double x, double* s, double* c) { *s = sin(x); *c = cos(x); }
__COURSE_INLINE float rcbrtf(float x) { return 1.0f / cbrtf(x); }
__COURSE_INLINE double rcbrt(double x) { return 1.0 / cbrt(x); }
__COURSE_INLINE double sinpi(double x) { return sin(3.141592653589793 * (x - 2.0 * rint(0.5 * x))); }
__COURSE_INLINE double cospi(double x) { return cos(3.141592653589793 * (x - 2.0 * rint(0.5 * x))); }
__COURSE_INLINE float sinpif(float x) { return (float)sinpi((double)x); }
__COURSE_INLINE float cospif(float x) { return (float)cospi((double)x); }
__COURSE_INLINE float rhypotf(float x, float y) { return 1.0f / hypotf(x, y); }
__COURSE_INLINE float norm3df(float x, float y, float z) { return hypotf(hypotf(x, y), z); }
__COURSE_INLINE float rnorm3df(float x, float y, float z) { return 1.0f / norm3df(x, y, z); }
// Through a local variable: what is written through the pointer is then an access like any other.
__COURSE_INLINE float frexpf(float x, int* exponent) {
    int e;
    float fraction = __builtin_frexpf(x, &e);
    *exponent = e;
    return fraction;
}
__COURSE_INLINE float modff(float x, float* whole) {
    float w, fraction = __builtin_modff(x, &w);
    *whole = w;
    return fraction;
}

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
__COURSE_INLINE unsigned long min(long a, unsigned long b) { return min((unsigned long)a, b); }
__COURSE_INLINE unsigned long min(unsigned long a, long b) { return min(a, (unsigned long)b); }
__COURSE_INLINE unsigned long max(long a, unsigned long b) { return max((unsigned long)a, b); }
__COURSE_INLINE unsigned long max(unsigned long a, long b) { return max(a, (unsigned long)b); }
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
__COURSE_INLINE double __dsub_rn(double x, double y) { return x - y; }
__COURSE_INLINE double __dmul_rn(double x, double y) { return x * y; }
__COURSE_INLINE double __ddiv_rn(double x, double y) { return x / y; }
__COURSE_INLINE double __drcp_rn(double x) { return 1.0 / x; }
__COURSE_INLINE double __dsqrt_rn(double x) { return sqrt(x); }
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
#define __COURSE_CONVERT_TO(name, To, lowest, end, suffix, rounding)                                            \
    __COURSE_INLINE To __float2##name##_##suffix(float x) {                                                    \
        return __course_saturate<To>(rounding((double)x), lowest, end);                                        \
    }                                                                                                          \
    __COURSE_INLINE To __double2##name##_##suffix(double x) {                                                  \
        return __course_saturate<To>(rounding(x), lowest, end);                                                \
    }
#define __COURSE_CONVERT(suffix, rounding)                                                                     \
    __COURSE_CONVERT_TO(int, int, -2147483648.0, 2147483648.0, suffix, rounding)                               \
    __COURSE_CONVERT_TO(uint, unsigned, 0.0, 4294967296.0, suffix, rounding)                                   \
    __COURSE_CONVERT_TO(ll, long long, -9223372036854775808.0, 9223372036854775808.0, suffix, rounding)        \
    __COURSE_CONVERT_TO(ull, unsigned long long, 0.0, 18446744073709551616.0, suffix, rounding)
__COURSE_CONVERT(rn, __builtin_rint)
__COURSE_CONVERT(rz, __builtin_trunc)
__COURSE_CONVERT(ru, __builtin_ceil)
__COURSE_CONVERT(rd, __builtin_floor)
__COURSE_INLINE float __int2float_rn(int x) { return (float)x; }
__COURSE_INLINE float __uint2float_rn(unsigned x) { return (float)x; }
__COURSE_INLINE float __ll2float_rn(long long x) { return (float)x; }
__COURSE_INLINE float __ull2float_rn(unsigned long long x) { return (float)x; }
__COURSE_INLINE float __double2float_rn(double x) { return (float)x; }
__COURSE_INLINE double __int2double_rn(int x) { return (double)x; }
__COURSE_INLINE double __uint2double_rn(unsigned x) { return (double)x; }
__COURSE_INLINE double __ll2double_rn(long long x) { return (double)x; }
__COURSE_INLINE double __ull2double_rn(unsigned long long x) { return (double)x; }

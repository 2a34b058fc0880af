// half, half2 and __nv_bfloat16: stored in 16 bits, computed in float and rounded to nearest even after each
// operation, as the hardware's scalar units do. Conversions are written out, so no compiler support is needed.
#pragma once

__COURSE_INLINE unsigned short __course_float_to_half(float value) {
    unsigned bits = __float_as_uint(value), sign = bits >> 16 & 0x8000u, rest = bits & 0x7fffffffu;
    if (rest >= 0x7f800000u) return sign | 0x7c00u | (rest > 0x7f800000u ? 0x03ffu : 0u);
    if (rest >= 0x477ff000u) return sign | 0x7c00u;
    if (rest < 0x38800000u) {  // subnormal: adding 0.5 leaves the rounded significand in the low bits
        float shifted = __uint_as_float(rest) + 0.5f;
        return sign | (__float_as_uint(shifted) - 0x3f000000u);
    }
    rest += 0xc8000fffu + (rest >> 13 & 1u);
    return sign | (rest >> 13);
}
__COURSE_INLINE float __course_half_to_float(unsigned short half) {
    unsigned sign = (half & 0x8000u) << 16, exponent = half >> 10 & 0x1fu, fraction = half & 0x3ffu;
    if (exponent == 0x1f) return __uint_as_float(sign | 0x7f800000u | fraction << 13);
    if (exponent) return __uint_as_float(sign | (exponent + 112) << 23 | fraction << 13);
    float small = (float)fraction * 5.9604644775390625e-8f;
    return sign ? -small : small;
}
__COURSE_INLINE unsigned short __course_float_to_bfloat(float value) {
    unsigned bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fffu;
    return (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}
__COURSE_INLINE float __course_bfloat_to_float(unsigned short value) { return __uint_as_float((unsigned)value << 16); }

#define __COURSE_HALF(T, to, from)                                                                     \
    struct T {                                                                                         \
        unsigned short __x;                                                                            \
        __COURSE_COPIES(T)                                                                             \
        __COURSE_INLINE T(float v) : __x(to(v)) {}                                                     \
        __COURSE_INLINE T(double v) : __x(to((float)v)) {}                                             \
        __COURSE_INLINE T(int v) : __x(to((float)v)) {}                                                \
        __COURSE_INLINE operator float() const { return from(__x); }                                   \
    };                                                                                                 \
    __COURSE_INLINE T operator+(T a, T b) { return T(float(a) + float(b)); }                           \
    __COURSE_INLINE T operator-(T a, T b) { return T(float(a) - float(b)); }                           \
    __COURSE_INLINE T operator*(T a, T b) { return T(float(a) * float(b)); }                           \
    __COURSE_INLINE T operator/(T a, T b) { return T(float(a) / float(b)); }                           \
    __COURSE_INLINE T operator-(T a) { return T(-float(a)); }                                          \
    __COURSE_INLINE T& operator+=(T& a, T b) { return a = a + b; }                                     \
    __COURSE_INLINE T& operator-=(T& a, T b) { return a = a - b; }                                     \
    __COURSE_INLINE T& operator*=(T& a, T b) { return a = a * b; }                                     \
    __COURSE_INLINE T& operator/=(T& a, T b) { return a = a / b; }                                     \
    __COURSE_INLINE bool operator<(T a, T b) { return float(a) < float(b); }                           \
    __COURSE_INLINE bool operator>(T a, T b) { return float(a) > float(b); }                           \
    __COURSE_INLINE bool operator<=(T a, T b) { return float(a) <= float(b); }                         \
    __COURSE_INLINE bool operator>=(T a, T b) { return float(a) >= float(b); }                         \
    __COURSE_INLINE bool operator==(T a, T b) { return float(a) == float(b); }                         \
    __COURSE_INLINE bool operator!=(T a, T b) { return float(a) != float(b); }                         \
    __COURSE_INLINE T __hadd(T a, T b) { return a + b; }                                               \
    __COURSE_INLINE T __hsub(T a, T b) { return a - b; }                                               \
    __COURSE_INLINE T __hmul(T a, T b) { return a * b; }                                               \
    __COURSE_INLINE T __hdiv(T a, T b) { return a / b; }                                               \
    __COURSE_INLINE T __hneg(T a) { return -a; }                                                       \
    __COURSE_INLINE T __habs(T a) { return T(__builtin_fabsf(float(a))); }                             \
    __COURSE_INLINE T __hfma(T a, T b, T c) { return T(__builtin_fmaf(float(a), float(b), float(c))); } \
    __COURSE_INLINE T __hmax(T a, T b) { return T(__builtin_fmaxf(float(a), float(b))); }              \
    __COURSE_INLINE T __hmin(T a, T b) { return T(__builtin_fminf(float(a), float(b))); }              \
    __COURSE_INLINE bool __hlt(T a, T b) { return a < b; }                                             \
    __COURSE_INLINE bool __hgt(T a, T b) { return a > b; }                                             \
    __COURSE_INLINE bool __heq(T a, T b) { return a == b; }                                            \
    __COURSE_INLINE bool __hle(T a, T b) { return a <= b; }                                            \
    __COURSE_INLINE bool __hge(T a, T b) { return a >= b; }                                            \
    __COURSE_INLINE bool __hne(T a, T b) { return a != b; }                                            \
    __COURSE_INLINE int __hisinf(T a) { return __builtin_isinf_sign(float(a)); }                       \
    __COURSE_INLINE bool __hisnan(T a) { return __builtin_isnan(float(a)); }                           \
    __COURSE_INLINE T hexp(T a) { return T(expf(float(a))); }                                          \
    __COURSE_INLINE T hlog(T a) { return T(logf(float(a))); }                                          \
    __COURSE_INLINE T hexp2(T a) { return T(exp2f(float(a))); }                                        \
    __COURSE_INLINE T hlog2(T a) { return T(log2f(float(a))); }                                        \
    __COURSE_INLINE T hsin(T a) { return T(sinf(float(a))); }                                          \
    __COURSE_INLINE T hcos(T a) { return T(cosf(float(a))); }                                          \
    __COURSE_INLINE T htanh(T a) { return T(tanhf(float(a))); }                                        \
    __COURSE_INLINE T hfloor(T a) { return T(floorf(float(a))); }                                      \
    __COURSE_INLINE T hceil(T a) { return T(ceilf(float(a))); }                                        \
    __COURSE_INLINE T hrint(T a) { return T(rintf(float(a))); }                                        \
    __COURSE_INLINE T htrunc(T a) { return T(truncf(float(a))); }                                      \
    __COURSE_INLINE T hsqrt(T a) { return T(sqrtf(float(a))); }                                        \
    __COURSE_INLINE T hrsqrt(T a) { return T(rsqrtf(float(a))); }                                      \
    __COURSE_INLINE T hrcp(T a) { return T(1.0f / float(a)); }
__COURSE_HALF(__half, __course_float_to_half, __course_half_to_float)
__COURSE_HALF(__nv_bfloat16, __course_float_to_bfloat, __course_bfloat_to_float)
typedef __half half;
typedef __nv_bfloat16 nv_bfloat16;

__COURSE_STRUCT2(__half2, __half, 4, )
__COURSE_STRUCT2(__nv_bfloat162, __nv_bfloat16, 4, )
typedef __half2 half2;
typedef __nv_bfloat162 nv_bfloat162;

#define __COURSE_HALF2(T2, T)                                                                          \
    __COURSE_INLINE T2 operator+(T2 a, T2 b) { return T2{a.x + b.x, a.y + b.y}; }                      \
    __COURSE_INLINE T2 operator-(T2 a, T2 b) { return T2{a.x - b.x, a.y - b.y}; }                      \
    __COURSE_INLINE T2 operator*(T2 a, T2 b) { return T2{a.x * b.x, a.y * b.y}; }                      \
    __COURSE_INLINE T2 operator/(T2 a, T2 b) { return T2{a.x / b.x, a.y / b.y}; }                      \
    __COURSE_INLINE T2 operator-(T2 a) { return T2{-a.x, -a.y}; }                                      \
    __COURSE_INLINE T2& operator+=(T2& a, T2 b) { return a = a + b; }                                  \
    __COURSE_INLINE T2& operator-=(T2& a, T2 b) { return a = a - b; }                                  \
    __COURSE_INLINE T2& operator*=(T2& a, T2 b) { return a = a * b; }                                  \
    __COURSE_INLINE T2& operator/=(T2& a, T2 b) { return a = a / b; }                                  \
    __COURSE_INLINE T2 __h2div(T2 a, T2 b) { return a / b; }                                           \
    __COURSE_INLINE T2 __hneg2(T2 a) { return -a; }                                                    \
    __COURSE_INLINE T2 __habs2(T2 a) { return T2{__habs(a.x), __habs(a.y)}; }                          \
    __COURSE_INLINE T2 __heq2(T2 a, T2 b) { return T2{T(float(a.x == b.x)), T(float(a.y == b.y))}; }   \
    __COURSE_INLINE T2 __hlt2(T2 a, T2 b) { return T2{T(float(a.x < b.x)), T(float(a.y < b.y))}; }     \
    __COURSE_INLINE T2 __hgt2(T2 a, T2 b) { return T2{T(float(a.x > b.x)), T(float(a.y > b.y))}; }     \
    __COURSE_INLINE T2 h2exp(T2 a) { return T2{hexp(a.x), hexp(a.y)}; }                                \
    __COURSE_INLINE T2 h2log(T2 a) { return T2{hlog(a.x), hlog(a.y)}; }                                \
    __COURSE_INLINE T2 h2sqrt(T2 a) { return T2{hsqrt(a.x), hsqrt(a.y)}; }                             \
    __COURSE_INLINE T2 h2rsqrt(T2 a) { return T2{hrsqrt(a.x), hrsqrt(a.y)}; }                          \
    __COURSE_INLINE T2 h2rcp(T2 a) { return T2{hrcp(a.x), hrcp(a.y)}; }                                \
    __COURSE_INLINE T2 __hadd2(T2 a, T2 b) { return a + b; }                                           \
    __COURSE_INLINE T2 __hsub2(T2 a, T2 b) { return a - b; }                                           \
    __COURSE_INLINE T2 __hmul2(T2 a, T2 b) { return a * b; }                                           \
    __COURSE_INLINE T2 __hfma2(T2 a, T2 b, T2 c) {                                                     \
        return T2{__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)};                                       \
    }                                                                                                  \
    __COURSE_INLINE T2 __hmax2(T2 a, T2 b) { return T2{__hmax(a.x, b.x), __hmax(a.y, b.y)}; }          \
    __COURSE_INLINE T2 __hmin2(T2 a, T2 b) { return T2{__hmin(a.x, b.x), __hmin(a.y, b.y)}; }
__COURSE_HALF2(__half2, __half)
__COURSE_HALF2(__nv_bfloat162, __nv_bfloat16)

__COURSE_INLINE __half __float2half(float v) { return __half(v); }
__COURSE_INLINE __half __float2half_rn(float v) { return __half(v); }
__COURSE_INLINE float __half2float(__half v) { return float(v); }
__COURSE_INLINE __half __int2half_rn(int v) { return __half(v); }
__COURSE_INLINE __half __uint2half_rn(unsigned v) { return __half((float)v); }
__COURSE_INLINE __half __short2half_rn(short v) { return __half((float)v); }
__COURSE_INLINE __half __ushort2half_rn(unsigned short v) { return __half((float)v); }
__COURSE_INLINE __half __double2half(double v) { return __half(v); }
#define __COURSE_HALF_TO_INTEGER(suffix)                                                               \
    __COURSE_INLINE int __half2int_##suffix(__half v) { return __float2int_##suffix(float(v)); }       \
    __COURSE_INLINE unsigned __half2uint_##suffix(__half v) { return __float2uint_##suffix(float(v)); } \
    __COURSE_INLINE int __bfloat162int_##suffix(__nv_bfloat16 v) { return __float2int_##suffix(float(v)); }
__COURSE_HALF_TO_INTEGER(rn)
__COURSE_HALF_TO_INTEGER(rz)
__COURSE_HALF_TO_INTEGER(ru)
__COURSE_HALF_TO_INTEGER(rd)
__COURSE_INLINE short __half_as_short(__half v) { return (short)v.__x; }
__COURSE_INLINE unsigned short __half_as_ushort(__half v) { return v.__x; }
__COURSE_INLINE __half __ushort_as_half(unsigned short v) { __half h; h.__x = v; return h; }
__COURSE_INLINE __half2 __float2half2_rn(float v) { return __half2{__half(v), __half(v)}; }
__COURSE_INLINE __half2 __floats2half2_rn(float a, float b) { return __half2{__half(a), __half(b)}; }
__COURSE_INLINE __half2 __float22half2_rn(float2 v) { return __half2{__half(v.x), __half(v.y)}; }
__COURSE_INLINE float2 __half22float2(__half2 v) { return float2{float(v.x), float(v.y)}; }
__COURSE_INLINE __half2 __half2half2(__half v) { return __half2{v, v}; }
__COURSE_INLINE __half2 __halves2half2(__half a, __half b) { return __half2{a, b}; }
__COURSE_INLINE __half2 make_half2(__half a, __half b) { return __half2{a, b}; }
__COURSE_INLINE __half2 __low2half2(__half2 v) { return __half2{v.x, v.x}; }
__COURSE_INLINE __half2 __high2half2(__half2 v) { return __half2{v.y, v.y}; }
__COURSE_INLINE __half2 __lows2half2(__half2 a, __half2 b) { return __half2{a.x, b.x}; }
__COURSE_INLINE __half2 __highs2half2(__half2 a, __half2 b) { return __half2{a.y, b.y}; }
__COURSE_INLINE __half2 __lowhigh2highlow(__half2 v) { return __half2{v.y, v.x}; }
__COURSE_INLINE __half __low2half(__half2 v) { return v.x; }
__COURSE_INLINE __half __high2half(__half2 v) { return v.y; }
__COURSE_INLINE float __low2float(__half2 v) { return float(v.x); }
__COURSE_INLINE float __high2float(__half2 v) { return float(v.y); }
__COURSE_INLINE __nv_bfloat16 __float2bfloat16(float v) { return __nv_bfloat16(v); }
__COURSE_INLINE __nv_bfloat16 __float2bfloat16_rn(float v) { return __nv_bfloat16(v); }
__COURSE_INLINE float __bfloat162float(__nv_bfloat16 v) { return float(v); }
__COURSE_INLINE __nv_bfloat162 __floats2bfloat162_rn(float a, float b) {
    return __nv_bfloat162{__nv_bfloat16(a), __nv_bfloat16(b)};
}
__COURSE_INLINE float2 __bfloat1622float2(__nv_bfloat162 v) { return float2{float(v.x), float(v.y)}; }
__COURSE_INLINE __nv_bfloat16 __double2bfloat16(double v) { return __nv_bfloat16(v); }
__COURSE_INLINE __nv_bfloat16 __int2bfloat16_rn(int v) { return __nv_bfloat16(v); }
__COURSE_INLINE unsigned short __bfloat16_as_ushort(__nv_bfloat16 v) { return v.__x; }
__COURSE_INLINE __nv_bfloat16 __ushort_as_bfloat16(unsigned short v) { __nv_bfloat16 b; b.__x = v; return b; }
__COURSE_INLINE __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 a, __nv_bfloat16 b) { return __nv_bfloat162{a, b}; }
__COURSE_INLINE __nv_bfloat162 make_bfloat162(__nv_bfloat16 a, __nv_bfloat16 b) { return __nv_bfloat162{a, b}; }
__COURSE_INLINE __nv_bfloat162 __bfloat162bfloat162(__nv_bfloat16 v) { return __nv_bfloat162{v, v}; }
__COURSE_INLINE __nv_bfloat162 __float2bfloat162_rn(float v) { return __bfloat162bfloat162(__nv_bfloat16(v)); }
__COURSE_INLINE __nv_bfloat162 __float22bfloat162_rn(float2 v) { return __floats2bfloat162_rn(v.x, v.y); }
__COURSE_INLINE __nv_bfloat16 __low2bfloat16(__nv_bfloat162 v) { return v.x; }
__COURSE_INLINE __nv_bfloat16 __high2bfloat16(__nv_bfloat162 v) { return v.y; }

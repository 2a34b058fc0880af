// CUDA's vector types. Under inspection a whole-vector copy is one access of its full width, as it is on a
// GPU; a compiler left alone would split it into scalar loads.
#pragma once

#ifdef __COURSE_INSPECT
// Not inlined: the return address of the call is what tells the line of the source.
extern "C" __COURSE_HIDDEN void __course_copy(void* to, const void* from, unsigned bytes, void* return_address);
#define __COURSE_COPIES(name)                                                                     \
    name() = default;                                                                             \
    __attribute__((noinline)) name(const name& other) {                                           \
        __course_copy(this, &other, sizeof(name), __builtin_return_address(0));                   \
    }                                                                                             \
    __attribute__((noinline)) name& operator=(const name& other) {                                \
        __course_copy(this, &other, sizeof(name), __builtin_return_address(0));                   \
        return *this;                                                                             \
    }
// Constructors that may be given less than all members, as the braces of a plain struct may.
#define __COURSE_STRUCT1(name, T) \
    struct name { T x; __COURSE_COPIES(name) constexpr name(T a) : x(a) {} };
#define __COURSE_STRUCT2(name, T, align, constant)                                                \
    struct alignas(align) name {                                                                  \
        T x, y;                                                                                   \
        __COURSE_COPIES(name) constant name(T a, T b = {}) : x(a), y(b) {}                      \
    };
#define __COURSE_STRUCT3(name, T)                                                                 \
    struct name {                                                                                 \
        T x, y, z;                                                                                \
        __COURSE_COPIES(name) constexpr name(T a, T b = {}, T c = {}) : x(a), y(b), z(c) {}     \
    };
#define __COURSE_STRUCT4(name, T, align)                                                          \
    struct alignas(align) name {                                                                  \
        T x, y, z, w;                                                                             \
        __COURSE_COPIES(name)                                                                     \
        constexpr name(T a, T b = {}, T c = {}, T d = {}) : x(a), y(b), z(c), w(d) {}          \
    };
#else
#define __COURSE_COPIES(name) name() = default;
#define __COURSE_STRUCT1(name, T) struct name { T x; };
#define __COURSE_STRUCT2(name, T, align, constant) struct alignas(align) name { T x, y; };
#define __COURSE_STRUCT3(name, T) struct name { T x, y, z; };
#define __COURSE_STRUCT4(name, T, align) struct alignas(align) name { T x, y, z, w; };
#endif

#define __COURSE_VECTOR(base, T, align2, align4)                                                  \
    __COURSE_STRUCT1(base##1, T)                                                                  \
    __COURSE_STRUCT2(base##2, T, align2, constexpr)                                                          \
    __COURSE_STRUCT3(base##3, T)                                                                  \
    __COURSE_STRUCT4(base##4, T, align4)                                                          \
    __COURSE_INLINE base##1 make_##base##1(T x) { return base##1{x}; }                            \
    __COURSE_INLINE base##2 make_##base##2(T x, T y) { return base##2{x, y}; }                    \
    __COURSE_INLINE base##3 make_##base##3(T x, T y, T z) { return base##3{x, y, z}; }            \
    __COURSE_INLINE base##4 make_##base##4(T x, T y, T z, T w) { return base##4{x, y, z, w}; }

__COURSE_VECTOR(char, signed char, 2, 4)
__COURSE_VECTOR(uchar, unsigned char, 2, 4)
__COURSE_VECTOR(short, short, 4, 8)
__COURSE_VECTOR(ushort, unsigned short, 4, 8)
__COURSE_VECTOR(int, int, 8, 16)
__COURSE_VECTOR(uint, unsigned int, 8, 16)
__COURSE_VECTOR(long, long, 16, 16)
__COURSE_VECTOR(ulong, unsigned long, 16, 16)
__COURSE_VECTOR(longlong, long long, 16, 16)
__COURSE_VECTOR(ulonglong, unsigned long long, 16, 16)
__COURSE_VECTOR(float, float, 8, 16)
__COURSE_VECTOR(double, double, 16, 16)

struct dim3 {
    unsigned int x, y, z;
    __COURSE_INLINE constexpr dim3(unsigned int a = 1, unsigned int b = 1, unsigned int c = 1)
        : x(a), y(b), z(c) {}
    __COURSE_INLINE dim3(uint3 a) : x(a.x), y(a.y), z(a.z) {}
};

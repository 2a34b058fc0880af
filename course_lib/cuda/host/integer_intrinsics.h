// CUDA's integer intrinsics: bits, bytes, wide products, and the dot products of packed small integers.
#pragma once

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
__COURSE_INLINE unsigned long long __brevll(unsigned long long x) {
    return (unsigned long long)__brev((unsigned)x) << 32 | __brev((unsigned)(x >> 32));
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
// With a shift clamped to 32 in place of taken modulo 32.
__COURSE_INLINE unsigned __funnelshift_lc(unsigned lo, unsigned hi, unsigned shift) {
    return shift >= 32 ? lo : __funnelshift_l(lo, hi, shift);
}
__COURSE_INLINE unsigned __funnelshift_rc(unsigned lo, unsigned hi, unsigned shift) {
    return shift >= 32 ? hi : __funnelshift_r(lo, hi, shift);
}
__COURSE_INLINE int __mulhi(int x, int y) { return (long long)x * y >> 32; }
__COURSE_INLINE unsigned __umulhi(unsigned x, unsigned y) { return (unsigned long long)x * y >> 32; }
__COURSE_INLINE long long __mul64hi(long long x, long long y) { return (long long)((__int128)x * y >> 64); }
__COURSE_INLINE unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
    return (unsigned long long)((unsigned __int128)x * y >> 64);
}
__COURSE_INLINE int __mul24(int x, int y) { return (x << 8 >> 8) * (y << 8 >> 8); }
__COURSE_INLINE unsigned __umul24(unsigned x, unsigned y) { return (x & 0xffffff) * (y & 0xffffff); }

// Averages, rounded down and up, and the sum of absolute differences.
__COURSE_INLINE int __hadd(int x, int y) { return (x & y) + ((x ^ y) >> 1); }
__COURSE_INLINE int __rhadd(int x, int y) { return (x | y) - ((x ^ y) >> 1); }
__COURSE_INLINE unsigned __uhadd(unsigned x, unsigned y) { return (x & y) + ((x ^ y) >> 1); }
__COURSE_INLINE unsigned __urhadd(unsigned x, unsigned y) { return (x | y) - ((x ^ y) >> 1); }
__COURSE_INLINE unsigned __sad(int x, int y, unsigned z) { return z + (x > y ? (unsigned)x - y : (unsigned)y - x); }
__COURSE_INLINE unsigned __usad(unsigned x, unsigned y, unsigned z) { return z + (x > y ? x - y : y - x); }

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
// Two 16-bit numbers of `a` by the two low (or high) bytes of `b`.
__COURSE_INLINE int __dp2a_lo(int a, int b, int c) {
    return c + (int)(short)a * (int)(signed char)b + (a >> 16) * (int)(signed char)(b >> 8);
}
__COURSE_INLINE int __dp2a_hi(int a, int b, int c) { return __dp2a_lo(a, b >> 16, c); }

"""Spellings of parameters, kernels, shared arrays and literals, for test_spellings.py to hold to NVRTC."""

import numpy as np

# A parameter that is written through: 4 floats arrive, and must come back as 1 to 4.
OUTPUTS = [
    "float* x", "float *x", "float*x", "float * x", "float x[]", "float x[4]", "float x[2 + 2]",
    "float (*x)", "float* const x", "float* __restrict__ x", "float* __restrict x",
    "float* const __restrict__ x", "float* __restrict__ const x", "float* volatile x", "volatile float* x",
    "float volatile* x", "float volatile* volatile const x", "volatile float* const __restrict__ x",
    "[[maybe_unused]] float* x", "float* x [[maybe_unused]]", "float* x = nullptr",
    "float /* out */ * /**/ x", "float* // output\n x", "float* \\\n x", "float\\\n* x", "real* x",
    "real* const x", "whole_row x", "pointer x", "const pointer x", "pointer const x",
    "pointer const __restrict__ x", "alias* x", "alias_of_alias* x", "space::number* x",
    "::space::number* x", "Holder::number* x", "REAL* x", "PTR(float) x", "OUT float* x", "PARAMETER",
    "float CONST_PTR x", "unsigned_or_float* x", "decided* x", "float (x)[4]", "float((x))[]",
]  # fmt: skip
# A parameter that is read: (spelling, what comes, what the kernel must see). The element stands first.
INPUTS = [
    ("int v", 3, np.int32), ("const int v", -3, np.int32), ("int const v", 3, np.int32),
    ("volatile int v", 3, np.int32), ("signed v", -3, np.int32), ("signed int v", -3, np.int32),
    ("int signed v", -3, np.int32), ("unsigned v", 2**32 - 1, np.uint32),
    ("unsigned int v", 2**32 - 1, np.uint32), ("int unsigned v", 2**32 - 1, np.uint32),
    ("int unsigned const v", 2**32 - 1, np.uint32), ("short v", -9, np.int16), ("short int v", -9, np.int16),
    ("int short signed v", -9, np.int16), ("unsigned short v", 65535, np.uint16),
    ("short unsigned int v", 65535, np.uint16), ("long v", -(2**40), np.int64),
    ("long int v", -(2**40), np.int64), ("int long signed v", -(2**40), np.int64),
    ("unsigned long v", 2**63, np.uint64), ("long int unsigned v", 2**63, np.uint64),
    ("long long v", -(2**40), np.int64), ("long int long v", -(2**40), np.int64),
    ("signed long long int v", -(2**40), np.int64), ("unsigned long long v", 2**63, np.uint64),
    ("unsigned long long int v", 2**63, np.uint64), ("long unsigned int long v", 2**63, np.uint64),
    ("char v", -5, np.int8), ("signed char v", -5, np.int8), ("char signed v", -5, np.int8),
    ("unsigned char v", 255, np.uint8), ("char unsigned v", 255, np.uint8), ("bool v", 1, np.bool_),
    ("wchar_t v", 70000, np.int32), ("char16_t v", 65535, np.uint16), ("char32_t v", 2**32 - 1, np.uint32),
    ("float v", 2.5, np.float32), ("const float v", 2.5, np.float32), ("double v", 0.1, np.float64),
    ("double const volatile v", 0.1, np.float64), ("size_t v", 2**63, np.uint64),
    ("const size_t v", 7, np.uint64), ("ptrdiff_t v", -7, np.int64), ("int8_t v", -8, np.int8),
    ("uint8_t v", 200, np.uint8), ("int16_t v", -300, np.int16), ("uint16_t v", 60000, np.uint16),
    ("int32_t v", -70000, np.int32), ("uint32_t v", 2**31, np.uint32), ("int64_t v", -(2**40), np.int64),
    ("uint64_t v", 2**63, np.uint64), ("__grid_constant__ const int v", 4, np.int32),
    ("const __grid_constant__ int v", 4, np.int32), ("int v = 3", 5, np.int32), ("int (v)", 5, np.int32),
    ("int v [[maybe_unused]]", 5, np.int32), ("count v", 2**31, np.uint32),
    ("const count v", 2**31, np.uint32), ("big v", 2**63, np.uint64), ("WHOLE v", 6, np.int32),
    ("UNSIGNED int v", 2**31, np.uint32), ("space::number v", 1.5, np.float32),
]  # fmt: skip
POINTED = [
    ("const float* v", np.float32), ("float const* v", np.float32), ("float const* const v", np.float32),
    ("const float v[]", np.float32), ("const float (*v)", np.float32),
    ("const real* __restrict__ const v", np.float32), ("const unsigned long long int* v", np.uint64),
    ("unsigned long long* v", np.uint64), ("long long unsigned const* v", np.uint64),
    ("const long int* v", np.int64), ("const signed char* v", np.int8), ("const bool* v", np.bool_),
    ("short const volatile* volatile v", np.int16), ("const half* v", np.float16),
    ("const __half* v", np.float16), ("const size_t* v", np.uint64), ("uint8_t const* v", np.uint8),
    ("const char* v", np.int8), ("const double* v", np.float64), ("constant_row v", np.float32),
    ("CONST double* v", np.float64), ("const uint32_t v[1]", np.uint32),
]  # fmt: skip
# Types of more than one number: reached by the expression.
WIDE = [
    ("const float4* v", "v[1].y", np.float32), ("float2 const* __restrict__ v", "v[2].y", np.float32),
    ("const float (*v)[4]", "v[1][1]", np.float32), ("const float v[][4]", "v[1][1]", np.float32),
    ("const row4* v", "v[1][1]", np.float32), ("const float (*const v)[2][2]", "v[1][0][1]", np.float32),
    ("const int2* v", "v[2].y", np.int32), ("const uchar4* v", "v[1].y", np.uint8),
    ("const longlong2* v", "v[2].y", np.int64), ("const ulong2* v", "v[2].y", np.uint64),
    ("const half2* v", "__high2float(v[2])", np.float16),
    ("const void* v", "((const float*)v)[5]", np.float32), ("const uint3* v", "v[1].z", np.uint32),
    ("const double2* v", "v[2].y", np.float64),
]  # fmt: skip
BEFORE = """
typedef float real; typedef float whole_row[4], *pointer; typedef const float constant_row[4];
typedef float row4[4]; using alias = float; using alias_of_alias = alias; using count = unsigned int;
typedef unsigned long long int big;
namespace space { typedef float number; }
struct Holder { typedef float number; int a; };
#define REAL float
#define PTR(T) T* __restrict__
#define OUT
#define PARAMETER PTR(REAL) const x
#define CONST_PTR * const
#define CONST const
#define WHOLE int
#define UNSIGNED unsigned
#if 2 * 3 > 5 && !defined(NEVER)
typedef float unsigned_or_float;
#else
typedef unsigned unsigned_or_float;
#endif
#ifdef NEVER
typedef int decided;
#elif defined(REAL)
using decided = float;
#else
typedef short decided;
#endif
"""
FILL = "x[threadIdx.x] = threadIdx.x + 1;"
# How a kernel may be declared; NAME is replaced. Each fills x.
KERNELS = [
    'extern "C" __global__ void NAME(float* x) { FILL }',
    'extern "C" void __global__ NAME(float* x) { FILL }',
    'extern "C" inline __global__ void NAME(float* x) { FILL }',
    'extern "C" __global__ inline void NAME(float* x) { FILL }',
    'extern "C" __inline__ __global__ void NAME(float* x) { FILL }',
    'extern "C" __global__ void __launch_bounds__(32) NAME(float* x) { FILL }',
    'extern "C" __launch_bounds__(32) __global__ void NAME(float* x) { FILL }',
    'extern "C" __global__ __launch_bounds__(16 + 16, 2) void NAME(float* x) { FILL }',
    'extern "C" __global__ void __maxnreg__(64) NAME(float* x) { FILL }',
    'extern "C" [[maybe_unused]] __global__ void NAME(float* x) { FILL }',
    'extern "C" __global__ [[maybe_unused]] void NAME(float* x) { FILL }',
    'extern "C" __global__ void NAME [[maybe_unused]] (float* x) { FILL }',
    'extern "C" __noinline__ __global__ void NAME(float* x) { FILL }',
    'extern "C" __forceinline__ __global__ void NAME(float* x) { FILL }',
    'extern "C" __global__ void (NAME)(float* x) { FILL }',
    'extern "C" __global__ auto NAME(float* x) -> void { FILL }',
    'extern /* a */ "C" // b\n __global__ \\\n void NAME(float* x) { FILL }',
    'extern\n"C"\n__global__\nvoid\nNAME\n(\nfloat\n*\nx\n)\n{ FILL }',
    'extern "C" { __global__ void NAME(float* x) { FILL } }',
    'extern "C" { __device__ float f_NAME(int i) { return i + 1; } __constant__ float t_NAME[2] = {1, '
    "2};\n struct S_NAME { float a; }; typedef float r_NAME; __global__ void NAME(r_NAME* x) { "
    "x[threadIdx.x] = f_NAME(threadIdx.x) * t_NAME[0]; } }",
    'extern "C" { extern "C" { __global__ void NAME(float* x) { FILL } } }',
    'extern "C" { namespace n_NAME { __global__ void NAME(float* x) { FILL } } }',
    'namespace n_NAME { extern "C" __global__ void NAME(float* x) { FILL } }',
    'namespace n_NAME { extern "C" { __global__ void NAME(float* x) { FILL } } }',
    'namespace { extern "C" __global__ void NAME(float* x) { FILL } }',
    'extern "C" __device__ float f_NAME(int i) { return i + 1; }\nextern "C" __global__ void '
    "NAME(float* x) { x[threadIdx.x] = f_NAME(threadIdx.x); }",
    '#define KERNEL extern "C" __global__ void\nKERNEL NAME(float* x) { FILL }',
    '#define DECLARE(n, T) extern "C" __global__ void n(T* x)\nDECLARE(NAME, float) { FILL }',
    '#define MAKE(n, plus) extern "C" __global__ void n(float* x) { x[threadIdx.x] = threadIdx.x + '
    "plus; }\nMAKE(NAME, 1)",
    "#define DEVICE __device__ __forceinline__\nDEVICE float f_NAME(int i) { return i + 1; }\nextern "
    '"C" __global__ void NAME(float* x) { x[threadIdx.x] = f_NAME(threadIdx.x); }',
    '#if 0\nextern "C" __global__ void NAME(int n, int* x) {\n#else\nextern "C" __global__ void '
    "NAME(float* x) {\n#endif\nFILL }",
    'extern "C" __global__ void NAME(float* x, int, const float*) { FILL }',
    'static __device__ float f_NAME(int i);\nextern "C" __global__ void NAME(float* x) { '
    "x[threadIdx.x] = f_NAME(threadIdx.x); }\nstatic __device__ float f_NAME(int i) { return i + 1; }",
    'typedef struct { float v; int i; } P_NAME;\nextern "C" __global__ void NAME(float* x) { P_NAME p '
    "= {1.0f, 1}; x[threadIdx.x] = threadIdx.x + p.v; }",
    '__device__ struct T_NAME { float v[2]; } t_NAME;\nextern "C" __global__ void NAME(float* x) { if '
    "(!threadIdx.x) t_NAME.v[1] = 1; __syncthreads(); x[threadIdx.x] = threadIdx.x + t_NAME.v[1]; }",
    'namespace v_NAME { __device__ float one[2]; }\nextern "C" __global__ void NAME(float* x) { if '
    "(!threadIdx.x) v_NAME::one[1] = 1; __syncthreads(); x[threadIdx.x] = threadIdx.x + "
    "v_NAME::one[1]; }",
]  # fmt: skip
SHARED = [
    ("__shared__ float s[4];", "s[t]"), ("__shared__ volatile float s[4];", "s[t]"),
    ("volatile __shared__ float s[4];", "s[t]"), ("float __shared__ s[4];", "s[t]"),
    ("static __shared__ float s[4];", "s[t]"), ("__shared__ static float s[4];", "s[t]"),
    ("__shared__ float volatile s[4];", "s[t]"), ("__shared__ float s[2][2];", "s[t / 2][t % 2]"),
    ("__shared__ volatile float s[2][2][1];", "s[t / 2][t % 2][0]"),
    ("__shared__ float a, s[4], b[2];", "s[t]"), ("__shared__ alignas(16) float s[4];", "s[t]"),
    ("alignas(16) __shared__ float s[4];", "s[t]"), ("__shared__ __align__(16) float s[4];", "s[t]"),
    ("[[maybe_unused]] __shared__ float s[4];", "s[t]"),
    ("__shared__ struct { float a; int b; } s[4];", "s[t].a"),
    ("__shared__ struct P { float a[2]; } s[4]; __shared__ P r;", "s[t].a[1]"),
    ("__shared__ union { float f; int i; } s[4];", "s[t].f"),
    ("__shared__ Pair<float, 2> s[4];", "s[t].a[1]"),
    ("__shared__ volatile Holder h[4]; __shared__ float s[4];", "s[t]"),
    ("typedef float row[2]; __shared__ row s[2];", "s[t / 2][t % 2]"),
    ("__shared__ float s[4], (*p)[2]; if (!t) p = (float(*)[2])s; __syncthreads();", "p[t / 2][t % 2]"),
    ("__shared__ float q[4], *p; if (!t) p = q; __syncthreads();", "p[t]"),
    ("__shared__ double room[2]; float* s = (float*)room;", "s[t]"),
    ("__shared__ char room[16]; float* s = reinterpret_cast<float*>(room);", "s[t]"),
    ("__shared__ unsigned char room[16]; volatile float* s = (volatile float*)room;", "s[t]"),
    ("SHARED float s[4];", "s[t]"), ("ARRAY(float, s, 4)", "s[t]"),
    ("__shared__ decltype(1.0f) s[4];", "s[t]"), ("__shared__ float4 q[1]; float* s = &q[0].x;", "s[t]"),
    ("__shared__ float s[N < 5 ? 4 : 1];", "s[t]"), ("extern __shared__ float s[];", "s[t]"),
    ("extern __shared__ volatile float s[];", "s[t]"), ("extern volatile __shared__ float s[];", "s[t]"),
    ("volatile extern __shared__ float s[];", "s[t]"),
    ("extern __shared__ __align__(16) unsigned char b[]; float* s = (float*)b;", "s[t]"),
    ("extern __shared__ float s[][2];", "s[t / 2][t % 2]"), ("extern __shared__ float s[], r[];", "s[t]"),
    ("[[maybe_unused]] extern __shared__ float s[];", "s[t]"),
    ("extern __shared__ Pair<float, 2> s[];", "s[t].a[0]"),
]  # fmt: skip
SHARED_BEFORE = """
template <class T, int n> struct Pair { T a[n]; };
struct Holder { float a; };
#define N 4
#define SHARED __shared__
#define ARRAY(T, name, n) __shared__ T name[n];
"""
LITERALS = [
    ("INFINITY", np.inf), ("-INFINITY", -np.inf), ("NAN", np.nan), ("HUGE_VALF", np.inf),
    ("FLT_MAX", np.finfo("f4").max), ("-FLT_MAX", -np.finfo("f4").max), ("FLT_MIN", np.finfo("f4").tiny),
    ("FLT_EPSILON", np.finfo("f4").eps), ("DBL_MAX", np.finfo("f8").max),
    ("DBL_EPSILON", np.finfo("f8").eps), ("INT_MAX", 2**31 - 1), ("INT_MIN", -(2**31)),
    ("UINT_MAX", 2**32 - 1), ("(double)LLONG_MAX", 2.0**63), ("SHRT_MAX", 32767), ("UCHAR_MAX", 255),
    ("CHAR_BIT", 8), ("INT32_MAX", 2**31 - 1), ("UINT8_MAX", 255), ("M_PI", np.pi), ("M_E", np.e),
    ("M_SQRT2", np.sqrt(2)), ("CUDART_INF_F", np.inf), ("-CUDART_INF_F", -np.inf), ("CUDART_NAN_F", np.nan),
    ("CUDART_PI_F", np.float32(np.pi)), ("CUDART_INF", np.inf), ("CUDART_PI", np.pi), ("0x1p-3f", 0.125),
    ("1e3", 1000), ("1.f", 1), (".5f", 0.5), ("1'000'000", 1_000_000), ("0b1011", 11),
    ("0x7fffffff", 2**31 - 1), ("017", 15), ("10ull", 10), ("10LLU", 10), ("10uL", 10), ("'a'", 97),
    ("'\\n'", 10), ("'\\x41'", 65), ("u'a'", 97), ("true", 1), ("nullptr ? 1 : 2", 2), ("NULL == 0", 1),
    ("warpSize", 32), ("sizeof(long)", 8), ("sizeof(long double)", 8), ("sizeof(size_t)", 8),
    ("sizeof(wchar_t)", 4), ("sizeof(uint16_t)", 2), ("__LINE__ > 0", 1), ("-1 >> 31", -1),
    ("INT_MAX + t0 + 1 < 0", 1), ("__int_as_float(0xff800000)", -np.inf), ("__clz(t0)", 32),
    ("__clzll(t0)", 64), ("__ffs(t0)", 0), ("__float2int_rz(INFINITY)", 2**31 - 1),
    ("__float2int_rz(NAN)", 0), ("char(200 + t0)", -56), ("(unsigned char)(300 + t0)", 44),
    ("9 not_eq 8", 1), ("1 and 0", 0), ("alignof(float4)", 16),
]  # fmt: skip
# (what stands in the source, what is said, whether NVRTC takes it). P: parameters of a kernel.
REFUSED_PARAMETERS = [
    ("float& x", "is a reference", True), ("const float& x", "is a reference", True),
    ("float (&x)[4]", "is a reference", True), ("float&& x", "is a reference", False),
    ("__align__(8) float* x", "has an alignment of its own", True),
    ("alignas(8) float* x", "has an alignment of its own", False),
    ("float** x", "is a pointer to pointers", True), ("float* const* x", "is a pointer to pointers", True),
    ("float* x[]", "is a pointer to pointers", True), ("pointer* x", "is a pointer to pointers", True),
    ("float (*f)(float)", "is a pointer to a function", True),
    ("float f(float)", "is a pointer to a function", True),
    ("Point x", "has type Point, which is a struct", True),
    ("Point* x", "has type Point, which is a struct", True),
    ("struct Point x", "has a struct as its type", True), ("Old x", "has type Old, which is a struct", True),
    ("Either x", "has type Either, which is a union", True),
    ("Color x", "has type Color, which is an enum", True), ("enum Color x", "has a enum as its type", True),
    ("Scoped x", "has type Scoped, which is an enum", True),
    ("Box<float> x", "has type Box, which is a template", True),
    ("Alias<float> x", "has type Alias, which is an alias template", True),
    ("PointAlias* x", "type Point, which is a struct", True),
    ("float4 x", "is a vector type by value", True), ("dim3 x", "is a vector type by value", True),
    ("half2 x", "is a vector type by value", True), ("long double x", "has type long double", True),
    ("double long x", "has type long double", True),
    ("decltype(1.0f) x", "has its type written as decltype", True),
    ("clock_t x", "has type clock_t, which is not known here", True),
    ("cudaTextureObject_t x", "has type cudaTextureObject_t", True),
    ("void x", "is void, which is no value", False), ("auto x", "has its type written as auto", False),
    ("typename T::t x", "has its type written as typename", False),
    ("register int x", "written as register", False),
    ("uint x", "has type uint, which is not known here", False), ("ushort x", "has type ushort", False),
    ("uchar x", "has type uchar", False), ("std::size_t x", "has type std::size_t, and device code", False),
    ("std::uint32_t x", "has type std::uint32_t, and device code", False),
    ("float restrict x", "restrict", False),
    ("long long long x", "has type long long long, which is none", False),
    ("long short x", "none of C++'s", False), ("unsigned float x", "none of C++'s", False),
    ("signed unsigned x", "none of C++'s", False), ("int n, ...", "is an ellipsis", False),
    ("...", "is an ellipsis", False), ("Unknown x", "is not known here", False),
    ("float x y", "more than a type and a name", False), ("nullptr_t x", "has type nullptr_t", False),
    ("const x", "has type x", False),
]  # fmt: skip
REFUSED_BEFORE = """
struct Point { float a; }; typedef struct { float a; } Old; union Either { int i; float f; };
enum Color { red }; enum class Scoped : int { green }; template <class T> struct Box { T t; };
template <class T> using Alias = T*; using PointAlias = Point; typedef float *pointer;
"""
REFUSED_SOURCES = [
    ("template <class T> __global__ void k(T* x) {}", "kernel k is a template", True),
    ('template <> __global__ void k(float* x) {}', "kernel k is a template", False),
    ("struct S { static __global__ void k(float* x) {} };", "kernel k is a member of a class", False),
    ("__global__ void k(float* x) {}", 'write extern "C" before __global__', True),
    ("__global__ static void k(float* x) {}", 'write extern "C" before __global__', True),
    ('extern "C++" __global__ void k(float* x) {}', 'write extern "C" before __global__', True),
    ('extern "C" __global__ static void k(float* x) {}', "kernel k is static", False),
    ('extern "C" { static __global__ void k(float* x) {} }', "kernel k is static", True),
    ('extern "C" __global__ void k(float* x) noexcept {}', "noexcept is not allowed", False),
    ('extern "C" __global__ void k(float* x);', "this one has no body", True),
    ('extern "C" __global__ __attribute__((used)) void k(float* x) {}', "attributes of a compiler", True),
    ('extern "C" __global__ void k(__attribute__((unused)) int x) {}', "attributes of a compiler", True),
    ('extern "C" __host__ __global__ void k(float* x) {}', "host functions are not allowed", False),
    ('extern "C" __global__ void k(__int128 x) {}', "__int128 is not CUDA's", False),
    ('extern "C" __global__ void k(_Float16 x) {}', "_Float16 is reserved", False),
    ('extern "C" __global__ vo\\\nid k(float* x) {}', "a word may not go on in the next line", True),
    ('extern "C" __global__ void k(float* x) { x[0] = __FLT_MAX__; }', "__FLT_MAX__ is not CUDA's", False),
    ('extern "C" __global__ void k(float* x) { x[0] = __builtin_inff(); }',
     "__builtin_inff is not CUDA's", False),
    ('__shared__ float s[4]; extern "C" __global__ void k(float* x) {}',
     "inside the kernel that uses it", True),
    ('extern __shared__ float s[]; extern "C" __global__ void k(float* x) {}',
     "inside the kernel that uses it", True),
    ('extern "C" __global__ void k(float* x) { extern __shared__ float s; }',
     "write extern __shared__ TYPE", True),
    ('extern "C" __global__ void k(float* x) { extern __shared__ float s[4]; }',
     "write extern __shared__ TYPE", True),
    ('extern "C" __global__ void k(float* x) { __shared__ float s[4] = {1}; }',
     "cannot be initialized", False),
    ('#define BOTH(s) __shared__ float s[4]; s[0] = 1;\nextern "C" __global__ void k(float* x) { '
     "BOTH(s) }",
     "write this __shared__ declaration out", True),
    ('#include <cstdint>\nextern "C" __global__ void k(float* x) {}', "headers are not allowed", False),
]  # fmt: skip

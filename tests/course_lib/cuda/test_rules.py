"""What a student's source may not contain is refused with its line, and ordinary kernels pass."""

import pytest

from course_lib.cuda.errors import CompileError
from course_lib.cuda.module import KERNELS
from course_lib.cuda.rules import MOST_CHARACTERS, check_rules

GOOD = 'extern "C" __global__ void k(float* x) { x[0] = 1; }\n'


@pytest.mark.parametrize(("source", "line", "word"), [
    ("#include <stdio.h>\n", 1, "headers"),
    ("\n  # include <math.h>\n", 2, "headers"),
    ("#inc\\\nlude <math.h>\n", 1, "headers"),
    ('__device__ void f() { asm("nop"); }\n', 1, "assembler"),
    ('__device__ void f() { __asm__("nop"); }\n', 1, "__asm__"),
    ("#define A asm\n", 1, "assembler"),
    ("#define JOIN(a, b) a##b\n", 1, "##"),
    ("%:include <x>\n", 1, "%:"),
    ("int f() { return 1; }\n", 1, "host code"),
    ("static inline int f(int a)\n{ return a; }\n", 1, "host code"),
    ("int f(const char*);\n", 1, "host code"),
    ("auto f() -> int { return 1; }\n", 1, "host code"),
    ("struct S { int f() { return 1; } };\n", 1, "host code"),
    ("namespace n { int f() { return 1; } }\n", 1, "host code"),
    ("template <class T> T f(T a) { return a; }\n", 1, "host code"),
    ("__host__ __device__ int f() { return 1; }\n", 1, "host functions"),
    ('extern "C" int system(const char*);\n', 1, "host code"),
    ("extern int counter;\n", 1, "extern stands before"),
    ('extern "C" __global__ void* memcpy(void*, const void*, size_t);\n', 1, "no body"),
    ('[[gnu::no_sanitize("thread")]] __device__ int f() { return 1; }\n', 1, "attributes of a compiler"),
    ("#define G gnu\n", 1, "attributes of a compiler"),
    ('_Pragma("GCC optimize 3")\n', 1, "reserved"),
    ("struct S { unsigned a : 24; };\n", 1, "bit-fields"),
    ("#define C :\n", 1, "a colon in a macro"),
    ('extern "C" { int puts(const char*); }\n', 1, "host code"),
    ('extern "C" { int f() { return 1; } }\n', 1, "host code"),
    ("namespace { int f() { return 1; } }\n", 1, "host code"),
    ("#define HOST int\nHOST f() { return 1; }\n", 2, "host code"),
    ("#if N > 0\n#elif !defined(M)\nint f() { return 1; }\n#endif\n", 3, "host code"),
    ("/* *\\\n/ int f() { return 1; } /* */\n", 2, "host code"),
    ("__device__ int f() { ret\\\nurn 1; }\n", 1, "a word may not go on"),
    ("__attribute__((constructor)) __device__ void f() {}\n", 1, "__attribute__"),
    ("int counter;\n", 1, "must be __device__"),
    ("__device__ int g();\n__device__ int x = g();\n", 2, "static constructors"),
    ("__device__ int f() { return __builtin_clz(1); }\n", 1, "__builtin_clz"),
    ("__device__ int f() { return __course_active_lanes(); }\n", 1, "__course_active_lanes"),
    ("__device__ int* f() { return new int; }\n", 1, "new"),
    ("__device__ int f() { thread_local int a; return a; }\n", 1, "thread_local"),
    ("#line 5\n", 1, "#line"),
    ("#pragma GCC optimize(3)\n", 1, "pragma"),
    ("__device__ void f() { k<<<1, 1>>>(0); }\n", 1, "launched from Python"),
    ('__device__ const char* f() { return R"(x)"; }\n', 1, "raw strings"),
])  # fmt: skip
def test_a_forbidden_thing_is_refused_with_its_line(source, line, word):
    with pytest.raises(CompileError) as caught:
        check_rules(source + GOOD)
    assert caught.value.problems[0][0] == line
    assert word in str(caught.value)


@pytest.mark.parametrize("source", [
    "// #include <stdio.h>, asm, new\n",
    "/* int f() { return 1; } */\n",
    "typedef struct { float v; int i; } Pair;\nstruct S { int a; };\n__device__ struct T { int a; } t;\n",
    "#define DEVICE __device__ __forceinline__\nDEVICE float f(float x,\\\n float y) { return x + y; }\n",
    "#if 0\nint f() { return 1; }\n#endif\n",
    'extern "C" {\n__device__ int f() { return 1; }\n__constant__ float t[2] = {1, 2};\n}\n',
    "#define N 32\n#if N > 16\n#define M 2\n#else\n#define M 1\n#endif\n",
    "constexpr int n = 4;\nconst float half_pi = 1.5707964f;\n",
    "__constant__ float table[2] = {1.0f, 2.0f};\n__device__ int counter;\n",
    "template <int N, class T> __device__ __forceinline__ T f(T a) { return a * N; }\n",
    "struct Pair { float x; int i; };\nstruct More : Pair { __device__ More(int i) : n(i) {} int n; };\n",
    "enum E : int { X };\n__device__ int f(int a) { switch (a) { case X: return a ? X : 1; } return 0; }\n",
    "__device__ int f() { int t[2] = {1, 2}, s = 0; for (int v : t) s += v; return s; }\n",
    "[[maybe_unused]] __device__ int f() { return 1; }\n#define PICK(c) ((c) ? 1 : 2)\n",
    "struct Sum { float s; __device__ void add(float x) { s += x; } };\n",
    "__device__ float warp_sum(float v) { return v + __shfl_xor_sync(0xffffffffu, v, 16); }\n",
    "using real = float;\ntypedef int whole;\nenum Kind { A, B };\nstatic_assert(sizeof(real) == 4, \"\");\n",
    "__device__ float f(float x) { return __expf(x) + __fdividef(x, 2.0f) + __int2float_rn(3); }\n",
    "__device__ int g(int a, int b) { return __dp4a(a, b, 0) + __popc(a) + __float2int_rn(1.5f); }\n",
    'extern "C" __global__ void __launch_bounds__(256) j(float* x) '
    '{ extern __shared__ float s[]; s[0] = x[0]; }\n',
])  # fmt: skip
def test_ordinary_device_code_passes(source):
    check_rules(source + GOOD)


@pytest.mark.parametrize(
    "path", [p for p in sorted(KERNELS.glob("*.cu")) if p.stem != "matmul"], ids=lambda p: p.stem
)
def test_the_projects_own_kernels_would_pass_as_a_students(path):
    check_rules(path.read_text())


def test_a_source_of_megabytes_is_refused_before_it_is_read():
    with pytest.raises(CompileError, match="1,000,000 characters; this one has 1,000,003"):
        check_rules("// " + "x" * MOST_CHARACTERS)

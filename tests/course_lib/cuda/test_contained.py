"""A kernel's code cannot change what the inspector says of it, though both share a process.

Each kernel writes 7 where its memory is mapped and none of its own, in one of the ways that C++ has, and then
tells whether the 7 is there: as well as this place it could have hit the inspector's notes or its report.
"""

import numpy as np
import pytest

from course_lib import cuda
from course_lib.cuda.compiler import compilers
from course_lib.cuda.module import Module
from course_lib.cuda.rules import check_rules

pytestmark = pytest.mark.needs("compiler")
COMPILERS = pytest.mark.parametrize("compiler", compilers(), ids=lambda compiler: compiler.command[0])
TYPES = """
struct S { long long v[6]; };
struct D { long long v[6]; __device__ D(int n) { for (int i = 0; i < 6; i++) v[i] = 7 + 0 * n; } };
__device__ __noinline__ S make(int n) { S s; for (int i = 0; i < 6; i++) s.v[i] = 7 + 0 * n; return s; }
__device__ __noinline__ void fill(long long* p, long long i) { p[i] = 7; }
"""
# The last pages of the memory that holds all stacks: mapped, and nobody's.
KERNEL = """
extern "C" __global__ void {name}(const float* a, float* b, int n) {{
  unsigned long long anchor = n;
  unsigned long long* volatile known = &anchor;
  unsigned long long wild = ((unsigned long long)known & ~((1ull << 27) - 1)) + (1ull << 27) - 8192;
  long long t[4] = {{n, n, n, n}}, x = n;
  S s = make(n);
  volatile long long* seen = (volatile long long*)wild;
  {body}
  b[1] = t[n % 4] + x + s.v[n % 6];
  b[0] = *seen;
}}
"""
WAYS = {
    "pointer": "*seen = 7;",
    "struct_copied": "*(S*)wild = s;",
    "struct_returned": "*(S*)wild = make(n);",
    "struct_constructed": "*(D*)wild = D(n);",
    "long_double": "*(long double*)wild = 7;",
    "vector": "*(float4*)wild = make_float4(7, 7, 7, 7);",
    "half_precision": "*(__half*)wild = __float2half(7.0f);",
    "atomic": "atomicAdd((int*)wild, 7);",
    "exchange": "atomicExch((float*)wild, 7.0f);",
    "compare_and_swap": "atomicCAS((int*)wild, 0, 7);",
    "cache_hint": "__stcg((int*)wild, 7);",
    "reference": "long long (&r)[6] = *(long long (*)[6])wild; r[0] = 7;",
    "local_array": "t[((long long)wild - (long long)t) / 8] = 7;",
    "below_a_local_array": "seen = t - 5120; t[-160 * n] = 7;",
    "member": "s.v[((long long)wild - (long long)&s) / 8] = 7;",
    "either_of_two": "long long* p = n > 3 ? t : s.v; p[((long long)wild - (long long)p) / 8] = 7;",
    "callee": "fill(t, ((long long)wild - (long long)t) / 8);",
    "lambda": "auto f = [&](long long i) { t[i] = 7; }; f(((long long)wild - (long long)t) / 8);",
    "mathematics": "frexpf(1.0f, (int*)wild);",
    "sine_and_cosine": "sincosf(1.0f, (float*)wild, (float*)wild + 1);",
    "warp_operation": "__match_all_sync(0xffffffffu, n, (int*)wild);",
    "print": 'printf("1234567%n", (int*)wild);',
    "print_with_a_format_made_here":
        "char f[4]; f[0] = '1'; f[1] = '%'; f[2] = 'n'; f[3] = 0; printf(f, (int*)wild);",
    "jump_table": "switch (n) { case 1: x = 4; break; case 2: x = 9; break; case 3: x = 12; break; "
        "case 4: x = 1; break; case 5: x = 99; break; default: x = 7; } *(volatile long long*)wild = x;",
}  # fmt: skip


@pytest.fixture(scope="module", params=compilers(), ids=lambda compiler: compiler.command[0])
def attackers(request):
    source = TYPES + "".join(KERNEL.format(name=name, body=body) for name, body in WAYS.items())
    check_rules(source)
    return Module(source, "kernel.cu", "host", compiler=request.param)


def _inspected(module, name="k", a=None):
    a, b = np.ones(64, np.float32) if a is None else a, np.zeros(64, np.float32)
    return module.inspect(name, 1, 1, (a, b, np.int32(32))), b


@pytest.mark.parametrize("way", WAYS)
def test_no_write_reaches_memory_that_is_not_the_kernels(attackers, way):
    report, b = _inspected(attackers, way)
    assert not report.ok
    assert b[0] == 0


def _student(body: str, compiler, before: str = "") -> Module:
    source = f'{before}\nextern "C" __global__ void k(const float* a, float* b, int n) {{ {body} }}'
    check_rules(source)
    return Module(source, "kernel.cu", "host", compiler=compiler)


@COMPILERS
@pytest.mark.parametrize("body", [
    # where returns go: everything above a local variable that a function was given
    "unsigned long long x[2] = {1, 1}; unsigned long long* volatile p = x; "
    "for (int i = 0; i < 200; i++) p[i] = 0; b[0] = x[0] + 1;",
    # the scheduler's own notes on its threads
    "int x = n; int* volatile p = &x;"
    "*(volatile int*)((unsigned long long)p & ~((1ull << 27) - 1)) = 0; b[0] = 1;",
    # the library's memory, where the inspector keeps what it knows
    "static int here; *(volatile int*)((unsigned long long)&here + 4 * n) = 1; b[0] = 1;",
])  # fmt: skip
def test_what_leads_the_process_is_not_overwritten(compiler, body):
    report, b = _inspected(_student(body, compiler))
    assert {finding.kind for finding in report.findings} <= {"out of bounds", "crash"}
    assert report.findings
    assert b[0] == 0


@COMPILERS
@pytest.mark.parametrize(("before", "body", "why"), [
    ("", "((void (*)())(unsigned long long)a)(); b[0] = 1;", "a call through a pointer cannot be inspected"),
    ("__device__ int f(int n) { return n > 1 ? n * f(n - 1) + f(n - 2) : 1; }", "b[0] = f(n);",
     "a function that calls itself cannot be inspected"),
    ("__device__ int g(int n); __device__ int f(int n) { return n > 1 ? g(n - 1) * n + 1 : 1; }"
     "__device__ int g(int n) { return n > 1 ? f(n - 1) + f(n / 2) : 2; }", "b[0] = f(n);",
     "a function that calls itself cannot be inspected"),
    ("", "float t[n]; t[0] = a[0]; b[0] = t[n - n];", "variable length array"),
])  # fmt: skip
def test_what_could_leave_the_inspectors_sight_is_refused(compiler, before, body, why):
    with pytest.raises(cuda.CompileError, match=why):
        _inspected(_student(body, compiler, before))


@COMPILERS
def test_honest_local_variables_and_structs_are_left_alone_and_counted_as_before(compiler):
    before = "struct P { float v[8]; }; __device__ P twice(P p) { for (float& x : p.v) x *= 2; return p; }"
    body = (
        "P p; float acc[4] = {}; for (int i = 0; i < 8; i++) p.v[i] = a[i]; p = twice(p);"
        "for (int i = 0; i < n; i++) acc[i % 4] += p.v[i % 8]; int e; frexpf(acc[0], &e);"
        "for (int i = 0; i < 4; i++) b[i] = acc[i] + e * 0;"
    )
    report, b = _inspected(_student(body, compiler, before), a=np.arange(64, dtype=np.float32))
    assert report.ok, str(report)
    assert b[:4].tolist() == [32, 48, 64, 80]
    assert (report.reads, report.writes) == ({"a": 8, "b": 0}, {"a": 0, "b": 4})


@COMPILERS
def test_structs_copied_whole_are_counted(compiler):
    before = "struct P { float v[8]; };"
    report, _ = _inspected(_student("((P*)b)[0] = ((const P*)a)[1];", compiler, before))
    assert report.ok, str(report)
    assert (report.reads, report.writes) == ({"a": 8, "b": 0}, {"a": 0, "b": 8})

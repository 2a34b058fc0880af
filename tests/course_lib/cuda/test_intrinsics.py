"""CUDA's functions on the host against their definition, and its types as every compiler sees them."""

import numpy as np
import pytest
from scipy import special

from course_lib.cuda.compiler import compilers
from course_lib.cuda.module import Module
from course_lib.cuda.rules import check_rules
from course_lib.seeds import stream

pytestmark = pytest.mark.needs("compiler")
FUNCTIONS = {
    "sinpif(x)": lambda x: np.sin(np.pi * x.astype(float)),
    "cospif(x)": lambda x: np.cos(np.pi * x.astype(float)),
    "rcbrtf(x)": lambda x: 1 / np.cbrt(x.astype(float)),
    "normcdff(x)": lambda x: special.ndtr(x.astype(float)),
    "(float)exp10((double)x)": lambda x: 10.0 ** x.astype(float),
    "rhypotf(x, 2.0f)": lambda x: 1 / np.hypot(x.astype(float), 2),
    "norm3df(x, 1.0f, 2.0f)": lambda x: np.sqrt(x.astype(float) ** 2 + 5),
    "scalbnf(x, 3)": lambda x: x * 8,
    "(float)ilogbf(x)": lambda x: np.floor(np.log2(np.abs(x.astype(float)))),
    "fraction_of(x)": lambda x: np.frexp(x)[0] + 10 * np.frexp(x)[1],
    "whole_of(x)": np.trunc,
    "(float)__double2uint_rn((double)fabsf(x) * 100)": lambda x: np.rint(np.abs(x.astype(float)) * 100),
    "(float)__float2ull_rz(fabsf(x) * 100)": lambda x: np.trunc(np.abs(x) * np.float32(100)),
    "(float)__ddiv_rn(1.0, __dsub_rn(x, 100.0))": lambda x: 1 / (x.astype(float) - 100),
    "__half2float(hfloor(__float2half(x)))": lambda x: np.floor(x.astype(np.float16)),
    "__half2float(htanh(__float2half(x)))": lambda x: np.tanh(x.astype(np.float16).astype(float)),
    "(float)__half2int_rz(__float2half(x))": lambda x: np.trunc(x.astype(np.float16)),
    "(float)__hge(__float2half(x), __float2half(1.0f))": lambda x: x.astype(np.float16) >= 1,
    "pair_of(x)": lambda x: -(2 * x.astype(np.float16)).astype(float) - 1,
    "__bfloat162float(__high2bfloat16(__halves2bfloat162(0.0f, __float2bfloat16(x))))":
        lambda x: np.round(x.view(np.uint32) / 65536).astype(np.uint32).__lshift__(16).view(np.float32),
}  # fmt: skip
HELPERS = """
__device__ float fraction_of(float x) { int e; float f = frexpf(x, &e); return f + 10 * e; }
__device__ float whole_of(float x) { float w, f = modff(x, &w); return f + w == x ? w : 1e9f; }
__device__ float pair_of(float x) {
    half2 h = __float2half2_rn(x);
    h += h;
    h = -h;
    return __half2float(h.x) - __half2float(__heq2(h, h).y);
}
"""


def test_functions_follow_their_definition():
    lines = "".join(f"    y[{k} * 64 + i] = {text};\n" for k, text in enumerate(FUNCTIONS))
    head = "const float* v, float* y) {\n    int i = threadIdx.x;\n    float x = v[i];\n"
    kernel = f'extern "C" __global__ void k({head}{lines}}}\n'
    check_rules(HELPERS + kernel)
    x = stream("intrinsics").uniform(-4, 4, 64).astype(np.float32)
    y = np.zeros((len(FUNCTIONS), 64), np.float32)
    Module(HELPERS + kernel, "test.cu", "host")["k"](1, 64, (x, y))
    for got, (text, definition) in zip(y, FUNCTIONS.items(), strict=True):
        rtol = 2e-3 if "half" in text else 3e-6
        np.testing.assert_allclose(got, definition(x).astype(float), rtol=rtol, atol=1e-6, err_msg=text)


def test_wide_integer_intrinsics_follow_their_definition():
    rng = stream("wide")
    a, b = rng.integers(-(2**63), 2**63, (2, 64), dtype=np.int64)
    out = np.zeros((64, 9), np.int64)
    source = """extern "C" __global__ void k(const long long* a, const long long* b, long long* out) {
    int i = threadIdx.x, x = (int)a[i], y = (int)b[i];
    long long* o = out + 9 * i;
    o[0] = __mul64hi(a[i], b[i]); o[1] = __umul64hi(a[i], b[i]); o[2] = __brevll(a[i]);
    o[3] = __hadd(x, y); o[4] = __rhadd(x, y); o[5] = __sad(x, y, 0);
    o[6] = __funnelshift_lc(x, y, 40); o[7] = __funnelshift_rc(x, y, 40); o[8] = __dp2a_hi(x, y, 1);
}
"""
    check_rules(source)
    Module(source, "test.cu", "host")["k"](1, 64, (a, b, out))
    for p, q, got in zip(a.tolist(), b.tolist(), out.tolist(), strict=True):
        x, y = (int(np.int64(v).astype(np.int32)) for v in (p, q))
        up, uq = p % 2**64, q % 2**64
        halves, byte = np.array([x], np.int32).view(np.int16), np.array([y], np.int32).view(np.int8)
        expected = [
            p * q >> 64, up * uq >> 64, int(f"{up:064b}"[::-1], 2), (x + y) >> 1, (x + y + 1) >> 1,
            abs(x - y) % 2**32, x % 2**32, y % 2**32,
            int(halves[0]) * int(byte[2]) + int(halves[1]) * int(byte[3]) + 1,
        ]  # fmt: skip
        assert got == [(value + 2**63) % 2**64 - 2**63 for value in expected]


def test_atomics_of_every_scope_and_of_pairs_lose_nothing():
    source = """extern "C" __global__ void k(int* n, half2* h, unsigned* u) {
    atomicAdd_block(&n[0], 1); atomicSub_system(&n[1], 1); atomicOr_block(&n[2], 1 << threadIdx.x % 8);
    atomicMax_system(&n[3], (int)threadIdx.x); atomicDec_block(u, 9u);
    atomicAdd(h, __floats2half2_rn(1.0f, 2.0f));
}
"""
    check_rules(source)
    n, h, u = np.zeros(4, np.int32), np.zeros(2, np.float16), np.zeros(1, np.uint32)
    Module(source, "test.cu", "host")["k"](8, 64, (n, h, u))
    assert n.tolist() == [512, -512, 255, 63]
    assert h.tolist() == [512, 1024]
    assert u[0] == 8  # 512 steps down through 10 values


@pytest.mark.parametrize("inspected", [False, True])
@pytest.mark.parametrize("name", ["g++", pytest.param("clang++", marks=pytest.mark.needs("clang"))])
def test_a_vectors_braces_may_hold_fewer_values_than_it_has(name, inspected):
    source = """extern "C" __global__ void k(const float4* x, float* y) {
    constexpr int2 fixed = {1, 2};
    float4 sum = {0}, some = {x[0].y};
    float3 three{};
    struct { float4 v; int n; } held = {x[1], 3};
    half2 pair = {};
    sum.x += some.x + some.w + three.z + held.v.w + held.n + fixed.y + float(pair.y);
    y[0] = sum.x;
}
"""
    compiler = next(c for c in compilers() if c.name == name)
    x, y = np.arange(8, dtype=np.float32), np.zeros(1, np.float32)
    module = Module(source, "test.cu", "host", compiler=compiler)
    if inspected:
        assert module.inspect("k", 1, 1, (x, y)).ok
    else:
        module["k"](1, 1, (x, y))
    assert y[0] == 1 + 7 + 3 + 2

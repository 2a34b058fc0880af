"""CUDA's types and functions on the host: atomics, half, conversions, intrinsics, templates, 3-D launches."""

import numpy as np
import pytest

from course_lib.cuda.module import Module
from course_lib.seeds import stream

pytestmark = pytest.mark.needs("compiler")


def _module(body: str, parameters: str, before: str = "") -> Module:
    return Module(f'{before}\nextern "C" __global__ void k({parameters}) {{\n{body}\n}}\n', "test.cu", "host")


def test_atomics_of_all_types_lose_nothing_across_blocks():
    body = """
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    atomicAdd(&n[0], 1); atomicSub(&n[1], 1); atomicMax(&n[2], i); atomicMin(&n[3], -i);
    atomicOr(&n[4], 1 << (i % 31)); atomicXor(&n[5], i);
    atomicAdd(f, 0.5f); atomicAdd(d, 0.25); atomicAdd(u, 3ull); atomicInc(w, 99u);
    int old = n[6], seen;
    do { seen = old; old = atomicCAS(&n[6], seen, seen + 2); } while (old != seen);
    """
    n, f, d = np.zeros(7, np.int32), np.zeros(1, np.float32), np.zeros(1)
    u, w = np.zeros(1, np.uint64), np.zeros(1, np.uint32)
    module = _module(body, "int* n, float* f, double* d, unsigned long long* u, unsigned* w")
    module["k"](50, 128, (n, f, d, u, w))
    expected = [6400, -6400, 6399, -6399, 2**31 - 1, np.bitwise_xor.reduce(np.arange(6400)), 12800]
    np.testing.assert_array_equal(n, np.array(expected, np.int64).astype(np.int32))
    assert (f[0], d[0], u[0], w[0]) == (3200, 1600, 19200, 0)


def test_a_lock_taken_by_every_thread_of_a_block_is_passed_on():
    body = """
    while (atomicCAS(lock, 0, 1) != 0) {}
    *(volatile int*)count = *(volatile int*)count + 1;
    __threadfence();
    atomicExch(lock, 0);
    """
    lock, count = np.zeros(1, np.int32), np.zeros(1, np.int32)
    _module(body, "int* lock, int* count")["k"](4, 64, (lock, count))
    assert count[0] == 256


def test_half_converts_like_numpy_in_both_directions():
    bits = np.arange(65536, dtype=np.uint16)
    halves, out = bits.view(np.float16), np.zeros(65536, np.float32)
    _module("int i = blockIdx.x * 256 + threadIdx.x; y[i] = __half2float(x[i]);", "const half* x, float* y")[
        "k"
    ](256, 256, (halves, out))
    np.testing.assert_array_equal(out, halves.astype(np.float32))

    rng = stream("half")
    x = (rng.normal(size=65536) * 10.0 ** rng.integers(-9, 6, 65536)).astype(np.float32)
    x[:6] = [np.inf, -np.inf, np.nan, 65519.996, 65520, 2.0**-25]
    back = np.zeros(65536, np.float16)
    _module("int i = blockIdx.x * 256 + threadIdx.x; y[i] = __float2half(x[i]);", "const float* x, half* y")[
        "k"
    ](256, 256, (x, back))
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(back, x.astype(np.float16))


def test_bfloat16_rounds_to_nearest_even_like_torch():
    torch = pytest.importorskip("torch")
    x = stream("bfloat16").normal(size=4096).astype(np.float32)
    x[:3] = [1.00390625, 1.01171875, np.inf]
    out = np.zeros(4096, np.uint16)
    _module(
        "int i = blockIdx.x * 256 + threadIdx.x; y[i] = __float2bfloat16(x[i]);",
        "const float* x, __nv_bfloat16* y",
    )["k"](16, 256, (x, out))
    expected = torch.from_numpy(x).to(torch.bfloat16).view(torch.uint16).numpy()
    np.testing.assert_array_equal(out, expected)


def test_conversions_saturate_as_on_a_gpu():
    x = np.array([np.nan, np.inf, -np.inf, 3e9, -3e9, 2.5, 3.5, -2.5, -0.5, 2147483520.0], np.float32)
    y, u = np.zeros(10, np.int32), np.zeros(10, np.uint32)
    body = "int i = threadIdx.x; y[i] = __float2int_rn(x[i]); u[i] = __float2uint_rz(x[i]);"
    _module(body, "const float* x, int* y, unsigned* u")["k"](1, 10, (x, y, u))
    top = 2**31 - 1
    assert y.tolist() == [0, top, -top - 1, top, -top - 1, 2, 4, -2, 0, 2147483520]
    assert u.tolist() == [0, 2**32 - 1, 0, 3_000_000_000, 0, 2, 3, 0, 0, 2147483520]


def test_integer_intrinsics_follow_their_definition():
    rng = stream("integers")
    a, b = rng.integers(0, 2**32, 256, dtype=np.uint32), rng.integers(0, 2**32, 256, dtype=np.uint32)
    a[0] = 0
    out = np.zeros((256, 7), np.int64)
    body = """
    int i = threadIdx.x; unsigned x = a[i], y = b[i]; long long* o = out + 7 * i;
    o[0] = __popc(x); o[1] = __clz(x); o[2] = __ffs(x); o[3] = __brev(x); o[4] = __umulhi(x, y);
    o[5] = __dp4a((int)x, (int)y, 5); o[6] = __byte_perm(x, y, 0x7250);
    """
    _module(body, "const unsigned* a, const unsigned* b, long long* out")["k"](1, 256, (a, b, out))
    for (x, y), got in zip(zip(a.tolist(), b.tolist(), strict=True), out.tolist(), strict=True):
        text = f"{x:032b}"
        dot = np.array([x], np.uint32).view(np.int8).astype(int) @ np.array([y], np.uint32).view(
            np.int8
        ).astype(int)
        source = x.to_bytes(4, "little") + y.to_bytes(4, "little")
        permuted = int.from_bytes(bytes(source[k] for k in (0, 5, 2, 7)), "little")
        first = text[::-1].find("1") + 1
        assert got == [
            text.count("1"),
            len(text) - len(text.lstrip("0")),
            first,
            int(text[::-1], 2),
            x * y >> 32,
            dot + 5,
            permuted,
        ]


def test_threads_of_a_three_dimensional_launch_have_their_own_indices():
    body = """
    int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    y[block * blockDim.x * blockDim.y * blockDim.z + thread] += 1;
    """
    y = np.zeros(2 * 3 * 4 * 5 * 6 * 7, np.int32)
    _module(body, "int* y")["k"]((2, 3, 4), (5, 6, 7), (y,))
    assert (y == 1).all()


def test_templates_device_functions_and_constants_work_together():
    before = """
    __constant__ float table[4] = {1.0f, 10.0f, 100.0f, 1000.0f};
    template <int N, class T> __device__ T total(const T* x) { T sum = 0; for (int i = 0; i < N; ++i) sum +=
    x[i]; return sum; } struct Pair { float value; int index; }; __device__ Pair larger(Pair a, Pair b) {
    return a.value < b.value ? b : a; }
    """
    y = np.zeros(3, np.float32)
    body = (
        "Pair p = larger(Pair{2.0f, 0}, Pair{3.0f, 1}); y[0] = total<4>(table); y[1] = p.value; y[2] "
        "= p.index;"
    )
    _module(body, "float* y", before)["k"](1, 1, (y,))
    assert y.tolist() == [1111, 3, 1]


def test_a_template_has_shared_memory_of_its_own_for_each_size():
    before = """
    template <int N> __device__ int filled() {
        __shared__ int cells[N];
        for (int i = threadIdx.x; i < N; i += blockDim.x) cells[i] = N;
        __syncthreads();
        int sum = 0;
        for (int i = 0; i < N; ++i) sum += cells[i];
        return sum;
    }
    """
    y = np.zeros(2, np.int32)
    body = "int a = filled<8>(), b = filled<40>(); if (threadIdx.x == 0) { y[0] = a; y[1] = b; }"
    _module(body, "int* y", before)["k"](1, 32, (y,))
    assert y.tolist() == [64, 1600]


@pytest.mark.parametrize("threads", [1, 31, 33, 1000, 1024])
def test_dynamic_and_static_shared_memory_of_every_block_are_its_own(threads):
    body = """
    extern __shared__ float room[];
    __shared__ int extra[1024], last;
    int t = threadIdx.x;
    room[t] = blockIdx.x + t; extra[t] = t;
    if (t == 0) last = blockDim.x - 1;
    __syncthreads();
    y[blockIdx.x * blockDim.x + t] = room[last - t] + extra[last - t];
    """
    y = np.zeros((7, threads), np.float32)
    _module(body, "float* y")["k"](7, threads, (y,), shared_mem=4 * threads)
    t = np.arange(threads)
    np.testing.assert_array_equal(y, np.arange(7)[:, None] + 2 * (threads - 1 - t))


def test_vectors_and_half_pairs_compute():
    body = """
    float4 v = reinterpret_cast<const float4*>(x)[0];
    half2 h = __hadd2(__floats2half2_rn(v.x, v.y), __float2half2_rn(1.0f));
    float2 f = __half22float2(h);
    y[0] = v.x + v.w; y[1] = f.x; y[2] = f.y; y[3] = float(__float2half(0.1f) * __float2half(3.0f));
    """
    x, y = np.array([1, 2, 3, 4], np.float32), np.zeros(4, np.float32)
    _module(body, "const float* x, float* y")["k"](1, 1, (x, y))
    assert y.tolist() == [5, 2, 3, float(np.float16(0.1) * np.float16(3))]

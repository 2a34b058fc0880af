"""Shuffles, votes, matches and reductions against their definition in NumPy, for any values and widths."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.cuda.module import Module

pytestmark = pytest.mark.needs("compiler")
SOURCE = r"""
extern "C" __global__ void shuffles(const int* x, int* out, int argument, int width) {
    int t = threadIdx.x, v = x[t];
    out[t] = __shfl_sync(0xffffffffu, v, argument, width);
    out[32 + t] = __shfl_up_sync(0xffffffffu, v, argument, width);
    out[64 + t] = __shfl_down_sync(0xffffffffu, v, argument, width);
    out[96 + t] = __shfl_xor_sync(0xffffffffu, v, argument, width);
}
extern "C" __global__ void votes(const int* x, unsigned* out, unsigned mask) {
    int t = threadIdx.x, same, v = x[t];
    if (!(mask >> t & 1)) return;
    unsigned* mine = out + t * 12;
    mine[0] = __all_sync(mask, v > 0);
    mine[1] = __any_sync(mask, v > 0);
    mine[2] = __ballot_sync(mask, v > 0);
    mine[3] = __match_any_sync(mask, v);
    mine[4] = __match_all_sync(mask, v, &same);
    mine[5] = same;
    mine[6] = __reduce_add_sync(mask, (unsigned)v);
    mine[7] = __reduce_min_sync(mask, v);
    mine[8] = __reduce_max_sync(mask, v);
    mine[9] = __reduce_and_sync(mask, (unsigned)v);
    mine[10] = __reduce_or_sync(mask, (unsigned)v);
    mine[11] = __reduce_xor_sync(mask, (unsigned)v);
}
extern "C" __global__ void barriers(const int* x, int* out) {
    int t = threadIdx.x, p = x[t] > 0;
    out[t] = __syncthreads_count(p);
    out[64 + t] = __syncthreads_and(p);
    out[128 + t] = __syncthreads_or(p);
}
extern "C" __global__ void types(const double* d, const long long* l, double* dd, long long* ll, float* h) {
    int t = threadIdx.x;
    dd[t] = __shfl_xor_sync(0xffffffffu, d[t], 1);
    ll[t] = __shfl_xor_sync(0xffffffffu, l[t], 1);
    h[t] = __half2float(__shfl_xor_sync(0xffffffffu, __float2half((float)t), 1));
}
"""
LANES = np.arange(32)


@pytest.fixture(scope="module")
def module():
    return Module(SOURCE, "warp.cu", "host")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 31), st.sampled_from([2, 4, 8, 16, 32]), st.integers(0, 2**31 - 1))
def test_shuffles_follow_their_definition(module, argument, width, seed):
    x = np.random.default_rng(seed).integers(-1000, 1000, 32, dtype=np.int32)
    out = np.zeros(128, np.int32)
    module["shuffles"](1, 32, (x, out, argument, width))
    base = LANES // width * width
    up, down, xor = LANES - argument, LANES + argument, LANES ^ argument
    sources = [
        base + argument % width,
        np.where(up >= base, up, LANES),
        np.where(down < base + width, down, LANES),
        np.where(xor < base + width, xor, LANES),
    ]
    np.testing.assert_array_equal(out.reshape(4, 32), [x[source] for source in sources])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 2**32 - 1), st.lists(st.integers(-3, 3), min_size=32, max_size=32))
def test_votes_matches_and_reductions_cover_exactly_the_mask(module, mask, values):
    x, out = np.array(values, np.int32), np.zeros((32, 12), np.uint32)
    module["votes"](1, 32, (x, out, mask))
    lanes = [lane for lane in range(32) if mask >> lane & 1]
    inside = x[lanes]
    bits = inside.view(np.uint32)
    same = len(set(inside)) == 1
    expected = [
        (inside > 0).all(), (inside > 0).any(), sum(1 << lane for lane in lanes if x[lane] > 0), 0,
        mask if same else 0, same, bits.sum(dtype=np.uint32),
        inside.min().view(np.uint32), inside.max().view(np.uint32),
        np.bitwise_and.reduce(bits), np.bitwise_or.reduce(bits), np.bitwise_xor.reduce(bits),
    ]  # fmt: skip
    for lane in lanes:
        expected[3] = sum(1 << other for other in lanes if x[other] == x[lane])
        np.testing.assert_array_equal(out[lane], np.array(expected, np.uint32))


@pytest.mark.parametrize("positive", [0, 1, 63, 64])
def test_barriers_count_and_combine_over_the_block(module, positive):
    x = np.where(np.arange(64) < positive, 1, -1).astype(np.int32)
    out = np.zeros((3, 64), np.int32)
    module["barriers"](1, 64, (x, out))
    np.testing.assert_array_equal(out, np.repeat([[positive], [positive == 64], [positive > 0]], 64, axis=1))


def test_wide_and_half_types_travel_whole(module):
    d, whole = np.arange(32) / 7, np.arange(32, dtype=np.int64) << 40
    dd, ll, h = np.zeros(32), np.zeros(32, np.int64), np.zeros(32, np.float32)
    module["types"](1, 32, (d, whole, dd, ll, h))
    np.testing.assert_array_equal(dd, d[LANES ^ 1])
    np.testing.assert_array_equal(ll, whole[LANES ^ 1])
    np.testing.assert_array_equal(h, LANES ^ 1)

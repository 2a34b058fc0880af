"""Codes of a cache against exact rounding, the kernel that packs them, and their own size."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib import cuda, seeds
from course_lib.offload.quantized import quantize

CACHES = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=5),
    elements=st.one_of(
        st.just(0.0), st.floats(0.0009765625, 1024, width=32), st.floats(-1024, -0.0009765625, width=32)
    ),
)


@settings(max_examples=100, deadline=None)
@given(CACHES, st.sampled_from([4, 8]))
def test_every_value_comes_back_within_half_a_step_of_its_row(x, bits):
    codes = quantize(torch.from_numpy(x), bits)
    back = codes.restore().numpy()
    step = np.abs(x).max(axis=-1, keepdims=True) / (2 ** (bits - 1) - 1)
    assert back.shape == x.shape
    assert back.dtype == np.float32
    assert (np.abs(back - x) <= 0.5001 * step).all()
    assert (back[x == 0] == 0).all()


@settings(max_examples=50, deadline=None)
@given(CACHES, st.sampled_from([4, 8]))
def test_size_is_the_packed_codes_and_four_bytes_a_row(x, bits):
    rows, d = x.size // x.shape[-1], x.shape[-1]
    assert quantize(torch.from_numpy(x), bits).nbytes == rows * (-(-d * bits // 8) + 4)


def test_int8_shrinks_a_row_of_128_numbers_in_fp16_to_half_and_int4_to_a_quarter():
    kv = torch.randn(2, 3, 128)
    assert [quantize(kv, bits).nbytes / (2 * kv.numel()) for bits in (8, 4)] == [132 / 256, 68 / 256]


@pytest.mark.needs("compiler")
def test_codes_are_those_of_the_kernel_that_packs_a_cache():
    x = seeds.stream("test", "offload", "pack").normal(size=(3, 5, 37)).astype(np.float32)
    x[1, 2] = 0
    kernel = cuda.load("transfer")
    staging, scale = kernel.array(np.zeros_like(x, dtype=np.int8)), kernel.array(np.zeros((3, 5), np.float32))
    blocks = kernel.array(np.arange(3, dtype=np.int32))
    kernel["pack_blocks_int8"]((3, 3), (32, 2), (kernel.array(x), blocks, staging, scale, 5, 37))
    codes = quantize(torch.from_numpy(x), 8)
    assert np.array_equal(kernel.numpy(staging), codes.codes.numpy())
    np.testing.assert_allclose(kernel.numpy(scale), codes.scale[..., 0].numpy(), rtol=1e-6)


@pytest.mark.parametrize("bits", [2, 16])
def test_other_bits_are_refused(bits):
    with pytest.raises(ValueError, match="8 or 4"):
        quantize(torch.ones(3), bits)

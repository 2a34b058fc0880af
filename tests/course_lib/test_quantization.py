"""Quantization against its formulas, torch's own, and the properties that hold for every matrix."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib import quantization, seeds, training
from course_lib.quantization import CALIBRATIONS, GRANULARITIES, quantize, signal_to_noise

MATRICES = arrays.arrays(
    np.float64,
    arrays.array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.floats(-1e6, 1e6, width=32),
)
BITS = st.integers(2, 16)


def normal(*shape, seed=0):
    return seeds.stream("test", "quantization", seed=seed).normal(size=shape)


@settings(max_examples=60, deadline=None)
@given(MATRICES, BITS, st.sampled_from(GRANULARITIES), st.booleans(), st.integers(1, 5))
def test_no_value_moves_by_more_than_half_a_step_of_its_block(x, bits, granularity, symmetric, group):
    q = quantize(x, bits, granularity, symmetric=symmetric, group=group)
    step = np.repeat(q.scale, q.group, axis=1)[:, : x.shape[1]]
    assert (np.abs(q.dequantize() - x) <= 0.5 * step * (1 + 1e-6) + 1e-6 * np.abs(x)).all()


@settings(max_examples=60, deadline=None)
@given(MATRICES, BITS, st.sampled_from(GRANULARITIES), st.booleans())
def test_codes_fit_their_bits_and_zero_is_one_of_them(x, bits, granularity, symmetric):
    q = quantize(x, bits, granularity, symmetric=symmetric, group=3)
    most = 2 ** (bits - 1) - 1
    low, high = (-most, most) if symmetric else (0, 2**bits - 1)
    assert q.codes.dtype.kind in "iu"
    assert q.codes.shape == x.shape
    assert low <= q.codes.min() <= q.codes.max() <= high
    assert (q.dequantize()[x == 0] == 0).all()


@settings(max_examples=40, deadline=None)
@given(MATRICES, BITS, st.sampled_from(GRANULARITIES), st.booleans())
def test_quantizing_again_changes_nothing(x, bits, granularity, symmetric):
    q = quantize(x, bits, granularity, symmetric=symmetric, group=4)
    grid = np.float64(q.scale), q.zero_point
    again = quantization._codes(
        quantization._blocks(q.dequantize().astype(np.float64), granularity, 4),
        grid[0][..., None], grid[1][..., None], bits, symmetric,
    )  # fmt: skip
    assert np.array_equal(again[~np.isnan(again)].reshape(x.shape), q.codes)


def test_known_example():
    q = quantize([[-0.9, -0.1, 0, 0.3, 0.7, 1.0]], 8, symmetric=False)
    assert q.scale[0, 0] == pytest.approx(1.9 / 255)
    assert q.zero_point[0, 0] == 121
    assert q.codes.tolist() == [[0, 108, 121, 161, 215, 255]]


@pytest.mark.parametrize("bits", [3, 8])
def test_codes_per_channel_are_torchs(bits):
    x = normal(7, 33)
    q = quantize(x, bits, "channel", symmetric=False)
    expected = torch.fake_quantize_per_channel_affine(
        torch.tensor(x),
        torch.tensor(q.scale[:, 0]).float(),
        torch.tensor(q.zero_point[:, 0]).int(),
        0,
        0,
        2**bits - 1,
    )
    assert np.allclose(q.dequantize(), expected, atol=1e-6)


def test_bad_row_spoils_the_others_per_tensor_only():
    x = normal(16, 64)
    x[3] *= 1000
    good = np.arange(16) != 3
    decibels = {g: signal_to_noise(x[good], quantize(x, 8, g).dequantize()[good]) for g in GRANULARITIES}
    assert decibels["tensor"] < 1
    assert decibels["channel"] > 35
    assert decibels["group"] >= decibels["channel"]


def test_group_of_a_whole_row_is_a_channel():
    x = normal(5, 11)
    for group in (11, 50):
        q, channel = quantize(x, 4, "group", group=group), quantize(x, 4, "channel")
        assert np.array_equal(q.codes, channel.codes)
        assert np.array_equal(q.scale, channel.scale)


@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_shorter_last_group_is_calibrated_by_its_own_values(calibration):
    x = normal(3, 10)
    q = quantize(x, 4, "group", group=4, calibration=calibration)
    last = quantize(x[:, 8:], 4, "channel", calibration=calibration)
    assert np.array_equal(q.codes[:, 8:], last.codes)
    assert np.allclose(q.scale[:, 2:], last.scale)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_least_squares_is_never_worse_than_the_whole_range(bits, symmetric):
    x = seeds.stream("test", "tails").standard_t(4, size=(4, 2048))
    decibels = [
        signal_to_noise(
            x, quantize(x, bits, "channel", symmetric=symmetric, calibration=c).dequantize(), axis=1
        )
        for c in ("minmax", "least_squares")
    ]
    assert (decibels[1] >= decibels[0] - 1e-4).all()


def test_clipping_helps_heavy_tails_at_4_bits_and_hurts_at_8():
    x = seeds.stream("test", "tails").standard_t(4, size=(1, 32768))
    gain = {}
    for bits in (4, 8):
        cut, whole = (quantize(x, bits, calibration=c).dequantize() for c in ("percentile", "minmax"))
        gain[bits] = signal_to_noise(x, cut) - signal_to_noise(x, whole)
    assert gain[4] > 2
    assert gain[8] < -2


@pytest.mark.parametrize("bits", range(5, 12))
def test_a_bit_brings_six_decibels(bits):
    x = seeds.stream("test", "uniform").uniform(-1, 1, size=(1, 100_000))
    low, high = (
        float(signal_to_noise(x, quantize(x, b, symmetric=False).dequantize())) for b in (bits, bits + 1)
    )
    assert low == pytest.approx(20 * np.log10(2**bits - 1), abs=0.1)
    assert high - low == pytest.approx(20 * np.log10((2 ** (bits + 1) - 1) / (2**bits - 1)), abs=0.1)


def test_signal_to_noise_at_its_ends():
    assert signal_to_noise([1, 2], [1, 2]) == np.inf
    assert signal_to_noise([0, 0], [0, 1]) == -np.inf
    assert signal_to_noise([10], [9]) == pytest.approx(20)
    assert signal_to_noise(np.ones((3, 4)), np.full((3, 4), 0.9), axis=1).shape == (3,)


@pytest.mark.parametrize(
    ("granularity", "symmetric", "expected"),
    [
        ("tensor", True, 28 + 2),
        ("channel", True, 28 + 10),
        ("group", True, 28 + 20),
        ("channel", False, 28 + 13),
    ],
)
def test_bytes_count_codes_scales_and_zero_points(granularity, symmetric, expected):
    assert quantize(normal(5, 11), 4, granularity, group=8, symmetric=symmetric).nbytes() == expected


def test_casts_lose_range_or_precision():
    assert quantization.cast([70000.0], "fp16")[0] == np.inf
    assert quantization.cast([70000.0], "bf16")[0] == pytest.approx(70000, rel=2**-8)
    assert quantization.cast([1.001], "bf16")[0] == 1.0
    assert quantization.cast([1.001], "fp16")[0] == pytest.approx(1.001, rel=2**-11)
    with pytest.raises(ValueError, match="bf16"):
        quantization.cast([1.0], "fp8")


@pytest.mark.parametrize(
    ("x", "options", "words"),
    [
        ([1.0, 2.0], {}, "matrix"),
        (np.zeros((0, 3)), {}, "at least one value"),
        ([[np.nan]], {}, "NaN"),
        ([[np.inf]], {}, "infinity"),
        ([[1.0]], {"bits": 1}, "from 2 to 16"),
        ([[1.0]], {"bits": 8.5}, "from 2 to 16"),
        ([[1.0]], {"granularity": "row"}, "'row'"),
        ([[1.0]], {"calibration": "best"}, "'best'"),
        ([[1.0]], {"group": 0}, "at least 1"),
        ([[1.0]], {"percentile": 50}, "percentile"),
    ],
)
def test_what_cannot_be_quantized_is_refused_by_name(x, options, words):
    with pytest.raises(ValueError, match=words):
        quantize(x, options.pop("bits", 8), **options)


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_quantized_network_is_the_network_with_rebuilt_weights(granularity):
    model = training.mlp([9, 7, 5])
    x = torch.tensor(normal(4, 9), dtype=torch.float32)
    quantized = quantization.quantize_network(model, 5, granularity, group=4)
    rebuilt = quantization.with_weights(model, lambda w: quantize(w, 5, granularity, group=4).dequantize())
    assert torch.allclose(quantized(x), rebuilt(x))
    assert torch.equal(model[0].weight, training.mlp([9, 7, 5])[0].weight), "the original stays as it was"


def test_integer_product_differs_only_by_the_rounding_of_its_input():
    model = training.mlp([64, 32])
    x = torch.tensor(normal(6, 64), dtype=torch.float32)
    weight_only, both = (
        quantization.quantize_network(model, 8, "channel", activation_bits=b)(x) for b in (None, 8)
    )
    rounded = torch.tensor(quantize(x.numpy(), 8, "channel").dequantize())
    expected = quantization.quantize_network(model, 8, "channel")(rounded)
    assert torch.allclose(both, expected, atol=1e-5)
    assert not torch.allclose(both, weight_only, atol=1e-5)


def test_integer_product_needs_one_symmetric_scale_a_row():
    for options in ({"granularity": "group"}, {"granularity": "channel", "symmetric": False}):
        with pytest.raises(ValueError, match="symmetric"):
            quantization.quantize_network(training.mlp([64, 3]), 8, activation_bits=8, **options)


@pytest.mark.parametrize("factor", [0.01, 3, 300])
def test_rescaled_network_computes_the_same_function(factor):
    model = training.mlp([9, 7, 5])
    x = torch.tensor(normal(50, 9), dtype=torch.float32)
    twin = quantization.rescale_unit(model, factor)
    assert torch.allclose(model(x), twin(x), atol=1e-5)
    changed = (model[0].weight != twin[0].weight).any(dim=1)
    assert changed.tolist() == (torch.arange(7) == model[0].weight.abs().amax(dim=1).argmax()).tolist()


def test_rescaling_refuses_what_relu_does_not_let_through():
    for factor in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="positive"):
            quantization.rescale_unit(training.mlp([3, 3, 3]), factor)


@pytest.mark.parametrize("seed", range(3))
def test_error_grows_with_depth_and_shrinks_with_bits(seed):
    weights = [normal(64, 64, seed=100 * seed + i) * (2 / 64) ** 0.5 for i in range(12)]
    x = normal(32, 64, seed=999)
    errors = {
        bits: quantization.error_through_depth(
            weights, x, lambda w, bits=bits: quantize(w, bits).dequantize()
        )
        for bits in (4, 8)
    }
    assert errors[4][-1] > 2 * errors[4][0]
    assert all(coarse > 8 * fine for coarse, fine in zip(errors[4], errors[8], strict=True))
    assert quantization.error_through_depth(weights, x, lambda w: w) == [0.0] * 12

"""kernels/quantize.cu against NumPy: exact codes, float64 for the rest, on sizes that fit no block."""

import math

import numpy as np
import pytest

from course_lib.seeds import stream
from tests.kernels.conftest import Out, relative_error

SHAPES = [(1, 1), (3, 7), (5, 255), (4, 256), (2, 257), (33, 100), (1, 4096), (2, 4100)]


def _reference(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes and scales of each row in float32, the kernel's own arithmetic."""
    with np.errstate(invalid="ignore", over="ignore"):
        scale = np.abs(x).max(axis=1) / np.float32(127)
        scale = np.where(scale == 0, np.float32(1), scale)
        codes = np.clip(np.rint(x / scale[:, None]), -127, 127)
    return np.nan_to_num(codes, nan=0).astype(np.int8), scale


def _quantize(backend, kernel: str, x: np.ndarray) -> list[np.ndarray]:
    rows, columns = x.shape
    outputs = Out(x.shape, np.int8), Out(rows)
    if kernel == "quantize_rows_serial":
        return backend.run("quantize", kernel, math.ceil(rows / 256), 256, (x, *outputs, rows, columns))
    return backend.run("quantize", kernel, rows, 256, (x, *outputs, columns))


LADDER = ["quantize_rows_serial", "quantize_rows", "quantize_rows_once"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kernel", LADDER)
def test_codes_and_scales_are_exactly_those_of_float32(backend, kernel, shape):
    x = stream("quantize", *shape).normal(size=shape).astype(np.float32)
    codes, scale = _quantize(backend, kernel, x)
    expected_codes, expected_scale = _reference(x)
    np.testing.assert_array_equal(scale, expected_scale)
    np.testing.assert_array_equal(codes, expected_codes)


@pytest.mark.parametrize("kernel", LADDER)
def test_no_value_moves_by_more_than_half_a_step(backend, kernel):
    x = stream("quantize", "step").standard_t(2, size=(17, 300)).astype(np.float32)
    codes, scale = _quantize(backend, kernel, x)
    error = np.abs(codes * scale.astype(np.float64)[:, None] - x)
    assert (error <= scale[:, None] * 0.5 * (1 + 1e-5)).all()


@pytest.mark.parametrize("kernel", LADDER)
def test_ties_go_to_even_codes(backend, kernel):
    x = np.array([[127, 0.5, 1.5, 2.5, -0.5, -1.5, 126.5, -127]], np.float32)
    codes, _ = _quantize(backend, kernel, x)
    assert codes.tolist() == [[127, 0, 2, 2, 0, -2, 126, -127]]


@pytest.mark.parametrize("kernel", LADDER)
def test_a_row_without_columns_or_of_zeros_has_scale_one(backend, kernel):
    _, scale = _quantize(backend, kernel, np.zeros((3, 0), np.float32))
    assert scale.tolist() == [1, 1, 1]
    codes, scale = _quantize(backend, kernel, np.zeros((3, 9), np.float32))
    assert scale.tolist() == [1, 1, 1]
    assert not codes.any()


@pytest.mark.parametrize("columns", [8, 9])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kernel", LADDER)
def test_a_nan_or_infinity_shows_in_its_row_and_nowhere_else(backend, kernel, bad, columns):
    x = np.ones((3, columns), np.float32)
    x[1, 5] = bad
    codes, scale = _quantize(backend, kernel, x)
    assert not np.isfinite(scale[1])
    assert not codes[1].any()
    np.testing.assert_array_equal(scale[[0, 2]], np.float32(1) / np.float32(127))
    assert (codes[[0, 2]] == 127).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (2, 257)])
def test_dequantize_gives_code_times_scale(backend, shape):
    rng = stream("dequantize", *shape)
    q, scale = rng.integers(-127, 128, shape, dtype=np.int8), rng.random(shape[0], dtype=np.float32)
    grid = (math.ceil(shape[1] / 256), shape[0])
    (x,) = backend.run("quantize", "dequantize_rows", grid, 256, (q, scale, Out(shape), shape[1]))
    np.testing.assert_array_equal(x, q * scale[:, None])


@pytest.mark.parametrize(("columns", "group"), [(1, 1), (7, 3), (64, 32), (65, 32)])
def test_int4_codes_unpack_with_their_sign_and_group(backend, columns, group):
    rng = stream("int4", columns)
    codes = rng.integers(-8, 8, (3, columns))
    scale = rng.random((3, math.ceil(columns / group)), dtype=np.float32)
    padded = np.zeros((3, columns + columns % 2), np.uint8)
    padded[:, :columns] = codes & 15
    packed = padded[:, 0::2] | padded[:, 1::2] << 4
    args = (packed, scale, Out((3, columns)), columns, group)
    (x,) = backend.run("quantize", "dequantize_int4", (math.ceil(columns / 256), 3), 256, args)
    np.testing.assert_array_equal(x, codes.astype(np.float32) * np.repeat(scale, group, axis=1)[:, :columns])


@pytest.mark.parametrize(("kernel", "shape"), [
    *(("int8_matvec_serial", shape) for shape in [(1, 1), (300, 33)]),
    *(("int8_matvec", shape) for shape in [(1, 1), (5, 31), (9, 100), (300, 33)]),
    *(("int8_matvec_dp4a", shape) for shape in [(1, 16), (5, 512), (9, 528)]),
])  # fmt: skip
def test_the_integer_product_is_exact_before_its_scales(backend, kernel, shape):
    rows, columns = shape
    rng = stream("matvec", *shape)
    w, x = rng.integers(-127, 128, shape, dtype=np.int8), rng.integers(-127, 128, columns, dtype=np.int8)
    w_scale = rng.random(rows, dtype=np.float32)
    launch = (math.ceil(rows / 256), 256) if kernel.endswith("serial") else (math.ceil(rows / 8), (32, 8))
    if kernel.endswith("dp4a"):
        w_given, x_given = w.view(np.int32), x.view(np.int32)
    else:
        w_given, x_given = w, x
    (y,) = backend.run(
        "quantize", kernel, *launch, (w_given, w_scale, x_given, 0.02, Out(rows), rows, columns)
    )
    exact = (w.astype(np.float64) @ x.astype(np.float64)) * w_scale * np.float64(np.float32(0.02))
    assert relative_error(y, exact) < 1e-6

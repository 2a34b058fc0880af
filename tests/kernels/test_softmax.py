"""kernels/softmax.cu against float64: masks, rows with nothing to see, short and long rows, gradients."""

import math

import numpy as np
import pytest

from course_lib.cuda.traffic import assert_traffic
from course_lib.seeds import stream
from tests.kernels.conftest import InOut, Out, relative_error
from tests.kernels.references import softmax

LADDER = ["softmax_naive", "softmax_block", "softmax_online", "softmax_warp", "softmax_fused"]
BACKWARD = ["softmax_backward_warp", "softmax_backward_fused"]
SHAPES = [(1, 1), (70, 31), (5, 32), (4, 33), (3, 1026), (1, 5000)]
TOLERANCE = dict.fromkeys(LADDER, 1e-6) | {"softmax_naive": 1e-5}  # one running sum loses more digits
WARP_COLUMNS = 32  # the widest row of the kernels that give a row to a warp


def _launch(kernel: str, rows: int, columns: int):
    """(grid, block) and whether the kernel takes the number of rows."""
    if kernel == "softmax_naive":
        return math.ceil(rows / 64), 64, True
    if "warp" in kernel:
        return math.ceil(rows / 4), (32, 4), True
    if "fused" in kernel:  # 16 values a thread
        return rows, 32 * max(1, math.ceil(columns / 512)), False
    return rows, 96, False


def _softmax(backend, kernel: str, x: np.ndarray, mask=None, repeat: int = 1, out=None) -> np.ndarray:
    rows, columns = x.shape
    grid, block, takes_rows = _launch(kernel, rows, columns)
    sizes = (rows, columns) if takes_rows else (columns,)
    args = (x, mask, out or Out(x.shape), *sizes, 1 if mask is None else len(mask), repeat)
    return backend.run("softmax", kernel, grid, block, args)[0]


def _fits(kernel: str, columns: int) -> bool:
    return "warp" not in kernel or columns <= WARP_COLUMNS


CASES = [(kernel, shape) for kernel in LADDER for shape in SHAPES if _fits(kernel, shape[1])]


@pytest.mark.parametrize(("kernel", "shape"), CASES)
def test_probabilities_are_close_to_float64(backend, kernel, shape):
    x = 4 * stream("softmax", *shape).normal(size=shape).astype(np.float32)
    assert (
        relative_error(_softmax(backend, kernel, x), softmax(x.astype(np.float64), axis=1))
        < TOLERANCE[kernel]
    )


@pytest.mark.parametrize(("kernel", "shape"), CASES)
def test_hidden_values_have_probability_zero_and_count_for_nothing(backend, kernel, shape):
    rng = stream("mask", *shape)
    x, mask = rng.normal(size=shape).astype(np.float32), (rng.random(shape) < 0.6).astype(np.uint8)
    mask[:, 0] = 1
    x[mask == 0] = np.nan  # whatever stands there
    expected = softmax(np.where(mask, x, -np.inf).astype(np.float64), axis=1)
    assert relative_error(_softmax(backend, kernel, x, mask), expected) < TOLERANCE[kernel]


@pytest.mark.parametrize("kernel", LADDER)
def test_a_mask_is_shared_as_attention_needs_it(backend, kernel):
    """Rows are (batch 2, heads 3, queries 5): a causal mask by query, a padding mask by sequence."""
    x = stream("shared mask").normal(size=(30, 5)).astype(np.float32)
    causal = np.tri(5, dtype=np.uint8)
    padding = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]], np.uint8)
    for mask, repeat, rows in (
        (causal, 1, np.tile(causal, (6, 1))),
        (padding, 15, np.repeat(padding, 15, axis=0)),
    ):
        expected = softmax(np.where(rows, x, -np.inf).astype(np.float64), axis=1)
        assert relative_error(_softmax(backend, kernel, x, mask, repeat), expected) < TOLERANCE[kernel]


@pytest.mark.parametrize("columns", [1, 6, 32, 500])
@pytest.mark.parametrize("kernel", LADDER)
def test_a_row_with_nothing_to_choose_from_is_zero(backend, kernel, columns):
    if not _fits(kernel, columns):
        return
    x, mask = np.ones((3, columns), np.float32), np.ones((3, columns), np.uint8)
    mask[0], x[1] = 0, -np.inf
    out = _softmax(backend, kernel, x, mask)
    assert not out[:2].any()
    np.testing.assert_allclose(out[2], 1 / columns, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kernel", LADDER)
def test_nan_and_infinity_spoil_their_row_alone(backend, kernel, bad):
    x = np.zeros((3, 20), np.float32)
    x[1, 13] = bad
    out = _softmax(backend, kernel, x)
    assert np.isnan(out[1]).all()
    np.testing.assert_allclose(out[[0, 2]], 0.05, rtol=1e-6)


@pytest.mark.parametrize("kernel", LADDER)
def test_a_row_of_nan_alone_is_nan(backend, kernel):
    assert np.isnan(_softmax(backend, kernel, np.full((1, 32), np.nan, np.float32))).all()


@pytest.mark.parametrize("kernel", LADDER)
def test_large_values_neither_overflow_nor_vanish(backend, kernel):
    x = np.array([[3e38, 3e38, -3e38], [1000, 999, -1000], [-1000, -1001, -1002]], np.float32)
    assert (
        relative_error(_softmax(backend, kernel, x), softmax(x.astype(np.float64), axis=1))
        < TOLERANCE[kernel]
    )


@pytest.mark.parametrize("kernel", ["softmax_naive", "softmax_warp"])
def test_without_rows_nothing_is_written(backend, kernel):
    kept = InOut(np.full((2, 5), 7, np.float32))
    grid, block, _ = _launch(kernel, 1, 5)
    (out,) = backend.run(
        "softmax", kernel, grid, block, (np.zeros((0, 5), np.float32), None, kept, 0, 5, 1, 1)
    )
    assert (out == 7).all()


@pytest.mark.parametrize("kernel", [name for name in LADDER if name != "softmax_naive"])
def test_without_columns_nothing_is_written(backend, kernel):
    kept = InOut(np.full((2, 5), 7, np.float32))
    assert (_softmax(backend, kernel, np.zeros((2, 0), np.float32), out=kept) == 7).all()


@pytest.mark.parametrize(
    ("kernel", "shape"),
    [(kernel, shape) for kernel in BACKWARD for shape in SHAPES if _fits(kernel, shape[1])],
)
def test_the_gradient_is_close_to_float64(backend, kernel, shape):
    rng = stream("softmax backward", *shape)
    y, dy = (
        softmax(rng.normal(size=shape), axis=1).astype(np.float32),
        rng.normal(size=shape).astype(np.float32),
    )
    rows, columns = shape
    grid, block, takes_rows = _launch(kernel, rows, columns)
    args = (y, dy, Out(shape), *((rows, columns) if takes_rows else (columns,)))
    (dx,) = backend.run("softmax", kernel, grid, block, args)
    wide_y, wide_dy = y.astype(np.float64), dy.astype(np.float64)
    terms = np.abs(wide_y * wide_dy).sum(axis=1, keepdims=True)
    expected = wide_y * (wide_dy - (wide_y * wide_dy).sum(axis=1, keepdims=True))
    # A row of one value has the gradient 0: the error is measured by what was subtracted.
    error = np.linalg.norm(dx - expected) / np.linalg.norm(wide_y * (np.abs(wide_dy) + terms))
    assert error < 1e-6


# kernel -> reads of each value of x and of the mask
READS = {"softmax_naive": 3, "softmax_block": 3, "softmax_online": 2, "softmax_warp": 1, "softmax_fused": 1}


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("kernel", LADDER)
def test_each_rung_reads_each_value_as_often_as_its_header_says(inspected, kernel):
    x = np.ones((64, WARP_COLUMNS if "warp" in kernel else 1024), np.float32)
    mask = np.ones(x.shape, np.uint8)
    _softmax(inspected, kernel, x, mask)
    reads = dict.fromkeys(("x", "mask"), READS[kernel] * x.size)
    coalescing = None if kernel == "softmax_naive" else 1
    assert_traffic(
        inspected.report, reads=reads, writes={"y": x.size}, coalescing=coalescing, bank_conflicts=0
    )


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("kernel", BACKWARD)
def test_the_gradient_reads_each_value_once(inspected, kernel):
    rows, columns = 32, WARP_COLUMNS if "warp" in kernel else 1024
    y = np.full((rows, columns), 1 / columns, np.float32)
    grid, block, takes_rows = _launch(kernel, rows, columns)
    args = (y, y.copy(), Out(y.shape), *((rows, columns) if takes_rows else (columns,)))
    inspected.run("softmax", kernel, grid, block, args)
    reads = {"y": y.size, "dy": y.size}
    assert_traffic(inspected.report, reads=reads, writes={"dx": y.size}, coalescing=1, bank_conflicts=0)

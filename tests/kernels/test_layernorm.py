"""kernels/layernorm.cu against float64: forward and all three gradients, odd widths, NaN, and large means."""

import math

import numpy as np
import pytest

from course_lib.cuda.traffic import assert_traffic
from course_lib.seeds import stream
from tests.kernels.conftest import InOut, Out, relative_error

FORWARD = ["layernorm_naive", "layernorm_block", "layernorm_fused"]
SHAPES = [(1, 1), (3, 2), (70, 31), (5, 64), (4, 257), (3, 1026), (2, 2600)]
TOLERANCE = dict.fromkeys(FORWARD, 1e-6) | {"layernorm_naive": 1e-5}  # one running sum loses more digits
EPSILON = 1e-5
BLOCKS = 3  # of the fused kernels, which go round the rows


def _threads(kernel: str, columns: int) -> int:
    return 32 * max(1, math.ceil(columns / 256)) if "fused" in kernel else 96


def _forward(backend, kernel: str, x, gamma, beta, out=None) -> list[np.ndarray]:
    rows, columns = x.shape
    outputs = out or (Out(x.shape), Out(rows), Out(rows))
    if kernel == "layernorm_block":
        return backend.run("layernorm", kernel, rows, 96, (x, gamma, beta, *outputs, columns, EPSILON))
    grid, threads = (
        (BLOCKS, _threads(kernel, columns)) if "fused" in kernel else (max(1, math.ceil(rows / 64)), 64)
    )
    return backend.run("layernorm", kernel, grid, threads, (x, gamma, beta, *outputs, rows, columns, EPSILON))


def _reference(x, gamma, beta):
    wide = x.astype(np.float64)
    mean, rstd = wide.mean(axis=1), 1 / np.sqrt(wide.var(axis=1) + EPSILON)
    return gamma * (wide - mean[:, None]) * rstd[:, None] + beta, mean, rstd


def _case(shape):
    rng = stream("layernorm", *shape)
    x, dy = rng.normal(1, 2, shape).astype(np.float32), rng.normal(size=shape).astype(np.float32)
    return x, dy, rng.normal(size=shape[1]).astype(np.float32), rng.normal(size=shape[1]).astype(np.float32)


def _gradients(x, dy, gamma):
    """dx, dgamma, dbeta in float64, and the mean and rstd that the forward kernel would have kept."""
    wide, gradient = x.astype(np.float64), dy.astype(np.float64)
    mean, rstd = wide.mean(axis=1), 1 / np.sqrt(wide.var(axis=1) + EPSILON)
    h, g = (wide - mean[:, None]) * rstd[:, None], gradient * gamma
    dx = rstd[:, None] * (g - g.mean(axis=1, keepdims=True) - h * (g * h).mean(axis=1, keepdims=True))
    return (
        dx,
        (gradient * h).sum(axis=0),
        gradient.sum(axis=0),
        mean.astype(np.float32),
        rstd.astype(np.float32),
    )


def _fused_backward(backend, x, dy, gamma, mean, rstd) -> list[np.ndarray]:
    rows, columns = x.shape
    partial = Out((BLOCKS, columns)), Out((BLOCKS, columns))
    args = (x, dy, gamma, mean, rstd, Out(x.shape), *partial, rows, columns)
    threads = _threads("layernorm_backward_fused", columns)
    dx, *partials = backend.run("layernorm", "layernorm_backward_fused", BLOCKS, threads, args)
    sums = [
        backend.run("layernorm", "layernorm_sum_partials", math.ceil(columns / 32), (32, 8),
                    (partial, Out(columns), BLOCKS, columns))[0]
        for partial in partials
    ]  # fmt: skip
    return [dx, *sums]


def _plain_backward(backend, x, dy, gamma, mean, rstd) -> list[np.ndarray]:
    rows, columns = x.shape
    (dx,) = backend.run(
        "layernorm", "layernorm_backward_input", rows, 96, (x, dy, gamma, mean, rstd, Out(x.shape), columns)
    )
    args = (x, dy, mean, rstd, Out(columns), Out(columns), rows, columns)
    return [
        dx,
        *backend.run("layernorm", "layernorm_backward_weights", math.ceil(columns / 32), (32, 8), args),
    ]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kernel", FORWARD)
def test_result_mean_and_rstd_are_close_to_float64(backend, kernel, shape):
    x, _, gamma, beta = _case(shape)
    for value, expected in zip(
        _forward(backend, kernel, x, gamma, beta), _reference(x, gamma, beta), strict=True
    ):
        assert relative_error(value, expected) < TOLERANCE[kernel]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("backward", [_plain_backward, _fused_backward])
def test_gradients_are_close_to_float64(backend, backward, shape):
    x, dy, gamma, _ = _case(shape)
    dx, dgamma, dbeta, mean, rstd = _gradients(x, dy, gamma)
    found = backward(backend, x, dy, gamma, mean, rstd)
    scale = np.linalg.norm(
        rstd[:, None] * dy * gamma
    )  # a row of one or two cancels: measured by what cancels
    assert np.linalg.norm(found[0] - dx) < 1e-6 * scale
    assert np.linalg.norm(found[1] - dgamma) < 1e-6 * np.linalg.norm(dy) * math.sqrt(shape[0])
    assert np.linalg.norm(found[2] - dbeta) < 1e-6 * np.linalg.norm(dy) * math.sqrt(shape[0])


@pytest.mark.parametrize("kernel", FORWARD)
def test_a_large_mean_does_not_swallow_the_variance(backend, kernel):
    x = stream("large mean").normal(1000, 1, (3, 400)).astype(np.float32)
    y, _, rstd = _forward(backend, kernel, x, np.ones(400, np.float32), np.zeros(400, np.float32))
    expected, _, expected_rstd = _reference(x, 1, 0)
    assert relative_error(rstd, expected_rstd) < 1e-5
    assert relative_error(y, expected) < 1e-3  # mean(x^2) - mean(x)^2 would be off by a tenth


@pytest.mark.parametrize("kernel", FORWARD)
def test_a_constant_row_becomes_beta(backend, kernel):
    beta = np.arange(9, dtype=np.float32)
    y, _, rstd = _forward(backend, kernel, np.full((2, 9), 3, np.float32), np.ones(9, np.float32), beta)
    np.testing.assert_allclose(y, np.tile(beta, (2, 1)), atol=1e-6)
    np.testing.assert_allclose(rstd, EPSILON**-0.5, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kernel", FORWARD)
def test_nan_and_infinity_spoil_their_row_alone(backend, kernel, bad):
    x, _, gamma, beta = _case((5, 64))
    clean = _forward(backend, kernel, x, gamma, beta)[0]
    x[2, 7] = bad
    y = _forward(backend, kernel, x, gamma, beta)[0]
    assert np.isnan(y[2]).all()
    np.testing.assert_array_equal(np.delete(y, 2, axis=0), np.delete(clean, 2, axis=0))


@pytest.mark.parametrize("kernel", ["layernorm_naive", "layernorm_fused"])
def test_without_rows_nothing_is_written(backend, kernel):
    one = np.ones(5, np.float32)
    kept = [InOut(np.full(shape, 7, np.float32)) for shape in ((2, 5), 2, 2)]
    for out in _forward(backend, kernel, np.zeros((0, 5), np.float32), one, one, out=kept):
        assert (out == 7).all()


@pytest.mark.parametrize("backward", [_plain_backward, _fused_backward])
def test_the_weights_gradient_over_no_rows_is_zero(backend, backward):
    one, none = np.ones(5, np.float32), np.zeros(0, np.float32)
    if backward is _plain_backward:
        args = (np.zeros((0, 5), np.float32), np.zeros((0, 5), np.float32), none, none, Out(5), Out(5), 0, 5)
        sums = backend.run("layernorm", "layernorm_backward_weights", 1, (32, 8), args)
    else:
        empty = np.zeros((0, 5), np.float32)
        sums = _fused_backward(backend, empty, empty, one, none, none)[1:]
    assert not np.concatenate(sums).any()


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("kernel", FORWARD)
def test_forward_reads_each_value_as_often_as_the_header_says(inspected, kernel):
    x, _, gamma, beta = _case((48, 1024))
    _forward(inspected, kernel, x, gamma, beta)
    rows_of_gamma = BLOCKS if "fused" in kernel else len(x)
    reads = {
        "x": x.size * (1 if "fused" in kernel else 3),
        "gamma": rows_of_gamma * 1024,
        "beta": rows_of_gamma * 1024,
    }
    # A thread alone writes mean and rstd of each row.
    coalescing = None if kernel == "layernorm_naive" else 0.98
    assert_traffic(
        inspected.report, reads=reads, writes={"y": x.size}, coalescing=coalescing, bank_conflicts=0
    )


@pytest.mark.needs("compiler")
def test_the_fused_gradients_read_x_and_dy_once_for_all_three(inspected):
    x, dy, gamma, _ = _case((48, 1024))
    *_, mean, rstd = _gradients(x, dy, gamma)
    partial = Out((BLOCKS, 1024))
    args = (x, dy, gamma, mean, rstd, Out(x.shape), partial, partial, 48, 1024)
    inspected.run("layernorm", "layernorm_backward_fused", BLOCKS, 128, args)
    writes = {"dx": x.size, "partial_gamma": BLOCKS * 1024, "partial_beta": BLOCKS * 1024}
    demands = {"most_reads": {"x": 1, "dy": 1}, "coalescing": 1, "bank_conflicts": 0}
    assert_traffic(inspected.report, reads={"x": x.size, "dy": x.size}, writes=writes, **demands)


@pytest.mark.needs("compiler")
def test_the_plain_gradients_read_x_and_dy_three_times(inspected):
    x, dy, gamma, _ = _case((40, 256))
    *_, mean, rstd = _gradients(x, dy, gamma)
    args = (x, dy, gamma, mean, rstd, Out(x.shape), 256)
    inspected.run("layernorm", "layernorm_backward_input", 40, 96, args)
    assert_traffic(
        inspected.report, reads={"x": 2 * x.size, "dy": 2 * x.size}, writes={"dx": x.size}, coalescing=1
    )
    args = (x, dy, mean, rstd, Out(256), Out(256), 40, 256)
    inspected.run("layernorm", "layernorm_backward_weights", 8, (32, 8), args)
    reads, writes = {"x": x.size, "dy": x.size}, {"dgamma": 256, "dbeta": 256}
    assert_traffic(inspected.report, reads=reads, writes=writes, coalescing=1, bank_conflicts=0)

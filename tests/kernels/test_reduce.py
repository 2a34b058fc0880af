"""kernels/reduce.cu against float64: each rung of the ladder, odd lengths, empty rows, NaN and infinity."""

import math

import numpy as np
import pytest

from course_lib.cuda.traffic import assert_traffic
from course_lib.seeds import stream
from tests.kernels.conftest import Out

LADDER = ["reduce_serial", "reduce_shared", "reduce_warp", "reduce_grid"]
SUM, MAX = 0, 1
SHAPES = [(1, 1), (2, 31), (5, 33), (3, 256), (2, 1030), (300, 7)]


def _reduce(backend, kernel: str, x: np.ndarray, reduction: int, threads: int = 128) -> np.ndarray:
    rows, columns = x.shape
    if kernel == "reduce_serial":
        args = (x, Out(rows), rows, columns, reduction)
        return backend.run("reduce", kernel, math.ceil(rows / threads), threads, args)[0]
    if kernel == "reduce_grid":
        parts = 3
        (partial,) = backend.run(
            "reduce", kernel, (parts, rows), threads, (x, Out((rows, parts)), columns, reduction)
        )
        return backend.run("reduce", kernel, (1, rows), 32, (partial, Out(rows), parts, reduction))[0]
    return backend.run("reduce", kernel, rows, threads, (x, Out(rows), columns, reduction))[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kernel", LADDER)
def test_sum_is_close_to_float64(backend, kernel, shape):
    x = stream("reduce", *shape).normal(size=shape).astype(np.float32)
    error = np.abs(_reduce(backend, kernel, x, SUM) - x.sum(axis=1, dtype=np.float64))
    assert (error <= 1e-6 * np.abs(x).sum(axis=1)).all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kernel", LADDER)
def test_max_is_exact(backend, kernel, shape):
    x = stream("reduce", *shape).normal(size=shape).astype(np.float32) - 5
    np.testing.assert_array_equal(_reduce(backend, kernel, x, MAX), x.max(axis=1))


@pytest.mark.parametrize("threads", [32, 64, 1024])
@pytest.mark.parametrize("kernel", LADDER)
def test_any_block_of_whole_warps_will_do(backend, kernel, threads):
    x = np.ones((3, 2000), np.float32)
    assert _reduce(backend, kernel, x, SUM, threads).tolist() == [2000] * 3


@pytest.mark.parametrize("kernel", LADDER)
def test_an_empty_row_gives_the_identity(backend, kernel):
    x = np.zeros((2, 0), np.float32)
    assert _reduce(backend, kernel, x, SUM).tolist() == [0, 0]
    assert _reduce(backend, kernel, x, MAX).tolist() == [-np.inf, -np.inf]


@pytest.mark.parametrize("place", [0, 68])
@pytest.mark.parametrize("reduction", [SUM, MAX])
@pytest.mark.parametrize("kernel", LADDER)
def test_nan_and_infinity_reach_the_result_of_their_row_alone(backend, kernel, reduction, place):
    x = np.ones((4, 69), np.float32)
    x[1, place], x[2, place] = np.nan, np.inf
    out = _reduce(backend, kernel, x, reduction)
    assert np.isnan(out[1])
    assert out[2] == np.inf
    assert out[0] == out[3] == (69 if reduction == SUM else 1)


@pytest.mark.parametrize("kernel", LADDER)
def test_a_row_of_minus_infinity_has_that_maximum(backend, kernel):
    assert _reduce(backend, kernel, np.full((1, 40), -np.inf, np.float32), MAX).tolist() == [-np.inf]


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("kernel", ["reduce_shared", "reduce_warp"])
def test_a_block_reads_its_row_once_and_in_order(inspected, kernel):
    x = np.ones((6, 1024), np.float32)
    _reduce(inspected, kernel, x, SUM)
    demands = {"most_reads": {"x": 1}, "coalescing": {"x": 1}, "bank_conflicts": 0}
    assert_traffic(inspected.report, reads={"x": x.size}, writes={"out": 6}, **demands)


@pytest.mark.needs("compiler")
def test_the_grid_reads_16_bytes_an_access(inspected):
    x = np.ones((4, 1536), np.float32)
    inspected.run("reduce", "reduce_grid", (3, 4), 128, (x, Out((4, 3)), 1536, SUM))
    demands = {"coalescing": {"x": 1}, "bank_conflicts": 0}
    assert_traffic(inspected.report, reads={"x": x.size}, writes={"out": 12}, **demands)
    assert sum(line.accesses for line in inspected.report.lines if line.array == "x") == x.size // 4


@pytest.mark.needs("compiler")
def test_one_thread_a_row_moves_eight_times_the_sectors(inspected):
    _reduce(inspected, "reduce_serial", np.ones((64, 1024), np.float32), SUM)
    assert_traffic(inspected.report, reads={"x": 64 * 1024}, writes={"out": 64})
    assert inspected.report.coalescing == pytest.approx(1 / 8, abs=0.001)

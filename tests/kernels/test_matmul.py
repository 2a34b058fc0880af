"""kernels/matmul.cu against float64: each rung on shapes that fit no tile, tensor cores included."""

import math

import numpy as np
import pytest

from course_lib.cuda.traffic import assert_traffic
from course_lib.seeds import stream
from tests.kernels.conftest import InOut, Out, relative_error

# kernel -> (block, tile of C as (rows, columns))
LADDER = {
    "matmul_naive": ((32, 8), (8, 32)),
    "matmul_tiled": ((16, 16), (16, 16)),
    "matmul_blocked": (256, (64, 64)),
    "matmul_vectorized": (256, (128, 128)),
    "matmul_tensor_core": (128, (64, 64)),
}
SHAPES = [
    (1, 1, 1),
    (1, 7, 1),
    (3, 5, 2),
    (17, 16, 15),
    (33, 129, 40),
    (64, 64, 64),
    (65, 20, 70),
    (130, 36, 132),
]
TOLERANCE = 1e-6
TENSOR_CORE_TOLERANCE = 1e-5  # of the rounded factors: the hardware cuts the sums of a fragment short


def _factors(batch: int, m: int, k: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = stream("matmul", batch, m, k, n)
    return rng.normal(size=(batch, m, k)).astype(np.float32), rng.normal(size=(batch, k, n)).astype(
        np.float32
    )


def _multiply(backend, kernel: str, a: np.ndarray, b: np.ndarray, out=None) -> np.ndarray:
    """The kernel's product and, for the tensor cores, factors rounded to half."""
    (batch, m, k), n = a.shape, b.shape[2]
    block, (rows, columns) = LADDER[kernel]
    grid = (max(1, math.ceil(n / columns)), max(1, math.ceil(m / rows)), batch)
    if kernel == "matmul_tensor_core":
        a, b = a.astype(np.float16), b.astype(np.float16)
    return backend.run("matmul", kernel, grid, block, (a, b, out or Out((batch, m, n)), m, k, n))[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kernel", [name for name in LADDER if name != "matmul_tensor_core"])
def test_product_is_close_to_float64(backend, kernel, shape):
    a, b = _factors(1, *shape)
    assert relative_error(_multiply(backend, kernel, a, b), a.astype(np.float64) @ b) < TOLERANCE


@pytest.mark.parametrize("shape", SHAPES)
def test_tensor_cores_multiply_the_values_rounded_to_half(backend, shape):
    """The host spells out the instruction's meaning with shuffles, so the fragments are tested everywhere."""
    a, b = _factors(1, *shape)
    exact = a.astype(np.float16).astype(np.float64) @ b.astype(np.float16).astype(np.float64)
    assert relative_error(_multiply(backend, "matmul_tensor_core", a, b), exact) < TENSOR_CORE_TOLERANCE


@pytest.mark.parametrize("kernel", LADDER)
def test_every_matrix_of_a_batch_is_multiplied_with_its_own(backend, kernel):
    a, b = _factors(3, 9, 18, 13)
    tolerance = 1e-3 if kernel == "matmul_tensor_core" else TOLERANCE
    assert relative_error(_multiply(backend, kernel, a, b), a.astype(np.float64) @ b) < tolerance


@pytest.mark.parametrize("kernel", LADDER)
def test_every_cell_of_a_tile_lands_in_its_place(backend, kernel):
    """Small whole numbers are exact in float and in half; an exchanged row or column would show."""
    rows, columns = LADDER[kernel][1]
    m, k, n = 2 * rows, 24, 2 * columns
    rng = stream("places", kernel)
    a, b = (rng.integers(-4, 5, (1, *shape)).astype(np.float32) for shape in ((m, k), (k, n)))
    np.testing.assert_array_equal(_multiply(backend, kernel, a, b), a @ b)


@pytest.mark.parametrize("kernel", LADDER)
def test_a_product_over_nothing_is_zero(backend, kernel):
    out = _multiply(backend, kernel, np.zeros((1, 3, 0), np.float32), np.zeros((1, 0, 5), np.float32))
    np.testing.assert_array_equal(out, np.zeros((1, 3, 5)))


@pytest.mark.parametrize("kernel", LADDER)
def test_without_cells_nothing_is_written(backend, kernel):
    kept = InOut(np.full((1, 4, 4), 7, np.float32))
    out = _multiply(
        backend, kernel, np.zeros((1, 0, 5), np.float32), np.ones((1, 5, 4), np.float32), out=kept
    )
    assert (out == 7).all()


@pytest.mark.parametrize("kernel", LADDER)
def test_nan_and_infinity_reach_their_row_or_column_alone(backend, kernel):
    a, b = np.ones((1, 70, 19), np.float32), np.ones((1, 19, 67), np.float32)
    a[0, 66, 18], b[0, 2, 5] = np.nan, np.inf
    out = _multiply(backend, kernel, a, b)[0]
    assert np.isnan(out[66]).all()
    others = np.delete(out, 66, axis=0)
    assert (others[:, 5] == np.inf).all()
    assert (np.delete(others, 5, axis=1) == 19).all()


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("kernel", LADDER)
def test_each_value_is_read_once_a_tile_and_each_cell_written_once(inspected, kernel):
    m, k, n = 256, 32, 128
    rows, columns = LADDER[kernel][1] if kernel != "matmul_naive" else (1, 1)
    a, b = _factors(1, m, k, n)
    _multiply(inspected, kernel, a, b)
    reads = {"A": a.size * n // columns, "B": b.size * m // rows}
    assert_traffic(inspected.report, reads=reads, writes={"C": m * n}, coalescing=1, bank_conflicts=0)


@pytest.mark.needs("compiler")
def test_the_vectorized_rung_moves_16_bytes_an_access(inspected):
    _multiply(inspected, "matmul_vectorized", *_factors(1, 128, 64, 128))
    assert {t.bytes / t.accesses for t in inspected.report.lines if t.space == "global"} == {16}

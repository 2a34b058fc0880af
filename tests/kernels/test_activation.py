"""kernels/activation.cu against float64 and torch's definitions: fused equals the pair, on odd sizes."""

import math

import numpy as np
import pytest

from course_lib.cuda.traffic import assert_traffic
from course_lib.seeds import stream
from tests.kernels.conftest import InOut, Out, relative_error
from tests.kernels.references import erf, expit

ACTIVATIONS = {
    "relu": lambda x: np.where(x < 0, 0, x),
    "gelu": lambda x: 0.5 * x * (1 + erf(x / math.sqrt(2))),
    "silu": lambda x: x * expit(x),
}
SHAPES = [(1, 1), (3, 5), (7, 256), (5, 258), (19, 1030), (65, 64)]
FUSED = ["bias_activation", "bias_activation_vector"]


def _run(backend, kernel: str, x: np.ndarray, bias: np.ndarray, name: str, out=None) -> np.ndarray:
    rows, columns = x.shape
    args = (x, bias, out or Out(x.shape), rows, columns, list(ACTIVATIONS).index(name))
    if kernel == "bias_activation_vector":  # two rows of blocks, so that threads go round
        return backend.run("activation", kernel, (math.ceil(columns / 128), 2), (32, 4), args)[0]
    return backend.run("activation", kernel, max(1, math.ceil(x.size / 256)), 256, args)[0]


def _case(shape) -> tuple[np.ndarray, np.ndarray]:
    rng = stream("activation", *shape)
    return 3 * rng.normal(size=shape).astype(np.float32), rng.normal(size=shape[1]).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("kernel", FUSED)
def test_fused_equals_the_float64_formula(backend, kernel, name, shape):
    x, bias = _case(shape)
    expected = ACTIVATIONS[name](x.astype(np.float64) + bias)
    assert relative_error(_run(backend, kernel, x, bias, name), expected) < 1e-6


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("kernel", FUSED)
def test_fused_equals_the_unfused_pair(backend, kernel, name):
    x, bias = _case((9, 77))
    (total,) = backend.run(
        "activation", "add_bias", math.ceil(x.size / 64), 64, (x, bias, Out(x.shape), 9, 77)
    )
    args = (total, Out(x.shape), x.size, list(ACTIVATIONS).index(name))
    (pair,) = backend.run("activation", "activate", math.ceil(x.size / 64), 64, args)
    np.testing.assert_allclose(_run(backend, kernel, x, bias, name), pair, rtol=1e-6)


@pytest.mark.parametrize("kernel", FUSED)
def test_a_bias_belongs_to_its_column(backend, kernel):
    bias = np.arange(1, 131, dtype=np.float32)
    out = _run(backend, kernel, np.zeros((3, 130), np.float32), bias, "relu")
    np.testing.assert_array_equal(out, np.broadcast_to(bias, (3, 130)))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("kernel", FUSED)
def test_nan_and_infinity_stay_in_their_cell(backend, kernel, name):
    x = np.ones((2, 9), np.float32)
    x[0, :3] = np.nan, np.inf, 200
    x[1, 4] = -200
    out = _run(backend, kernel, x, np.zeros(9, np.float32), name)
    assert np.isnan(out[0, 0])
    assert out[0, 1] == np.inf
    assert out[0, 2] == 200
    assert out[1, 4] == 0
    assert np.isfinite(np.delete(out.ravel(), [0, 1])).all()


@pytest.mark.parametrize("kernel", FUSED)
def test_without_rows_nothing_is_written(backend, kernel):
    x, bias = np.zeros((0, 5), np.float32), np.zeros(5, np.float32)
    kept = _run(backend, kernel, x, bias, "relu", out=InOut(np.full((2, 5), 7, np.float32)))
    assert (kept == 7).all()


@pytest.mark.needs("compiler")
def test_fusing_saves_a_write_and_a_read_of_every_value(inspected):
    x, bias = _case((64, 256))
    for kernel, bias_reads in (("bias_activation", x.size), ("bias_activation_vector", 8 * bias.size)):
        _run(inspected, kernel, x, bias, "gelu")
        reads = {"x": x.size, "bias": bias_reads}  # the vector rung: once in each of 2 x 4 rows of threads
        assert_traffic(
            inspected.report, reads=reads, writes={"out": x.size}, most_reads={"x": 1}, coalescing=1
        )


@pytest.mark.needs("compiler")
def test_the_unfused_pair_moves_the_sum_to_memory_and_back(inspected):
    x, bias = _case((64, 256))
    (total,) = inspected.run("activation", "add_bias", 64, 256, (x, bias, Out(x.shape), 64, 256))
    assert_traffic(inspected.report, reads={"x": x.size, "bias": x.size}, writes={"out": x.size})
    inspected.run("activation", "activate", 64, 256, (total, Out(x.shape), x.size, 1))
    assert_traffic(inspected.report, reads={"x": x.size}, writes={"out": x.size})

"""kernels/chains.cu against float64: each chain as a whole, what each moves, and where it gives NaN."""

import numpy as np
import pytest

from course_lib import cuda
from course_lib.autodiff import chains
from course_lib.seeds import stream
from tests.kernels.conftest import relative_error
from tests.kernels.references import softmax

SHAPES = [(1, 1), (70, 31), (3, 257)]
EPSILON = 1e-5


@pytest.fixture(
    params=[
        pytest.param("host", marks=pytest.mark.needs("compiler")),
        pytest.param("inspected", marks=pytest.mark.needs("compiler")),
        pytest.param("gpu", marks=pytest.mark.gpu),
    ]
)
def run(request):
    """Makes a chain of arrays of NumPy, runs or inspects it, and gives its results as NumPy's."""
    module = cuda.load("chains", device="gpu" if request.param == "gpu" else "host")

    def results(make, *arrays, **options) -> dict[str, np.ndarray]:
        place = lambda x: module.array(x) if isinstance(x, np.ndarray) else x  # noqa: E731
        options = {name: place(value) for name, value in options.items()}
        chain = make(*map(place, arrays), **options)
        for array in chain.results.values():
            array[...] = np.nan
        if request.param == "inspected":
            for report in chain.inspect(module):
                assert report.ok, str(report)
        else:
            chain.run(module)
        return {name: module.numpy(array) for name, array in chain.results.items()}

    return results


def _normal(name: str, *shape) -> np.ndarray:
    return stream("chains", name, *shape).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
def test_softmax_with_scale_lengths_and_causal_mask(run, shape):
    queries, keys = shape
    scores = 3 * _normal("scores", 2, 3, queries, keys)
    lengths = np.array([keys, (keys + 1) // 2], np.int32)
    hidden = np.arange(keys) > np.arange(queries)[:, None] + keys - queries
    hidden = hidden | (np.arange(keys) >= lengths[:, None, None, None])
    y = run(chains.softmax, scores, lengths, scale=0.5, causal=True)["y"]
    seen = ~np.broadcast_to(hidden, scores.shape).all(-1)
    expected = softmax(np.where(hidden, -np.inf, 0.5 * scores.astype(np.float64)))
    assert relative_error(y[seen], expected[seen]) < 1e-6
    assert np.isnan(y[~seen]).all()  # -infinity - -infinity


def test_softmax_without_scale_and_mask_has_five_launches(run):
    scores = _normal("plain", 2, 2, 5, 40)
    assert relative_error(run(chains.softmax, scores)["y"], softmax(scores)) < 1e-6
    chain = chains.softmax(scores)
    assert [launch.kernel for launch in chain.launches] == [
        "row_max", "subtract_rows", "exponential", "row_sum", "divide_rows",
    ]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_softmax_with_a_mask_of_bytes(run, shape):
    scores = _normal("bytes", 2, *shape)
    mask = (stream("chains", "mask", *shape).random(shape) < 0.6).astype(np.uint8)
    mask[:, 0] = 1
    expected = softmax(np.where(mask, scores.astype(np.float64), -np.inf))
    assert relative_error(run(chains.softmax_by_bytes, scores, mask)["y"], expected) < 1e-6


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_of_softmax(run, shape):
    y, dy = softmax(_normal("y", *shape)).astype(np.float32), _normal("dy", *shape)
    dot = (y.astype(np.float64) * dy).sum(-1, keepdims=True)
    dx = run(chains.softmax_backward, y, dy, scale=0.5)["dx"]
    # A row of one value has the gradient 0: the error is measured by what was subtracted.
    assert np.linalg.norm(dx - 0.5 * y * (dy - dot)) < 1e-6 * np.linalg.norm(y * (np.abs(dy) + np.abs(dot)))


@pytest.mark.parametrize("shape", SHAPES)
def test_layernorm_and_its_gradients(run, shape):
    x, residual, dy = (_normal(name, *shape) for name in ("x", "residual", "dy"))
    gamma, beta = _normal("gamma", shape[1]), _normal("beta", shape[1])
    forward = run(chains.layernorm, x, gamma, beta, residual=residual)
    total = (x + residual).astype(np.float64)
    rstd = 1 / np.sqrt(total.var(-1, keepdims=True) + EPSILON)
    h = (total - total.mean(-1, keepdims=True)) * rstd
    np.testing.assert_array_equal(forward["sum"], x + residual)
    assert relative_error(forward["y"], gamma * h + beta) < 1e-6
    assert relative_error(forward["rstd"], rstd[:, 0]) < 1e-6

    g, h = dy * gamma, h.astype(np.float32)
    back = run(chains.layernorm_backward, h, dy, gamma, rstd[:, 0].astype(np.float32))
    dx = rstd * (g - g.mean(-1, keepdims=True) - h * (g * h).mean(-1, keepdims=True, dtype=np.float64))
    size = np.linalg.norm(dy) * np.sqrt(len(x))
    assert np.linalg.norm(back["dx"] - dx) < 1e-6 * np.linalg.norm(rstd * g)
    assert np.linalg.norm(back["dgamma"] - (dy * h).sum(0, dtype=np.float64)) < 1e-6 * size
    assert np.linalg.norm(back["dbeta"] - dy.sum(0, dtype=np.float64)) < 1e-6 * size


@pytest.mark.needs("compiler")
def test_the_chains_move_as_many_values_as_the_header_says():
    """Numbers of rows and columns count with each value that they meet."""
    module = cuda.load("chains", device="host")
    rows, columns = 128, 256
    x, gamma, rstd = _normal("x", rows, columns), _normal("g", columns), np.ones(rows, np.float32)
    lengths = np.full(1, columns, np.int32)
    scores = x.reshape(1, 1, rows, columns)
    made = {
        15: chains.softmax(scores, lengths, 0.5, causal=True),
        12: chains.softmax_backward(x, x.copy(), 0.5),
        19: chains.layernorm(x, gamma, gamma.copy(), x.copy()),
        25: chains.layernorm_backward(x, x.copy(), gamma, rstd),
    }
    for a_value, chain in made.items():
        chain.run(module)  # what is read by one launch has been written by another
        reports = chain.inspect(module)
        assert all(report.coalescing > 0.9 for report in reports if "row_" not in report.kernel)
        for_rows = sum(report.global_bytes for report in reports) / 4 / x.size - a_value
        assert 0 <= for_rows < 8 / 128  # a number written or read once for a row or a column

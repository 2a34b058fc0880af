"""kernels/elementwise.cu against float64: each operation, contiguous, permuted, broadcast, on odd sizes."""

import math

import numpy as np
import pytest

from course_lib.cuda.traffic import assert_traffic
from course_lib.seeds import stream
from tests.kernels.conftest import InOut, Out, relative_error
from tests.kernels.references import expit

UNARY = {
    "copy": lambda x: x, "negate": np.negative, "exp": np.exp, "log": np.log,
    "relu": lambda x: np.where(x < 0, 0, x), "sigmoid": expit, "tanh": np.tanh, "reciprocal": np.reciprocal,
    "sqrt": np.sqrt,
}  # fmt: skip
BINARY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "maximum": np.maximum, "less": np.less, "equal": np.equal, "power": np.power,
    "relu_gradient": lambda a, b: np.where(a > 0, b, 0),
}  # fmt: skip
SIZES = [1, 1027]
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1, -1, 3e38, 1e-40], np.float32)


def _values(name: str, n: int, positive: bool = False) -> np.ndarray:
    x = stream("elementwise", name, n).normal(size=n).astype(np.float32)
    return np.abs(x) + np.float32(0.1) if positive else x


def _grid(kernel: str, n: int) -> int:
    """Two blocks for the vector rungs, so that threads go round; one thread a value for the others."""
    return 2 if kernel.endswith("vector") else max(1, math.ceil(n / 256))


def _steps(array: np.ndarray) -> np.ndarray:
    return np.array(array.strides, np.int32) // array.itemsize


@pytest.mark.parametrize("kernel", ["map", "map_vector"])
@pytest.mark.parametrize("operation", UNARY)
def test_map_computes_each_function(backend, kernel, operation):
    for n in SIZES:
        x = _values(operation, n, positive=operation in ("log", "sqrt"))
        args = (x, Out(n), n, list(UNARY).index(operation))
        (out,) = backend.run("elementwise", kernel, _grid(kernel, n), 256, args)
        assert relative_error(out, UNARY[operation](x.astype(np.float64))) < 1e-6


@pytest.mark.parametrize("kernel", ["zip", "zip_vector"])
@pytest.mark.parametrize("operation", BINARY)
def test_zip_computes_each_function(backend, kernel, operation):
    for n in SIZES:
        a, b = _values("left", n, positive=operation == "power"), _values("right", n)
        b[::3] = a[::3]  # so that some are equal
        args = (a, b, Out(n), n, list(BINARY).index(operation))
        (out,) = backend.run("elementwise", kernel, _grid(kernel, n), 256, args)
        assert relative_error(out, BINARY[operation](a.astype(np.float64), b.astype(np.float64))) < 1e-6


@pytest.mark.parametrize("kernel", ["map", "map_vector"])
@pytest.mark.parametrize("operation", UNARY)
def test_map_keeps_nan_and_reaches_infinity_as_numpy_does(backend, kernel, operation):
    args = (SPECIAL, Out(SPECIAL.size), SPECIAL.size, list(UNARY).index(operation))
    (out,) = backend.run("elementwise", kernel, 1, 256, args)
    with np.errstate(all="ignore"):
        expected = UNARY[operation](SPECIAL.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(out, expected, rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("kernel", ["zip", "zip_vector"])
@pytest.mark.parametrize("operation", ["add", "multiply", "maximum", "less", "equal"])
def test_zip_treats_nan_and_infinity_as_numpy_does(backend, kernel, operation):
    a, b = (side.ravel().copy() for side in np.meshgrid(SPECIAL, SPECIAL))
    (out,) = backend.run(
        "elementwise", kernel, 1, 256, (a, b, Out(a.size), a.size, list(BINARY).index(operation))
    )
    with np.errstate(all="ignore"):
        expected = BINARY[operation](a, b).astype(np.float32)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("kernel", ["map", "map_vector"])
def test_nothing_is_written_where_there_is_nothing_to_do(backend, kernel):
    (out,) = backend.run(
        "elementwise", kernel, 1, 64, (np.ones(4, np.float32), InOut(np.full(4, 7, np.float32)), 0, 1)
    )
    assert out.tolist() == [7] * 4


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_map_permuted_reads_a_permuted_tensor_where_it_lies(backend, axes):
    base = _values("strided", 5 * 7 * 11).reshape(5, 7, 11)
    view = base.transpose(axes)
    args = (base, _steps(view), Out(view.shape), np.array(view.shape, np.int32), 3, view.size, 1)
    (out,) = backend.run("elementwise", "map_permuted", math.ceil(view.size / 256), 256, args)
    np.testing.assert_array_equal(out, -view)


@pytest.mark.parametrize(("left", "right"), [
    ((3, 5), (3, 5)), ((4, 1, 6), (5, 1)), ((1,), (2, 3, 4, 5)), ((33, 1), (1, 31)), ((1, 1), (1, 1)),
    ((0, 3), (1, 3)),
])  # fmt: skip
def test_zip_broadcast_broadcasts_as_numpy_does(backend, left, right):
    a, b = _values("a", math.prod(left)).reshape(left), _values("b", math.prod(right)).reshape(right)
    wide_a, wide_b = np.broadcast_arrays(a, b)
    shape, n = wide_a.shape, wide_a.size
    strides = [
        np.where(np.array(wide.strides) == 0, 0, _steps(wide)).astype(np.int32) for wide in (wide_a, wide_b)
    ]
    args = (a, strides[0], b, strides[1], Out(shape), np.array(shape, np.int32), len(shape), n, 1)
    (out,) = backend.run("elementwise", "zip_broadcast", max(1, math.ceil(n / 256)), 256, args)
    np.testing.assert_array_equal(out, a - b)


@pytest.mark.needs("compiler")
@pytest.mark.parametrize(("kernel", "accesses"), [("map", 1024), ("map_vector", 256)])
def test_map_reads_and_writes_each_value_once(inspected, kernel, accesses):
    n = 1024
    inspected.run("elementwise", kernel, _grid(kernel, n), 256, (_values("traffic", n), Out(n), n, 2))
    assert_traffic(inspected.report, reads={"x": n}, writes={"out": n}, most_reads={"x": 1}, coalescing=1)
    assert [line.accesses for line in inspected.report.lines] == [accesses] * 2


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("kernel", ["zip", "zip_vector"])
def test_zip_reads_both_operands_once(inspected, kernel):
    n, x = 1024, _values("traffic", 1024)
    inspected.run("elementwise", kernel, _grid(kernel, n), 256, (x, x.copy(), Out(n), n, 0))
    assert_traffic(inspected.report, reads={"a": n, "b": n}, writes={"out": n}, coalescing=1)


@pytest.mark.needs("compiler")
def test_a_broadcast_operand_is_read_where_it_lies(inspected):
    shape, strides = np.array([6, 50], np.int32), [np.array(s, np.int32) for s in ([50, 1], [0, 1])]
    args = (_values("whole", 300), strides[0], _values("row", 50), strides[1], Out((6, 50)), shape, 2, 300, 0)
    inspected.run("elementwise", "zip_broadcast", 2, 256, args)
    assert_traffic(
        inspected.report, reads={"a": 300, "b": 300}, writes={"out": 300}, most_reads={"a": 1, "b": 6}
    )

"""Launches, arithmetic and bytes of a network's operations, against counts by hand."""

import numpy as np

from course_lib.autodiff import Tensor
from course_lib.autodiff.backends.counted import Counted
from course_lib.autodiff.backends.numpy import NUMPY


def _counted(compute, *shapes):
    backend = Counted(NUMPY)
    tensors = [Tensor(np.ones(shape, np.float32), True, backend) for shape in shapes]
    result = compute(*tensors)
    return backend, result


def test_each_verb_is_counted_by_its_launches_its_arithmetic_and_its_bytes():
    backend, _ = _counted(lambda x, y: (x @ y).exp().sum(1), (3, 4), (4, 5))
    assert backend.launches == {"matmul": 1, "map": 1, "reduce": 1}
    assert backend.flops == {"matmul": 2 * 3 * 4 * 5, "map": 15, "reduce": 15}
    assert backend.bytes == {"matmul": 4 * (12 + 20 + 15), "map": 4 * 30, "reduce": 4 * (15 + 3)}


def test_what_is_broadcast_is_counted_as_often_as_it_lies_in_memory():
    backend, _ = _counted(lambda x, y: x + y.expand(3, 4), (3, 4), (4,))
    assert backend.flops == {"zip": 12}
    assert backend.bytes == {"zip": 4 * (12 + 4 + 12)}
    backend, _ = _counted(lambda x, y: x @ y, (7, 3, 4), (1, 4, 5))
    assert backend.flops == {"matmul": 2 * 7 * 3 * 4 * 5}
    assert backend.bytes == {"matmul": 4 * (84 + 20 + 105)}


def test_the_backward_pass_of_a_product_takes_twice_its_arithmetic():
    backend, product = _counted(lambda x, y: x @ y, (6, 4), (4, 5))
    forward = backend.flops["matmul"]
    backend.clear()
    product.backward(np.ones((6, 5), np.float32))
    assert backend.flops["matmul"] == 2 * forward
    assert backend.launches["matmul"] == 2


def test_values_are_those_of_the_backend_within():
    backend = Counted(NUMPY)
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(backend.zip("add", x, x), 2 * x)
    np.testing.assert_array_equal(backend.reduce("max", x, 1), [[2], [5]])
    assert backend.bytes["zip"] == 4 * 18

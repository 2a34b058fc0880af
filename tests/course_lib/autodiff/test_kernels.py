"""What the backend of four kernels adds to the verbs: it refuses in a line, and counts its launches."""

import numpy as np
import pytest

from course_lib.autodiff import Tensor
from course_lib.autodiff.backends.kernels import VERBS, KernelBackend
from tests.course_lib.autodiff.test_backends import kernels_of_lab_2

pytestmark = pytest.mark.needs("compiler")
FLOAT = np.dtype(np.float32)


@pytest.fixture(scope="module")
def backend():
    return kernels_of_lab_2("host")


def test_kernels_that_are_missing_are_named():
    source = 'extern "C" __global__ void map_strided(const float* x, float* y) {}'
    with pytest.raises(ValueError, match="zip_strided or reduce_strided or matmul_strided"):
        KernelBackend([source], "host")


def test_launches_are_counted_by_kernel_and_nothing_is_launched_for_nothing(backend):
    backend.launches.clear()
    x = Tensor(backend.array(np.ones((3, 4)), FLOAT), requires_grad=True, backend=backend)
    ((x @ x.T).relu() + 1).sum().backward()
    forward = {"matmul_strided": 1, "map_strided": 1, "zip_strided": 1, "reduce_strided": 1}
    backward = {"matmul_strided": 2, "zip_strided": 2}  # relu, and both paths to x are added
    assert backend.launches == {verb: forward[verb] + backward.get(verb, 0) for verb in VERBS}
    backend.launches.clear()
    empty = backend.empty((0, 3), FLOAT)
    for result in (backend.map("exp", empty), backend.matmul(empty, x.data.T[:3]), empty):
        assert result.size == 0
    assert not backend.launches


def test_other_types_and_shapes_are_refused_in_a_line(backend):
    doubles = np.ones((2, 2))
    for wrong in (
        lambda: backend.array(doubles, doubles.dtype),
        lambda: backend.map("exp", doubles),
        lambda: backend.matmul(doubles, doubles),
    ):
        with pytest.raises(TypeError, match="float32, not in float64"):
            wrong()
    x = backend.array(np.ones((2, 3)), FLOAT)
    with pytest.raises(ValueError, match="3 columns meet 2 rows"):
        backend.matmul(x, x)
    with pytest.raises(ValueError, match="broadcast"):
        backend.zip("add", x, backend.array(np.ones(2), FLOAT))
    with pytest.raises(ValueError, match="size 0"):
        backend.reduce("max", x[:0], 0)


def test_a_view_is_read_where_it_lies(backend):
    """The product of a transposed matrix is one launch: nothing is copied before."""
    x = backend.array(np.arange(6).reshape(2, 3), FLOAT)
    backend.launches.clear()
    np.testing.assert_array_equal(backend.numpy(backend.matmul(x.T, x)), x.T @ x)
    assert backend.launches == {"matmul_strided": 1}

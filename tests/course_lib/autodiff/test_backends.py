"""One test for all backends: every verb, and training by them, is NumPy's float64 result to 1e-5 by norm."""

import functools
import json

import numpy as np
import pytest

from course_lib import seeds
from course_lib.autodiff import Tensor, functional
from course_lib.autodiff.backends import MAP, ZIP, Backend
from course_lib.autodiff.backends.kernels import KernelBackend
from course_lib.autodiff.backends.numpy import NUMPY, cupy_backend
from course_lib.autodiff.modules import Embedding, LayerNorm, Linear, Module, ReLU, Sequential
from course_lib.autodiff.optimizers import SGD
from course_lib.paths import ROOT


def kernels_of_lab_2(device: str) -> KernelBackend:
    """The backend of the kernels that solve lab 2, read as JSON: a GPU day has no package for notebooks."""
    file = ROOT / "notebooks" / "lab2_cuda_backend" / "cuda_backend.ipynb"
    cells = json.loads(file.read_text("utf-8"))["cells"]
    solutions = ["".join(cell["source"]) for cell in cells
                 if cell["metadata"].get("nbgrader", {}).get("solution")]  # fmt: skip
    kernels = [source.split("\n", 1)[1] for source in solutions if source.startswith("%%cuda")]
    return KernelBackend(kernels, device)


# name -> what makes the backend, and what the machine must have for it. Every test below runs on each.
BACKENDS = {
    "numpy": (lambda: NUMPY, ()),
    "cupy": (cupy_backend, (pytest.mark.gpu,)),
    "kernels on the host": (lambda: kernels_of_lab_2("host"), (pytest.mark.needs("compiler"),)),
    "the library's kernels on the host": (
        lambda: KernelBackend(device="host"),
        (pytest.mark.needs("compiler"),),
    ),
    "the library's kernels on a GPU": (lambda: KernelBackend(device="gpu"), (pytest.mark.gpu,)),
    "kernels on a GPU": (lambda: kernels_of_lab_2("gpu"), (pytest.mark.gpu,)),
}


@pytest.fixture(
    params=[pytest.param(name, marks=marks) for name, (_, marks) in BACKENDS.items()], scope="module"
)
def backend(request) -> Backend:
    return BACKENDS[request.param][0]()


def same(given: np.ndarray, expected: np.ndarray) -> None:
    """Equal to 1e-5 of the norm; what is not finite stands at the same places."""
    assert given.shape == expected.shape
    assert given.dtype == np.float32
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(given[~finite], expected[~finite].astype(np.float32))
    error = np.linalg.norm(given[finite].astype(float) - expected[finite])
    assert error <= 1e-5 * np.linalg.norm(expected[finite]) + 1e-30


# What an array looks like to a verb: how it lies in memory does not change the result.
LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.T,
    "Fortran": np.asfortranarray,
    "reversed": lambda x: x[::-1],
    "every second": lambda x: x[:, 1::2],
    "one row for all": lambda x: np.broadcast_to(x[:1], x.shape),
    "three dimensions": lambda x: x.reshape(5, 2, -1).swapaxes(0, 2),
    "single": lambda x: x[:1, :1],
    "0-d": lambda x: x[3, 4],
    "empty": lambda x: x[:0],
}


def drawn(*names: str, shape=(10, 14)) -> np.ndarray:
    return seeds.stream("autodiff", "backends", *names).normal(size=shape).astype(np.float32)


@functools.cache
def exact() -> dict:
    """The operations in float64, in NumPy's words."""
    return {
        "negate": np.negative,
        "exp": np.exp,
        "log": np.log,
        "sqrt": np.sqrt,
        "tanh": np.tanh,
        "sigmoid": lambda x: np.exp(-np.logaddexp(0, -x)),
        "relu": lambda x: np.maximum(x, 0),
        "add": np.add,
        "subtract": np.subtract,
        "multiply": np.multiply,
        "divide": np.divide,
        "power": np.power,
        "equal": lambda x, y: 1.0 * (x == y),
        "less": lambda x, y: 1.0 * (x < y),
        "select": lambda x, y: np.where(x != 0, y, 0),
    }


def in_backend(backend: Backend, array: np.ndarray, layout: str):
    """The array in that layout, and the same numbers for NumPy. The view is made where the array lies."""
    moved = backend.array(array, np.dtype(np.float32))
    if layout == "Fortran" and not isinstance(moved, np.ndarray):
        return moved.T.copy().T, array
    view = LAYOUTS[layout]
    return view(moved), np.asarray(view(array))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("operation", MAP)
def test_map_on_every_layout(operation, layout, backend):
    array = np.abs(drawn("map")) if operation in ("log", "sqrt") else drawn("map")
    x, expected = in_backend(backend, array, layout)
    same(backend.numpy(backend.map(operation, x)), exact()[operation](expected.astype(float)))


SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 80.0, -80.0, np.inf, -np.inf, np.nan], np.float32)


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
@pytest.mark.parametrize("operation", MAP)
def test_map_far_out_and_at_what_is_no_number(operation, backend):
    given = backend.numpy(backend.map(operation, backend.array(SPECIAL, SPECIAL.dtype)))
    with np.errstate(all="ignore"):
        expected = exact()[operation](SPECIAL.astype(float))
    np.testing.assert_allclose(given, expected.astype(np.float32), rtol=2e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("operation", ZIP)
def test_zip_broadcasts_on_every_layout(operation, layout, backend):
    one, other = np.abs(drawn("zip", "one")), drawn("zip", "other")
    if operation in ("equal", "less", "select"):
        one, other = np.round(one), np.round(other)
    x, a = in_backend(backend, one, layout)
    y, b = in_backend(backend, other, layout)
    partners = [(y, b)]
    if a.ndim:
        partners += [(y[:1], b[:1]), (y[..., :1], b[..., :1]), (y[-1], b[-1]) if a.size else (y, b)]
        corner = (slice(0, 1),) * a.ndim
        partners += [(y[corner].reshape(()), b[corner].reshape(()))] if a.size else []
    for part, numbers in partners:
        result = backend.numpy(backend.zip(operation, x, part))
        same(result, exact()[operation](a.astype(float), numbers.astype(float)))
        if operation != "power":
            result = backend.numpy(backend.zip(operation, part, x))
            same(result, exact()[operation](numbers.astype(float), a.astype(float)))


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
@pytest.mark.parametrize("operation", ZIP)
def test_zip_at_what_is_no_number(operation, backend):
    if operation == "power":
        pairs = np.array([[0, 0], [0, 2], [-2, 3], [-2, 2], [2, -1], [np.inf, -1], [np.nan, 0], [-8, 0.5]])
    else:
        pairs = np.array(np.meshgrid(SPECIAL, SPECIAL)).reshape(2, -1).T
    x, y = pairs.T.astype(np.float32)
    given = backend.numpy(backend.zip(operation, backend.array(x, x.dtype), backend.array(y, y.dtype)))
    with np.errstate(all="ignore"):
        expected = exact()[operation](x.astype(float), y.astype(float))
    np.testing.assert_allclose(given, expected.astype(np.float32), rtol=2e-5)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "0-d"])
@pytest.mark.parametrize("operation", ["sum", "max"])
def test_reduce_along_every_dimension_of_every_layout(operation, layout, backend):
    array = drawn("reduce", shape=(10, 700)) - 3  # all maxima below 0 are found too
    x, numbers = in_backend(backend, array, layout)
    for dim in range(numbers.ndim):
        if operation == "max" and not numbers.shape[dim]:
            with pytest.raises(ValueError, match="size"):
                backend.reduce(operation, x, dim)
            continue
        given = backend.numpy(backend.reduce(operation, x, dim))
        same(given, getattr(numbers.astype(float), operation)(axis=dim, keepdims=True))


def test_max_keeps_what_is_no_number(backend):
    array = np.array([[1, np.nan, 2], [-np.inf, -np.inf, -np.inf], [3, np.inf, 0]], np.float32)
    for dim in (0, 1):
        given = backend.numpy(backend.reduce("max", backend.array(array, array.dtype), dim))
        np.testing.assert_array_equal(given, array.max(dim, keepdims=True))


PRODUCTS = {
    "square": ((16, 16), (16, 16)),
    "no multiple of a tile": ((17, 33), (33, 5)),
    "row by column": ((1, 40), (40, 1)),
    "column by row": ((7, 1), (1, 9)),
    "batches": ((3, 4, 6), (3, 6, 5)),
    "batches that broadcast": ((2, 1, 4, 6), (3, 6, 5)),
    "one matrix for all": ((5, 4, 6), (1, 6, 2)),
    "nothing to sum": ((3, 0), (0, 4)),
    "no rows": ((0, 3), (3, 4)),
    "no batches": ((0, 2, 3), (3, 4)),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_matmul_of_matrices_and_batches_also_transposed(name, backend):
    one, other = (
        drawn("matmul", each, shape=shape) for each, shape in zip("xy", PRODUCTS[name], strict=True)
    )
    expected = one.astype(float) @ other.astype(float)
    x, y = (backend.array(each, each.dtype) for each in (one, other))
    across = [backend.array(np.ascontiguousarray(each.swapaxes(-1, -2)), each.dtype) for each in (one, other)]
    turned = [each.swapaxes(-1, -2) for each in across]
    for left in (x, turned[0]):
        for right in (y, turned[1]):
            same(backend.numpy(backend.matmul(left, right)), expected)


def test_contiguous_and_empty_keep_shape_and_dtype(backend):
    for layout in LAYOUTS:
        x, numbers = in_backend(backend, drawn("contiguous"), layout)
        copy = backend.contiguous(x)
        assert copy.flags.c_contiguous
        same(backend.numpy(copy), numbers.astype(float))
    assert backend.empty((2, 0, 3), np.dtype(np.float32)).shape == (2, 0, 3)


class Classifier(Module):
    """Embedding, mean over words, two layers: all four verbs, forward and backward."""

    def __init__(self):
        rng = seeds.stream("autodiff", "backends", "classifier")
        self.embedding = Embedding(23, 8, rng=rng)
        self.norm = LayerNorm(8)
        self.layers = Sequential(Linear(8, 17, rng=rng), ReLU(), Linear(17, 3, rng=rng))

    def forward(self, ids):
        words = self.norm(self.embedding(ids))
        weights = functional.softmax(words @ words.transpose(1, 2))
        mixed = functional.gelu(weights @ words)
        return self.layers(mixed.mean(1) + mixed.max(1) * mixed[:, 0].tanh())


def trained(backend: Backend, dtype) -> tuple[float, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Loss and gradients of the first step, and what ten steps of SGD add to the parameters."""
    model = Classifier()
    for parameter in model.parameters():
        parameter.data = parameter.data.astype(dtype)
    model.to(backend)
    start, optimizer = model.state_dict(), SGD(model.parameters(), lr=0.1, momentum=0.9)
    random = seeds.stream("autodiff", "backends", "ids")
    ids, targets = random.integers(0, 23, (10, 16, 6)), random.integers(0, 3, (10, 16))
    for step in range(10):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(ids[step]), targets[step])
        loss.backward()
        if step == 0:
            first = loss.item(), {name: p.grad.numpy() for name, p in model.named_parameters()}
        optimizer.step()
    way = {name: value - start[name] for name, value in model.state_dict().items()}
    return *first, way


@functools.cache
def trained_in_float64():
    return trained(NUMPY, np.float64)


def test_training_gives_the_gradients_and_the_way_of_float64(backend):
    loss, gradients, way = trained(backend, np.float32)
    exact_loss, exact_gradients, exact_way = trained_in_float64()
    assert loss == pytest.approx(exact_loss, rel=1e-5)
    for name, expected in exact_gradients.items():
        assert np.linalg.norm(gradients[name] - expected) <= 1e-5 * np.linalg.norm(expected), name
        assert np.linalg.norm(way[name] - exact_way[name]) <= 1e-4 * np.linalg.norm(exact_way[name]), name


def test_tensors_of_different_backends_do_not_mix(backend):
    class Other(type(backend)):
        def __init__(self):
            pass

        def __repr__(self):
            return "another backend"

    here = Tensor(backend.array([1.0], np.dtype(np.float32)), backend=backend)
    with pytest.raises(ValueError, match="do not mix"):
        here + Tensor(here.data, backend=Other())

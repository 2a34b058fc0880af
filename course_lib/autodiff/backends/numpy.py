"""The verbs on NumPy, and by the same lines on CuPy."""

import functools
from types import ModuleType

import numpy as np

from course_lib.autodiff.backends import Array

_quiet = np.errstate(all="ignore")  # as a decorator: it costs a small array half of what a block does


class ArrayLibrary:
    """The backend of a library with NumPy's interface: `ArrayLibrary(numpy)`, `ArrayLibrary(cupy)`."""

    def __init__(self, library: ModuleType):
        self._library = library
        self._map = {
            "negate": library.negative,
            "exp": library.exp,
            "log": library.log,
            "sqrt": library.sqrt,
            "tanh": library.tanh,
            "sigmoid": self._sigmoid,
            "relu": lambda x: library.maximum(x, 0),
        }
        self._zip = {
            "add": library.add,
            "subtract": library.subtract,
            "multiply": library.multiply,
            "divide": library.divide,
            "power": library.power,
            "equal": lambda x, y: library.equal(x, y).astype(x.dtype),
            "less": lambda x, y: library.less(x, y).astype(x.dtype),
            "select": lambda x, y: library.where(x != 0, y, y.dtype.type(0)),
        }
        self._reduce = {"sum": library.sum, "max": library.max}

    def __repr__(self) -> str:
        return self._library.__name__

    def _sigmoid(self, x: Array) -> Array:
        y = self._library.negative(x, out=self._library.empty_like(x))
        self._library.exp(y, out=y)  # where it overflows to infinity, 1 / y is the right 0
        y += 1
        return self._library.reciprocal(y, out=y)

    @_quiet
    def map(self, operation: str, x: Array) -> Array:
        return self._library.asarray(self._map[operation](x))  # NumPy makes a number of a 0-d result

    @_quiet
    def zip(self, operation: str, x: Array, y: Array) -> Array:
        return self._library.asarray(self._zip[operation](x, y))

    @_quiet
    def reduce(self, operation: str, x: Array, dim: int) -> Array:
        return self._reduce[operation](x, axis=dim, keepdims=True)

    @_quiet
    def matmul(self, x: Array, y: Array) -> Array:
        return self._library.matmul(x, y)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return self._library.empty(shape, dtype)

    def contiguous(self, x: Array) -> Array:
        return self._library.asarray(x, order="C")

    def array(self, values, dtype: np.dtype) -> Array:
        return self._library.asarray(values, dtype)

    def numpy(self, x: Array) -> np.ndarray:
        return x.get() if hasattr(x, "get") else x


NUMPY = ArrayLibrary(np)
# The GNU C library gives free memory back to the system above a bound, and a training step would fetch the
# same pages again each time, for a quarter of its time. Freeing a block that is large lifts the bound; the
# block is never touched, so it takes no memory.
np.empty(31 << 20, np.uint8)


@functools.cache
def cupy_backend() -> ArrayLibrary:
    """The verbs on a GPU. Raises ImportError without CuPy."""
    import cupy

    return ArrayLibrary(cupy)


def backend_of(array: Array) -> ArrayLibrary:
    """The library that an array is of; whatever is no array becomes NumPy's."""
    return cupy_backend() if type(array).__module__.startswith("cupy") else NUMPY

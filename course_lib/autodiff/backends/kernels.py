"""The verbs on four CUDA kernels, one's own or the library's, on a GPU or on the host.

Each kernel gets the memory that its arrays lie in, and the strides and offset of every one, in elements: so
what is transposed, broadcast or sliced is read where it lies. The names and parameters, in this order:

    map_strided     x, y, shape, x_strides, y_strides, x_offset, y_offset, ndim, size, operation
    zip_strided     x, y, z, shape, x_strides, y_strides, z_strides, x_offset, y_offset, z_offset,
                    ndim, size, operation
    reduce_strided  x, y, shape, x_strides, y_strides, x_offset, y_offset, ndim, axis, operation
    matmul_strided  x, y, z, x_strides, y_strides, z_strides, x_offset, y_offset, z_offset, n, k, m

An operation is its place in MAP, ZIP or REDUCE. A thread of map and zip computes one element, a block of
reduce one result, a block of matmul a tile of 16 x 16, its batch in the grid's z.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from course_lib import cuda
from course_lib.autodiff.backends import MAP, REDUCE, ZIP, Array
from course_lib.autodiff.strides import broadcast_shape

VERBS = ("map_strided", "zip_strided", "reduce_strided", "matmul_strided")
_THREADS = 256
_TILE = 16


class KernelBackend:
    """A backend of float32 whose `sources` hold the four kernels, in one text or in several.

    Without sources it has the library's own, kernels/strided.cu. `launches` counts what was launched, by
    kernel. Raises ValueError where a kernel is missing, and as `cuda.compile` and `cuda.load` do.
    """

    def __init__(self, sources: Iterable[str] | None = None, device: str = "auto"):
        if sources is None:
            modules = [cuda.load("strided", device)]
        else:
            modules = [cuda.compile(source, device, lasting=True) for source in sources]
        kernels = {name: module for module in modules for name in module.names}
        if missing := [name for name in VERBS if name not in kernels]:
            raise ValueError(f"no source has the kernel {' or '.join(missing)}")
        self._kernels = {name: kernels[name][name] for name in VERBS}
        self._module = modules[0]
        self._rows: dict[tuple[int, ...], Array] = {}
        self.launches: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"kernels on the {self._module.device}"

    def map(self, operation: str, x: Array) -> Array:
        y = self.empty(x.shape, x.dtype)
        self._elementwise("map_strided", MAP.index(operation), x, y)
        return y

    def zip(self, operation: str, x: Array, y: Array) -> Array:
        shape = broadcast_shape(x.shape, y.shape)
        z = self.empty(shape, np.result_type(x.dtype, y.dtype))
        x, y = np.broadcast_to(x, shape), np.broadcast_to(y, shape)
        self._elementwise("zip_strided", ZIP.index(operation), x, y, z)
        return z

    def reduce(self, operation: str, x: Array, dim: int) -> Array:
        length = x.shape[dim]
        if operation == "max" and not length:
            raise ValueError(f"there is no max along a dimension of size 0 (the shape is {x.shape})")
        y = self.empty(tuple(1 if i == dim else size for i, size in enumerate(x.shape)), x.dtype)
        block = min(_THREADS, 32 * max(1, -(-length // 32)))
        numbers = x.ndim, dim, REDUCE.index(operation)
        self._launch("reduce_strided", y.size, block, (x, y), numbers, x.shape)
        return y

    def matmul(self, x: Array, y: Array) -> Array:
        (n, k), (inner, m) = x.shape[-2:], y.shape[-2:]
        if k != inner:
            raise ValueError(f"{x.shape} times {y.shape}: {k} columns meet {inner} rows")
        batch = broadcast_shape(x.shape[:-2], y.shape[:-2])
        count = math.prod(batch)
        z = self.empty((*batch, n, m), np.result_type(x.dtype, y.dtype))
        if z.size:
            x = np.broadcast_to(x, (*batch, n, k)).reshape(count, n, k)  # copied only where it must be
            y = np.broadcast_to(y, (*batch, k, m)).reshape(count, k, m)
            grid = -(-m // _TILE), -(-n // _TILE), count
            arrays = x, y, z.reshape(count, n, m)
            self._launch("matmul_strided", grid, (_TILE, _TILE), arrays, (n, k, m))
        return z

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        _check(dtype)
        return self._module.empty(shape, "float32")

    def contiguous(self, x: Array) -> Array:
        return x if x.flags.c_contiguous else self._module.array(x)

    def array(self, values, dtype: np.dtype) -> Array:
        _check(dtype)
        values = values if hasattr(values, "astype") else np.asarray(values)
        return self._module.array(values.astype(np.float32, copy=False)).reshape(values.shape)

    def numpy(self, x: Array) -> np.ndarray:
        return self._module.numpy(x)

    def _elementwise(self, kernel: str, operation: int, *arrays: Array) -> None:
        result = arrays[-1]
        numbers = result.ndim, result.size, operation
        self._launch(kernel, -(-result.size // _THREADS), _THREADS, arrays, numbers, result.shape)

    def _launch(self, kernel: str, grid, block, arrays: Sequence[Array], numbers, shape=None) -> None:
        """Arguments: memories, the shape (where there is one), strides, offsets, numbers."""
        if grid == 0:
            return
        for array in arrays:
            _check(array.dtype)
        arrays = [np.asarray(each) if isinstance(each, np.generic) else each for each in arrays]  # x[0]
        memories, offsets, strides = zip(*map(cuda.storage, arrays), strict=True)
        rows = map(self._row, strides if shape is None else (shape, *strides))
        self._kernels[kernel](grid, block, (*memories, *rows, *offsets, *numbers))
        self.launches[kernel] += 1

    def _row(self, numbers: tuple[int, ...]) -> Array:
        """A shape or strides where kernels read them; the few that a program has are kept."""
        if numbers not in self._rows:
            self._rows[numbers] = self._module.array(np.array(numbers, np.int32))
        return self._rows[numbers]


def _check(dtype: np.dtype) -> None:
    if dtype != np.float32:
        raise TypeError(f"the kernels compute in float32, not in {np.dtype(dtype)}")

"""What a network asks of its backend: calls, each the launch of a kernel on a GPU, arithmetic, and bytes."""

import math
from collections import Counter

from course_lib.autodiff.backends import Array, Backend


class Counted:
    """A backend that does what `backend` does, and counts it by verb: map, zip, reduce, matmul.

    `launches` are the calls. `flops` are one per element of the result (map, zip), one per element that is
    read (reduce), and two per product of two numbers (matmul). `bytes` are those of the arrays that a call
    reads and writes, each once; what is broadcast counts as often as it lies in memory. What only makes or
    moves an array is not counted. Example: `counted = Counted(NUMPY)`, then `model.to(counted)`.
    """

    def __init__(self, backend: Backend):
        self.launches: Counter[str] = Counter()
        self.flops: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.empty, self.contiguous = backend.empty, backend.contiguous
        self.array, self.numpy = backend.array, backend.numpy
        self._backend = backend

    def clear(self) -> None:
        """Count from 0 again."""
        for counts in (self.launches, self.flops, self.bytes):
            counts.clear()

    def map(self, operation: str, x: Array) -> Array:
        y = self._backend.map(operation, x)
        self._count("map", y.size, x, y)
        return y

    def zip(self, operation: str, x: Array, y: Array) -> Array:
        z = self._backend.zip(operation, x, y)
        self._count("zip", z.size, x, y, z)
        return z

    def reduce(self, operation: str, x: Array, dim: int) -> Array:
        y = self._backend.reduce(operation, x, dim)
        self._count("reduce", x.size, x, y)
        return y

    def matmul(self, x: Array, y: Array) -> Array:
        z = self._backend.matmul(x, y)
        self._count("matmul", 2 * z.size * x.shape[-1], x, y, z)
        return z

    def _count(self, verb: str, flops: int, *arrays: Array) -> None:
        self.launches[verb] += 1
        self.flops[verb] += flops
        self.bytes[verb] += sum(map(_bytes, arrays))


def _bytes(array: Array) -> int:
    """What lies in memory: a dimension of stride 0 is there once."""
    sizes = (
        min(size, 1) if not stride else size for size, stride in zip(array.shape, array.strides, strict=True)
    )
    return math.prod(sizes) * array.dtype.itemsize

"""How often a network calls its backend: on a GPU each call is the launch of a kernel."""

from collections import Counter

from course_lib.autodiff.backends import Array, Backend


class Counted:
    """A backend that does what `backend` does, and counts the calls of its four verbs in `launches`.

    Example: `counted = Counted(NUMPY)`, then `train(model, examples, backend=counted)`, and
    `counted.launches.total()` says how many kernels that takes. What only makes or moves an array is not
    counted.
    """

    def __init__(self, backend: Backend):
        self.launches: Counter[str] = Counter()
        self.empty, self.contiguous = backend.empty, backend.contiguous
        self.array, self.numpy = backend.array, backend.numpy
        self._backend = backend

    def map(self, operation: str, x: Array) -> Array:
        self.launches["map"] += 1
        return self._backend.map(operation, x)

    def zip(self, operation: str, x: Array, y: Array) -> Array:
        self.launches["zip"] += 1
        return self._backend.zip(operation, x, y)

    def reduce(self, operation: str, x: Array, dim: int) -> Array:
        self.launches["reduce"] += 1
        return self._backend.reduce(operation, x, dim)

    def matmul(self, x: Array, y: Array) -> Array:
        self.launches["matmul"] += 1
        return self._backend.matmul(x, y)

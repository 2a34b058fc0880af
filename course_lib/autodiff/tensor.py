"""A tensor: an array of NumPy or CuPy that remembers how it was computed, with torch's names and meanings."""

import math
from collections.abc import Callable, Iterator
from numbers import Integral

import numpy as np

from course_lib.autodiff import graph, operations
from course_lib.autodiff.backends import Array, Backend
from course_lib.autodiff.backends.numpy import backend_of
from course_lib.autodiff.recording import is_recording
from course_lib.autodiff.strides import dimensions


def apply(operation: Callable, *inputs: "Tensor", **options) -> "Tensor":
    """An operation (see operations.py) on tensors, recorded where one of them requires a gradient.

    Raises TypeError for tensors of different dtypes, ValueError for those of different backends.
    """
    first, backend, dtype = inputs[0], inputs[0].backend, inputs[0].data.dtype
    for other in inputs:
        if other.data.dtype != dtype:
            raise TypeError(
                f"{first.dtype} and {other.dtype} do not mix: make one tensor of the other's dtype"
            )
        if other.backend is not backend:
            raise ValueError(
                f"{first.backend} and {other.backend} do not mix: move one tensor to the other's"
            )
    try:
        data, *slopes = operation(backend, *[each.data for each in inputs], **options)
    except TypeError:
        if any(isinstance(each.data, Tensor) for each in inputs):  # as after w.data = w - lr * w.grad
            raise TypeError("a tensor's data is an array, not a tensor: assign new.data to it") from None
        raise
    result = Tensor(data, backend=backend)
    if is_recording():
        pairs = zip(inputs, slopes, strict=False)
        result.edges = tuple([(each, slope) for each, slope in pairs if each.requires_grad and slope])
        result.requires_grad = bool(result.edges)
    return result


def _unary(operation: Callable) -> Callable:
    return lambda self: apply(operation, self)


def _binary(operation: Callable) -> Callable:
    return lambda self, other: apply(operation, self, self.constant(other))


def _reflected(operation: Callable) -> Callable:
    return lambda self, other: apply(operation, self.constant(other), self)


class Tensor:
    """Wraps an array, whose strides are the tensor's. Numbers that are no floats become float32.

    `grad` is None or a tensor. Only tensors made with `requires_grad=True`, the leaves, get one, and each
    `backward` adds to it. The engine never writes into an array, so arrays may be shared: to change a leaf,
    assign `x.data = new`, and a graph recorded before keeps the old values. What somebody else writes into an
    array, a later backward through that graph sees. Raises TypeError for data that are no numbers.
    """

    __slots__ = ("__weakref__", "backend", "data", "edges", "grad", "requires_grad")
    __array_ufunc__ = None  # so that NumPy leaves array * tensor to the tensor
    __hash__ = object.__hash__

    def __init__(self, data, requires_grad: bool = False, backend: Backend | None = None):
        if isinstance(data, Tensor):
            raise TypeError("a tensor is made of numbers or an array, not of another tensor")
        self.backend = backend or backend_of(data)
        dtype = getattr(data, "dtype", None)
        kind = np.asarray(data).dtype.kind if dtype is None else dtype.kind
        if kind not in "fiub":
            raise TypeError(f"a tensor is made of numbers, not of {str(data)[:40]!r}")
        if kind != "f" or dtype is None:
            data = self.backend.array(data, np.float32)
        elif isinstance(data, np.generic):
            data = np.asarray(data)
        self.data: Array = data
        self.requires_grad = requires_grad
        self.grad: Tensor | None = None
        self.edges: tuple | None = ()

    shape = property(lambda self: self.data.shape)
    ndim = property(lambda self: self.data.ndim)
    dtype = property(lambda self: self.data.dtype)

    def numpy(self) -> np.ndarray:
        """The values as an array of NumPy, without a copy where they are one."""
        return self.backend.numpy(self.data)

    def item(self) -> float:
        """The value of a tensor of one element; ValueError for others."""
        if math.prod(self.shape) != 1:
            raise ValueError(f"a tensor of shape {self.shape} is not one number: only one of size 1 is")
        return self.numpy().item()

    def detach(self) -> "Tensor":
        """The same array, without its history."""
        return Tensor(self.data, backend=self.backend)

    def zero_grad(self) -> None:
        self.grad = None

    def backward(self, gradient=None, retain_graph: bool = False) -> None:
        """Add the gradient of this tensor by each leaf to the leaf's `grad`.

        `gradient` is what comes from above, of this tensor's shape; it may be left out for one element.
        The graph is freed on the way unless `retain_graph`. Raises RuntimeError for a tensor without
        history, for a graph that was freed, and for several elements without `gradient`; ValueError for
        a gradient of another shape.
        """
        if not self.requires_grad:
            raise RuntimeError("this tensor does not come from one that requires a gradient")
        if gradient is None and math.prod(self.shape) != 1:
            raise RuntimeError(
                f"a tensor of shape {self.shape} needs a gradient from above of the same shape"
            )
        given = gradient.data if isinstance(gradient, Tensor) else gradient
        seed = self.constant(np.ones(self.shape) if given is None else given).data
        if seed.shape != self.shape:
            raise ValueError(f"the gradient has shape {seed.shape}, the tensor {self.shape}")

        def add(one, other):
            return self.backend.zip("add", one, other)

        for node, complete in graph.gradients(self, seed, _along, add, retain_graph):
            if node.edges == ():
                total = complete if node.grad is None else add(node.grad.data, complete)
                node.grad = Tensor(total, backend=self.backend)

    def constant(self, value) -> "Tensor":
        """Numbers and arrays as a tensor of this one's dtype and backend; a tensor as it is."""
        if isinstance(value, Tensor):
            return value
        if value is None:  # NumPy takes it for nan
            raise TypeError("None is not a number: does a function lack its return?")
        try:
            data = self.backend.array(value, self.data.dtype)
        except (TypeError, ValueError) as error:
            said = f"a tensor meets numbers and arrays of them, not {str(value)[:40]!r} ({error})"
            raise TypeError(said) from None
        return Tensor(data, backend=self.backend)

    __add__ = __radd__ = _binary(operations.add)
    __mul__ = __rmul__ = _binary(operations.multiply)
    __sub__, __rsub__ = _binary(operations.subtract), _reflected(operations.subtract)
    __truediv__, __rtruediv__ = _binary(operations.divide), _reflected(operations.divide)
    __pow__, __rpow__ = _binary(operations.power), _reflected(operations.power)
    __eq__ = _binary(operations.equal)
    __lt__, __gt__ = _binary(operations.less), _reflected(operations.less)
    __neg__ = _unary(operations.negate)
    exp, log, sqrt = _unary(operations.exp), _unary(operations.log), _unary(operations.sqrt)
    tanh, sigmoid, relu = _unary(operations.tanh), _unary(operations.sigmoid), _unary(operations.relu)

    def __matmul__(self, other: "Tensor"):
        """Matrix product as `torch.matmul`: of vectors, of matrices, of batches that broadcast."""
        other = self.constant(other)
        if not (self.ndim and other.ndim):
            raise ValueError(f"{self.shape} @ {other.shape}: by a single number, multiply with *")
        if self.shape[-1] != other.shape[-2:][0]:
            raise ValueError(
                f"{self.shape} @ {other.shape}: {self.shape[-1]} columns meet {other.shape[-2:][0]} rows"
            )
        if self.ndim == 1:
            return (self.unsqueeze(0) @ other).squeeze(-1 if other.ndim == 1 else -2)
        if other.ndim == 1:
            return (self @ other.unsqueeze(1)).squeeze(-1)
        if self.ndim > 2 and other.ndim == 2:  # all batches meet one matrix: a single product
            *batch, inner = self.shape
            product = self.reshape(math.prod(batch), inner) @ other
            return product.reshape(*batch, other.shape[1])
        return apply(operations.matmul, self, other)

    def __rmatmul__(self, other):
        return self.constant(other) @ self

    def sum(self, dim=None, keepdim: bool = False):
        """Over one dimension, several, or all."""
        return self._reduced(operations.sum, dim, keepdim)

    def max(self, dim=None, keepdim: bool = False):
        """The largest values, as `torch.amax`: equal ones share the gradient."""
        return self._reduced(operations.max, dim, keepdim)

    def mean(self, dim=None, keepdim: bool = False):
        """The sum over the number of elements."""
        return self.sum(dim, keepdim) / self._count(dim)

    def var(self, dim=None, keepdim: bool = False, correction: int = 1):
        """Mean squared distance from the mean, with n - correction in place of n."""
        away = self - self.mean(dim, keepdim=True)
        count = self._count(dim) - correction
        return (away * away).sum(dim, keepdim) / (count if count > 0 else 0)

    def _count(self, dim) -> int:
        return math.prod(self.shape[i] for i in dimensions(dim, self.ndim))

    def _reduced(self, operation, dim, keepdim):
        dims = dimensions(dim, self.ndim)
        result = apply(operation, self, dims=dims)
        if keepdim or not dims:
            return result
        return result.reshape(*(size for i, size in enumerate(self.shape) if i not in dims))

    def reshape(self, *shape: int):
        """The same elements in C order under another shape, in which one size may be -1."""
        return apply(operations.reshape, self, shape=_sizes(shape))

    def permute(self, *dims: int):
        """Dimension i of the result is dimension dims[i] of this tensor."""
        order = [dimensions(dim, self.ndim)[0] for dim in _sizes(dims)]
        if sorted(order) != list(range(self.ndim)):
            raise ValueError(f"permute of {self.ndim} dimensions needs each of them once, not {dims}")
        return apply(operations.permute, self, dims=order)

    def transpose(self, one: int, other: int):
        """The tensor with two dimensions exchanged."""
        order = list(range(self.ndim))
        (i,), (j,) = dimensions(one, self.ndim), dimensions(other, self.ndim)
        order[i], order[j] = j, i
        return apply(operations.permute, self, dims=order)

    @property
    def T(self):
        """All dimensions in reverse."""
        return apply(operations.permute, self, dims=list(reversed(range(self.ndim))))

    def expand(self, *shape: int):
        """Dimensions of size 1, and new ones in front, repeated by stride 0; -1 keeps a size."""
        shape = _sizes(shape)
        sizes = (1,) * (len(shape) - self.ndim) + self.shape
        kept = tuple(old if new == -1 else new for old, new in zip(sizes, shape, strict=False))
        if len(shape) < self.ndim or any(old not in (1, new) for old, new in zip(sizes, kept, strict=True)):
            raise ValueError(f"the shape {self.shape} does not expand to {shape}")
        return apply(operations.expand, self, shape=kept)

    def unsqueeze(self, dim: int):
        """A new dimension of size 1 at that place."""
        (place,) = dimensions(dim, self.ndim + 1)
        return self.reshape(*self.shape[:place], 1, *self.shape[place:])

    def squeeze(self, dim=None):
        """Without the named dimensions, or without all, as far as their size is 1."""
        dims = dimensions(dim, self.ndim)
        return self.reshape(*(size for i, size in enumerate(self.shape) if size != 1 or i not in dims))

    def __getitem__(self, key):
        """A view, by whole numbers, slices, None and `...`; TypeError for lists and arrays."""
        for part in key if isinstance(key, tuple) else (key,):
            number = isinstance(part, Integral) and not isinstance(part, bool)
            if not (number or isinstance(part, slice) or part is None or part is ...):
                raise TypeError(f"a tensor is indexed by whole numbers and slices, not by {part!r}")
        return apply(operations.index, self, key=key)

    def __iter__(self) -> Iterator["Tensor"]:
        if not self.ndim:
            raise TypeError("a tensor of shape () has no rows to go through")
        return (self[row] for row in range(self.shape[0]))

    def __array__(self, *_, **__):
        """NumPy would make an object of the tensor, or lose its history in silence."""
        raise TypeError("a tensor is no array of NumPy: x.numpy() is one, without x's history")

    def __bool__(self) -> bool:
        return bool(self.item())

    def __reduce__(self):
        """A copy, also by pickle, has the values, on NumPy, and no history."""
        return _again, (type(self), np.array(self.numpy()), self.requires_grad)

    def __repr__(self) -> str:
        return f"Tensor({self.numpy()}{', requires_grad=True' if self.requires_grad else ''})"


def _again(kind: type[Tensor], values: np.ndarray, requires_grad: bool) -> Tensor:
    tensor = kind.__new__(kind)
    Tensor.__init__(tensor, values, requires_grad)
    return tensor


def _along(parent: Tensor, slope: Callable[[Array], Array], gradient: Array) -> Array:
    part = slope(gradient)
    return part if part.shape == parent.shape else operations.unbroadcast(parent.backend, part, parent.shape)


def _sizes(sizes: tuple) -> tuple[int, ...]:
    """Sizes one by one or as one tuple, as torch takes them."""
    return tuple(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], Integral) else sizes

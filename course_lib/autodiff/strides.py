"""Shapes and strides of a view. Strides and offsets count elements, not bytes."""

import math
import operator
from collections.abc import Sequence

from course_lib.autodiff.backends import Array
from course_lib.notebook.reference import reference

Sizes = tuple[int, ...]


def dimensions(dim: int | Sequence[int] | None, ndim: int) -> Sizes:
    """One dimension, several or all (None), counted from 0, in increasing order; negative ones from the end.

    Raises IndexError where there is none, ValueError for one named twice, TypeError for what is no whole
    number. As in torch, a 0-d array has a dimension 0 that holds nothing.
    """
    if dim is None:
        return tuple(range(ndim))
    named = [operator.index(each) for each in (dim if isinstance(dim, Sequence) else (dim,))]
    for each in named:
        if not -max(ndim, 1) <= each < max(ndim, 1):
            raise IndexError(f"dimension {each} is not one of {ndim}")
    found = sorted(each % max(ndim, 1) for each in named)
    if len(set(found)) < len(found):
        raise ValueError(f"{dim} names a dimension twice")
    return tuple(found) if ndim else ()


def element_strides(array: Array) -> Sizes:
    """The strides of an array in elements."""
    return tuple(stride // array.itemsize for stride in array.strides)


def contiguous_strides(shape: Sizes) -> Sizes:
    """Strides in C order: the last dimension is the one whose elements are neighbors."""
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def is_contiguous(shape: Sizes, strides: Sizes) -> bool:
    """Whether the elements lie in C order without gaps. The stride of a size of 1 does not matter."""
    wanted = contiguous_strides(shape)
    steps = zip(shape, strides, wanted, strict=True)
    return 0 in shape or all(size == 1 or stride == want for size, stride, want in steps)


def broadcast_shape(*shapes: Sizes) -> Sizes:
    """The shape to which all broadcast, aligned at the right. Raises ValueError where two sizes disagree."""
    result = []
    for place in range(1, max(map(len, shapes), default=0) + 1):
        sizes = {shape[-place] for shape in shapes if len(shape) >= place} - {1}
        if len(sizes) > 1:
            raise ValueError(f"the shapes {', '.join(map(str, shapes))} do not broadcast")
        result.append(sizes.pop() if sizes else 1)
    return tuple(reversed(result))


@reference("Lab2.1")
def broadcast_strides(shape: Sizes, strides: Sizes, target: Sizes) -> Sizes:
    """Strides with which an array is read under the shape `target`: 0 where it repeats.

    Raises ValueError unless the array broadcasts to it.
    """
    if broadcast_shape(shape, target) != tuple(target):
        raise ValueError(f"the shape {shape} does not broadcast to {target}")
    own = zip(shape, strides, target[len(target) - len(shape) :], strict=True)
    kept = tuple(0 if size == 1 and wanted != 1 else stride for size, stride, wanted in own)
    return (0,) * (len(target) - len(shape)) + kept


@reference("Lab2.1")
def offset(place: Sequence[int], shape: Sizes, strides: Sizes, start: int = 0) -> int:
    """Where the element at `place` lies, counted from the beginning of memory; the view begins at `start`.

    Negative places count from the end. Raises IndexError outside the shape.
    """
    for at, size in zip(place, shape, strict=True):
        if not -size <= at < size:
            raise IndexError(f"there is no element {tuple(place)} in the shape {shape}")
    wrapped = (at % size for at, size in zip(place, shape, strict=True))
    return start + sum(at * stride for at, stride in zip(wrapped, strides, strict=True))


def place_of(number: int, shape: Sizes) -> Sizes:
    """The indices of an element that is counted in C order: the inverse of `offset` with C's strides."""
    place = []
    for size in reversed(shape):
        number, at = divmod(number, size)
        place.append(at)
    return tuple(reversed(place))


def permuted(sizes: Sizes, dims: Sequence[int]) -> Sizes:
    """Shape or strides of a view with its dimensions in that order."""
    return tuple(sizes[dim] for dim in dims)


def reshaped_strides(shape: Sizes, strides: Sizes, new: Sizes) -> Sizes | None:
    """Strides of the same memory under a new shape, or None where the elements must be copied.

    Raises ValueError for a shape of another number of elements.
    """
    if math.prod(shape) != math.prod(new):
        raise ValueError(f"{math.prod(shape)} elements do not fit into the shape {new}")
    if 0 in shape:
        return contiguous_strides(new)
    blocks = []  # [size, stride] of runs of dimensions that lie in memory like one
    for size, stride in zip(shape, strides, strict=True):
        if size == 1:
            continue
        if blocks and blocks[-1][1] == size * stride:
            blocks[-1] = [blocks[-1][0] * size, stride]
        else:
            blocks.append([size, stride])
    result, room, stride = [], 1, 1
    for size in reversed(new):
        if room == 1 and size > 1:
            room, stride = blocks.pop()
        if room % size:
            return None
        result.append(stride)
        stride, room = stride * size, room // size
    return tuple(reversed(result))

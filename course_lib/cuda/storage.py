"""An array as a kernel for strided arrays takes it: its memory, where in that it begins, its strides."""

from typing import NamedTuple

import numpy as np


class Storage(NamedTuple):
    """`memory` is one-dimensional and contiguous; `offset` and `strides` count its elements.

    The element at indices i, j, ... of the array is memory[offset + i * strides[0] + j * strides[1] + ...].
    """

    memory: object
    offset: int
    strides: tuple[int, ...]


def storage(array) -> Storage:
    """The storage of an array of NumPy or CuPy, a view or not, without a copy.

    Raises ValueError for a view of memory that is no array with elements of the same size.
    """
    owner = array
    while isinstance(owner.base, type(array)):
        owner = owner.base
    size = array.itemsize
    begins = _address(array) - _address(owner)
    if not (owner.flags.c_contiguous or owner.flags.f_contiguous) or owner.nbytes % size or begins % size:
        raise ValueError(
            f"this view (shape {array.shape}, strides {array.strides}) has no plain memory; copy it"
        )
    memory = (owner if owner.flags.c_contiguous else owner.T).reshape(-1).view(array.dtype)
    return Storage(memory, begins // size, tuple(stride // size for stride in array.strides))


def _address(array) -> int:
    return array.__array_interface__["data"][0] if isinstance(array, np.ndarray) else array.data.ptr

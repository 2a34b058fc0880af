"""Checks a launch before it starts: where a GPU says "invalid argument", or nothing, here is a sentence."""

import ctypes
import math
import operator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from course_lib.cuda.signature import Kernel, Parameter

MAX_THREADS = 1024
MAX_BLOCK = (1024, 1024, 64)
MAX_GRID = (2**31 - 1, 65535, 65535)
# Static plus dynamic shared memory of a block: what cards since Ampere (sm_86, sm_89) allow. CUDA C++
# Programming Guide, table "Technical Specifications per Compute Capability". A GPU's own limit is asked of
# it.
MAX_SHARED_BYTES = 99 * 1024


class Launch(NamedTuple):
    """A checked launch: three extents each, one value per parameter (an array, a NumPy scalar, or None)."""

    kernel: Kernel
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    values: tuple
    shared_mem: int


def check(
    kernel: Kernel, grid, block, args, shared_mem: int, array_type: type, max_shared: int = MAX_SHARED_BYTES
) -> Launch:
    """The launch, or a ValueError that names the kernel, what is wrong, and what to do.

    `array_type` is numpy.ndarray on the host and cupy.ndarray on a GPU. Python numbers become the parameter's
    type.
    """
    grid, block = _extents(kernel.name, "grid", grid), _extents(kernel.name, "block", block)
    if math.prod(block) > MAX_THREADS:
        raise ValueError(
            f"kernel {kernel.name}: a block of {block} has {math.prod(block):,} threads; at most "
            f"{MAX_THREADS:,} are allowed"
        )
    if not 0 <= operator.index(shared_mem) <= max_shared:
        raise ValueError(
            f"kernel {kernel.name}, line {kernel.line}: shared_mem is {shared_mem:,} bytes; a block has at "
            f"most {max_shared:,}"
        )
    if len(args) != len(kernel.parameters):
        names = ", ".join(p.name for p in kernel.parameters)
        raise ValueError(
            f"kernel {kernel.name} takes {len(kernel.parameters)} arguments ({names}), got {len(args)}"
        )
    values = []
    for parameter, value in zip(kernel.parameters, args, strict=True):
        try:
            if not parameter.pointer:
                value = _scalar(parameter, value)
            elif value is not None:
                _check_array(parameter, value, array_type)
        except _Wrong as what:
            raise ValueError(f"kernel {kernel.name}: argument {parameter.name}{what}") from None
        values.append(value)
    return Launch(kernel, grid, block, tuple(values), int(shared_mem))


def address(array: np.ndarray) -> int:
    """Where an array's memory begins."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except (TypeError, ValueError):  # read-only, empty or not contiguous: slower
        return array.ctypes.data


class _Wrong(Exception):
    """What is wrong with an argument, as the rest of a sentence that begins with its name."""


def _extents(kernel: str, what: str, given) -> tuple[int, int, int]:
    """Three extents of what is given as one to three whole numbers; what was right once is remembered."""
    if type(given) is int or (type(given) is tuple and set(map(type, given)) == {int}):
        return _whole_extents(kernel, what, given)
    return _whole_extents.__wrapped__(kernel, what, given)


@lru_cache(maxsize=1024)
def _whole_extents(kernel: str, what: str, given) -> tuple[int, int, int]:
    what, most = f"kernel {kernel}: {what}", MAX_GRID if what == "grid" else MAX_BLOCK
    extents = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    try:
        extents = tuple(operator.index(n) for n in extents)
    except TypeError:
        raise ValueError(f"{what} is {given!r}; give one to three whole numbers") from None
    if not 1 <= len(extents) <= 3:
        raise ValueError(f"{what} is {given!r}; give one to three whole numbers")
    extents += (1,) * (3 - len(extents))
    for axis, n, limit in zip("xyz", extents, most, strict=True):
        if n < 1:
            raise ValueError(
                f"{what} is {given!r}: {axis} is {n}; every extent is at least 1 (with nothing to do, do "
                "not launch)"
            )
        if n > limit:
            raise ValueError(f"{what} is {given!r}: {axis} is {n:,}; at most {limit:,} is allowed")
    return extents


def _scalar(parameter: Parameter, value):
    if hasattr(value, "shape") and value.shape != ():
        raise _Wrong(f" is one {parameter.type}, got an array of shape {value.shape}")
    if parameter.dtype == "bfloat16":
        raise _Wrong(": pass a bfloat16 as float and convert it in the kernel")
    number_type, limits = parameter.scalar
    if limits:
        try:
            number = operator.index(value)
        except TypeError:
            raise _Wrong(f" is {parameter.type}, got {value!r}; pass a whole number") from None
        if not limits[0] <= number <= limits[1]:
            raise _Wrong(f" is {parameter.type} and cannot hold {number:,}")
        return number_type(number)
    try:
        return number_type(value)
    except (TypeError, ValueError):
        raise _Wrong(f" is {parameter.type}, got {value!r}; pass a number") from None


def _check_array(parameter: Parameter, value, array_type: type) -> None:
    if not isinstance(value, array_type):
        kind = f"{array_type.__module__.partition('.')[0]}.{array_type.__name__}"
        raise _Wrong(
            f" is {parameter.type}*: pass a {kind} (module.array(x) makes one), got {type(value).__name__}"
        )
    if parameter.dtypes and value.dtype not in parameter.dtypes and value.dtype.name != parameter.dtype:
        raise _Wrong(f" is {parameter.type}*: the array must be {parameter.dtype}, got {value.dtype.name}")
    flags = value.flags
    if not flags.c_contiguous:
        raise _Wrong(
            f": the array is not contiguous (shape {value.shape}, strides {value.strides}); copy it first"
        )
    if array_type is not np.ndarray:
        return
    if not (parameter.constant or flags.writeable):
        raise _Wrong(f": the array is read-only and {parameter.type}* is not const; pass a writable copy")
    # NumPy knows whether an element is where it may be; vectors want more.
    misplaced = parameter.width > 1 and value.size and address(value) % parameter.alignment
    if misplaced or (parameter.dtypes and not flags.aligned):
        raise _Wrong(
            f": {parameter.type}* needs an address that is a multiple of {parameter.alignment} bytes"
        )

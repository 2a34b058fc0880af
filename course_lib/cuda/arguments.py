"""Checks a launch before it starts: where a GPU says "invalid argument", or nothing, here is a sentence."""

import math
import operator
from dataclasses import dataclass

import numpy as np

from course_lib.cuda.signature import Kernel, Parameter

MAX_THREADS = 1024
MAX_BLOCK = (1024, 1024, 64)
MAX_GRID = (2**31 - 1, 65535, 65535)
# Static plus dynamic shared memory of a block: what cards since Ampere (sm_86, sm_89) allow. CUDA C++
# Programming Guide, table "Technical Specifications per Compute Capability". A GPU's own limit is asked of
# it.
MAX_SHARED_BYTES = 99 * 1024


@dataclass(frozen=True)
class Launch:
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
    where = f"kernel {kernel.name}"
    grid, block = _extents(grid, f"{where}: grid", MAX_GRID), _extents(block, f"{where}: block", MAX_BLOCK)
    if math.prod(block) > MAX_THREADS:
        raise ValueError(
            f"{where}: a block of {block} has {math.prod(block):,} threads; at most {MAX_THREADS:,} are "
            "allowed"
        )
    if not 0 <= operator.index(shared_mem) <= max_shared:
        raise ValueError(f"{where}: shared_mem is {shared_mem:,} bytes; a block has at most {max_shared:,}")
    if len(args) != len(kernel.parameters):
        names = ", ".join(p.name for p in kernel.parameters)
        raise ValueError(f"{where} takes {len(kernel.parameters)} arguments ({names}), got {len(args)}")
    values = []
    for parameter, value in zip(kernel.parameters, args, strict=True):
        name = f"{where}: argument {parameter.name}"
        values.append(
            _array(parameter, value, name, array_type)
            if parameter.pointer
            else _scalar(parameter, value, name)
        )
    return Launch(kernel, grid, block, tuple(values), int(shared_mem))


def _extents(given, what: str, most: tuple[int, int, int]) -> tuple[int, int, int]:
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


def _scalar(parameter: Parameter, value, name: str):
    if hasattr(value, "shape") and value.shape != ():
        raise ValueError(f"{name} is one {parameter.type}, got an array of shape {value.shape}")
    dtype = np.dtype("float32" if parameter.dtype == "bfloat16" else parameter.dtype)
    if parameter.dtype == "bfloat16":
        raise ValueError(f"{name}: pass a bfloat16 as float and convert it in the kernel")
    if dtype.kind in "iu":
        try:
            number = operator.index(value)
        except TypeError:
            raise ValueError(f"{name} is {parameter.type}, got {value!r}; pass a whole number") from None
        limits = np.iinfo(dtype)
        if not limits.min <= number <= limits.max:
            raise ValueError(f"{name} is {parameter.type} and cannot hold {number:,}")
        return dtype.type(number)
    try:
        return dtype.type(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {parameter.type}, got {value!r}; pass a number") from None


def _array(parameter: Parameter, value, name: str, array_type: type):
    if value is None:
        return None
    if not isinstance(value, array_type):
        kind = f"{array_type.__module__.partition('.')[0]}.{array_type.__name__}"
        raise ValueError(
            f"{name} is {parameter.type}*: pass a {kind} (module.array(x) makes one), got "
            f"{type(value).__name__}"
        )
    allowed = {None: None, "bfloat16": ("bfloat16", "uint16"), "uint8": ("uint8", "bool")}.get(
        parameter.dtype, (parameter.dtype,)
    )
    if allowed is not None and value.dtype.name not in allowed:
        raise ValueError(
            f"{name} is {parameter.type}*: the array must be {allowed[0]}, got {value.dtype.name}"
        )
    if not value.flags.c_contiguous:
        raise ValueError(
            f"{name}: the array is not contiguous (shape {value.shape}, strides {value.strides}); copy "
            "it first"
        )
    if array_type is np.ndarray:
        if not parameter.constant and not value.flags.writeable:
            raise ValueError(
                f"{name}: the array is read-only and {parameter.type}* is not const; pass a writable copy"
            )
        if value.size and value.ctypes.data % parameter.alignment:
            raise ValueError(
                f"{name}: {parameter.type}* needs an address that is a multiple of "
                f"{parameter.alignment} bytes"
            )
    return value

"""Outputs are filled with poison before a launch, so that an element nobody writes is not right by chance."""

import numpy as np

from course_lib.cuda.report import Report

# NaNs that no arithmetic makes by itself, by the size of the number.
_NAN = {2: (np.uint16, 0x7E5A), 4: (np.uint32, 0x7FC5A5A5), 8: (np.uint64, 0x7FFC5A5A5A5A5A5A)}


def poisoned(array: np.ndarray) -> np.ndarray:
    """Of the same shape and dtype: NaN, the smallest integer, or the largest where none is negative."""
    return np.full(array.shape, _poison(array.dtype), array.dtype)


def _poison(dtype: np.dtype) -> np.generic:
    if dtype.kind == "f":
        bits, pattern = _NAN[dtype.itemsize]
        return np.array(pattern, bits).view(dtype)[()]
    if dtype.kind == "b":
        return np.True_
    limits = np.iinfo(dtype)
    return dtype.type(limits.min or limits.max)


def difference(
    name: str, got: np.ndarray, expected: np.ndarray, tolerance: float, report: Report, was_poisoned: bool
) -> str:
    """Empty when close; else the first element that differs, with what was expected, what came, and whether
    the poison shows through.
    """
    close = np.isclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    if close.all():
        return ""
    first = tuple(int(i) for i in np.argwhere(~close)[0])
    text = (
        f"{name}[{', '.join(map(str, first))}] should be {_number(expected[first])}, "
        f"is {_number(got[first])} ({(~close).sum():,} of {close.size:,} differ)"
    )
    why = _trace(name, got[first], expected[first], report) if was_poisoned else ""
    return f"{text}: {why}" if why else text


def _trace(name: str, got: np.generic, expected: np.generic, report: Report) -> str:
    """Why a value is poison, or the poison and something added; "" where it is neither."""
    poison = _poison(got.dtype)
    array = next(array for array in report.arrays if array.name == name and array.space == "global")
    adds = array.reads + array.atomics > 0
    put = f"the poison that filled it before the launch ({_number(poison)})"
    keeps = f'for a kernel that adds to an output, the Case says keep=("{name}",)'
    if got.tobytes() == poison.tobytes():
        if adds:
            return f"{put}; {keeps}"
        return f"{put}, so no thread has written it" if array.elements_written < array.elements else ""
    with np.errstate(over="ignore"):
        is_sum = got.dtype.kind in "iu" and got == poison + np.asarray(expected).astype(got.dtype)
    return f"{put}, and what was added; {keeps}" if adds and is_sum else ""


def _number(value: np.generic) -> str:
    return str(value) if np.asarray(value).dtype.kind in "iub" else f"{value:.6g}"

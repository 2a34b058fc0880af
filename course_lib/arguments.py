"""Arguments that make sense, or one line that names the one that does not and says what is allowed.

Every function raises TypeError where the type is wrong and ValueError where the value is.
"""

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np

LARGEST = 10**15  # of a number that counts things: beyond it, floating-point numbers skip some


def positive(**values: float) -> None:
    """Numbers above 0, and finite."""
    for name, value in values.items():
        if not 0 < real(name, value) < math.inf:
            raise ValueError(f"{name} must be greater than 0 and finite, not {value}")


def not_negative(**values: float) -> None:
    """Numbers from 0 on, and finite."""
    for name, value in values.items():
        if not 0 <= real(name, value) < math.inf:
            raise ValueError(f"{name} must be at least 0 and finite, not {value}")


def count(least: int = 1, most: int = LARGEST, /, **values: int) -> None:
    """Whole numbers from `least` to `most`; 4.0 is one."""
    for name, value in values.items():
        if not real(name, value) >= least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
        if value > most:
            raise ValueError(f"{name} must be at most {most:,}, not {value:,}")
        if value != math.floor(value):
            raise ValueError(f"{name} must be a whole number, not {value}")


def share(**values: float) -> None:
    """Numbers from 0 to 1."""
    for name, value in values.items():
        if not 0 <= real(name, value) <= 1:
            raise ValueError(f"{name} must be from 0 to 1, not {value}")


def one_of(name: str, value: object, known: Sequence) -> None:
    """One of the values that are known."""
    if not any(value is one or (type(value) is type(one) and value == one) for one in known):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, not {value!r}")


def instance(name: str, value: object, kind: type | tuple[type, ...]) -> None:
    """An object of that type."""
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        raise TypeError(
            f"{name} must be a {' or '.join(one.__name__ for one in kinds)}, not {type(value).__name__}"
        )


def real(name: str, value: object) -> float:
    """The value, which must be a number, and no complex one, no text and no array."""
    if not isinstance(value, Real) and not isinstance(value, (np.integer, np.floating, np.bool_)):
        raise TypeError(f"{name} must be a number, not {str(value)[:40]!r} ({type(value).__name__})")
    return value


def row(
    name: str, values: object, least: float = -math.inf, whole: bool = False, empty: bool = False
) -> np.ndarray:
    """Finite numbers of at least `least` in one dimension, as an array; whole ones; none only if `empty`."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be a list of numbers, not of lists of different lengths") from None
    if array.size == 0 and array.ndim == 1:
        if not empty:
            raise ValueError(f"{name} must hold at least one number")
        return array.astype(float)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, not {str(values)[:40]!r}")
    if array.ndim != 1:
        raise ValueError(f"{name} must be a list of numbers, not an array of shape {array.shape}")
    good = np.isfinite(array) & (array >= least)
    if whole:
        good &= (array == np.floor(array)) & (array <= LARGEST)
    if not good.all():
        what = ("whole numbers" if whole else "finite numbers") + (
            f" of at least {least:g}" if least > -math.inf else ""
        )
        raise ValueError(f"{name} must hold {what}, not {array[~good][0]}")
    return array


def same_length(**rows: Sequence) -> None:
    """Rows that have one entry each for the same things."""
    sizes = {name: len(values) for name, values in rows.items()}
    if len(set(sizes.values())) > 1:
        told = " and ".join(f"{size} in {name}" for name, size in sizes.items())
        raise ValueError(f"{', '.join(sizes)} must have the same length, not {told}")

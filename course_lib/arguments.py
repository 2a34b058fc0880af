"""Arguments that make sense, or one line that names the one that does not and says what is allowed.

Every function raises TypeError where the type is wrong and ValueError where the value is.
"""

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from numbers import Real

import numpy as np

SIZE = 10**12  # of whatever counts things in a rule: tokens, requests, bytes' units
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
    name: str,
    values: object,
    least: float = -math.inf,
    whole: bool = False,
    empty: bool = False,
    finite: bool = True,
) -> np.ndarray:
    """Numbers of at least `least` in one dimension, as an array; `whole` ones; none at all only if `empty`.

    Finite ones, unless the caller looks for others itself.
    """
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
    if not finite:
        return array
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


Rule = Callable[[str, object], object]


def takes(**rules: Rule) -> Callable[[Callable], Callable]:
    """Check a function's arguments by name before it runs: `@takes(rate=POSITIVE, n=COUNT)`.

    A rule is called with the name and the value of an argument that was given. Raises TypeError and
    ValueError as the rules do.
    """

    def mark(function: Callable) -> Callable:
        names = tuple(inspect.signature(function).parameters)

        @functools.wraps(function)
        def checked(*args, **kwargs):
            for name, value in zip(names, args, strict=False):
                if name in rules:
                    rules[name](name, value)
            for name, value in kwargs.items():
                if name in rules:
                    rules[name](name, value)
            return function(*args, **kwargs)

        return checked

    return mark


def check_fields(thing: object, **rules: Rule) -> None:
    """Check fields of an object by the same rules: what a dataclass does after it is made."""
    for name, rule in rules.items():
        rule(name, getattr(thing, name))


def POSITIVE(name: str, value: object) -> None:
    """A number above 0, and finite."""
    positive(**{name: value})


def NOT_NEGATIVE(name: str, value: object) -> None:
    """A number from 0 on, and finite."""
    not_negative(**{name: value})


def COUNT(name: str, value: object) -> None:
    """A whole number from 1 on."""
    count(1, SIZE, **{name: value})


def WHOLE(name: str, value: object) -> None:
    """A whole number from 0 on."""
    count(0, SIZE, **{name: value})


def INTEGER(name: str, value: object) -> None:
    """Any whole number: a seed."""
    if not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, not {str(value)[:40]!r}")


def NUMBER(name: str, value: object) -> None:
    """Any number that is one."""
    if math.isnan(real(name, value)):
        raise ValueError(f"{name} must be a number, not nan")


def FINITE(name: str, value: object) -> None:
    """Any finite number."""
    if not math.isfinite(real(name, value)):
        raise ValueError(f"{name} must be finite, not {value}")


def TEXT(name: str, value: object) -> None:
    """A string."""
    instance(name, value, str)


def between(least: int, most: int) -> Rule:
    """A whole number of that range."""
    return lambda name, value: count(least, most, **{name: value})


def a(*kinds: type) -> Rule:
    """An object of one of these types."""
    return lambda name, value: instance(name, value, kinds)


def or_none(rule: Rule) -> Rule:
    """What a rule takes, or None."""
    return lambda name, value: None if value is None else rule(name, value)


def each(rule: Rule, empty: bool = True) -> Rule:
    """A list or the like, every entry of which a rule takes."""

    def check(name: str, values: object) -> None:
        if (
            isinstance(values, (str, bytes))
            or not hasattr(values, "__len__")
            or not hasattr(values, "__iter__")
        ):
            raise TypeError(f"{name} must be a list, not {str(values)[:40]!r}")
        if not empty and not len(values):
            raise ValueError(f"{name} must hold at least one entry")
        for place, value in enumerate(values):
            rule(f"{name}[{place}]", value)

    return check


def function(name: str, value: object) -> None:
    """Something that can be called."""
    if not callable(value):
        raise TypeError(f"{name} must be a function, not {str(value)[:40]!r}")

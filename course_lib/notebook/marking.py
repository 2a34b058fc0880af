"""Marks a student's function case by case, and says what was expected, what came, and on which input."""

import contextlib
import copy
import math
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.errors import UserError

MOST = 240  # characters of a value in a verdict


@dataclass(frozen=True)
class Case:
    """One call of the student's function.

    `expected` is the value it should return, the class of the exception it should raise, or a function of
    what came that returns what is wrong with it ("" when nothing is). `why` says what the case is about.
    """

    arguments: tuple
    expected: Any
    why: str


def mark(
    task: str,
    function: Callable,
    cases: Sequence[Case],
    points: float,
    *,
    tolerance: float = 1e-6,
    show_inputs: bool = True,
) -> float:
    """Call `function` on copies of each case's arguments; print the verdict; return the points earned.

    What the cases are about weighs the same, however many cases are about it; one that differs loses its
    share. Put the smallest first: of those that differ the first is shown, input and all, and what the others
    are about; with show_inputs=False (hidden tests) only what all of them are about. Numbers agree within the
    relative `tolerance`, whole numbers exactly. What the function writes to stderr or warns about costs
    nothing; a task not yet written (NotImplementedError) is raised on, and so is a fault of the machine
    (UserError).
    """
    failures = []
    for case in cases:
        got, wrong = _outcome(function, case, tolerance)
        if wrong:
            failures.append((case, got, wrong))
    subjects = {case.why for case in cases}
    right = len(subjects) - len({case.why for case, _, _ in failures})
    earned = points * right / len(subjects)
    name = function.__name__
    print(f"{task} {name}: {right} of {len(subjects)} checks right, {earned:.3g} of {points:g} points")
    missed = dict.fromkeys(case.why for case, _, _ in failures)
    if missed and (len(missed) > 1 or not show_inputs):
        print("  Not yet: " + "; ".join(missed))
    if failures and show_inputs:
        case, got, wrong = failures[0]
        print(f"\n    so        {wrong}")
        print(f"    for       {name}({', '.join(map(show, case.arguments))})")
        print(f"    about     {case.why}")
        if isinstance(case.expected, type) or not callable(case.expected):
            print(f"    expected  {show(case.expected)}")
        print(f"    got       {got}")
    return float(earned)


def _outcome(function: Callable, case: Case, tolerance: float) -> tuple[str, str]:
    """What came, as text, and what is wrong with it."""
    raises = isinstance(case.expected, type) and issubclass(case.expected, BaseException)
    # Plain nbgrader gives no points to a test cell with anything on stderr, not even for a harmless warning.
    with contextlib.redirect_stderr(sys.stdout), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            got = function(*copy.deepcopy(case.arguments))
        except (NotImplementedError, UserError):
            raise
        except Exception as error:
            fits = raises and isinstance(error, case.expected)
            return f"{type(error).__name__}: {error}", "" if fits else f"it raised {type(error).__name__}"
        if raises:
            return show(got), f"it should raise {case.expected.__name__}"
        try:
            wrong = (
                case.expected(got) if callable(case.expected) else difference(case.expected, got, tolerance)
            )
        except Exception as error:
            wrong = f"the result cannot be read ({type(error).__name__}: {error})"
    return show(got), wrong


def difference(expected: Any, got: Any, tolerance: float = 1e-6) -> str:
    """Where and how `got` differs from `expected`, in words; "" when they agree.

    Tuples and lists are compared item by item; arrays by shape and value, and an array of whole numbers
    wants an integer dtype. NaN agrees with nothing. Places are Python's: the first is [0].
    """
    return _difference(expected, got, tolerance, "")


def _difference(expected: Any, got: Any, tolerance: float, place: str) -> str:
    if isinstance(expected, (tuple, list)):
        if isinstance(got, (tuple, list)) and len(got) == len(expected):
            pairs = enumerate(zip(expected, got, strict=True))
            parts = (_difference(e, g, tolerance, f"{place}[{i}]") for i, (e, g) in pairs)
            return next(filter(None, parts), "")
        wanted = f"{len(expected)} value was" if len(expected) == 1 else f"{len(expected)} values were"
        came = str(len(got)) if isinstance(got, (tuple, list)) else type(got).__name__
        wrong = f"{wanted} expected, not {came}"
    else:
        index, wrong = _of_one(expected, got, tolerance)
        place += str(index or "")
    return f"at {place}: {wrong}" if wrong and place else wrong


def _of_one(expected: Any, got: Any, tolerance: float) -> tuple[list[int], str]:
    """Where in an array, and how, `got` differs from what is no tuple and no list."""
    if got is None or expected is None or isinstance(expected, (str, bool)):
        same = type(got) is type(expected) and got == expected
        return [], "" if same else f"expected {show(expected)}, got {show(got)}"
    wanted, found = np.asarray(expected), np.asarray(got)
    if found.dtype.kind not in "buif":
        return [], f"{'numbers were' if wanted.ndim else 'a number was'} expected, not {type(got).__name__}"
    if wanted.shape != found.shape:
        return [], f"shape {found.shape} instead of {wanted.shape}"
    if wanted.ndim and wanted.dtype.kind in "iu" and found.dtype.kind not in "iu":
        return [], f"whole numbers need an integer dtype, not {found.dtype}"
    relative = 0.0 if wanted.dtype.kind in "iu" else tolerance
    agree = np.isclose(found.astype(np.float64), wanted.astype(np.float64), rtol=relative, atol=0)
    if agree.all():
        return [], ""
    first = tuple(map(int, np.argwhere(~agree)[0])) if wanted.ndim else ()
    return list(first), f"expected {show(wanted[first].item())}, got {show(found[first].item())}"


def show(value: Any) -> str:
    """A value short enough for one line of a verdict; of a large array, its shape and corners."""
    try:
        return _shown(value)
    except Exception as error:  # an integer of 5,000 digits, an object that cannot say what it is
        return f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"


def _shown(value: Any) -> str:
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, (tuple, list)):
        opening, closing = "()" if isinstance(value, tuple) else "[]"
        many = len(value) > 40
        items = [*map(show, value[:20]), "…", *map(show, value[-3:])] if many else map(show, value)
        return _cut(opening + ", ".join(items) + closing) + (f" of {len(value):,} values" if many else "")
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}" if math.isfinite(value) else str(float(value))
    if hasattr(value, "shape") and hasattr(value, "dtype") and np.ndim(value):
        # A torch tensor's size is a method, and one with a gradient must leave it behind to become an array.
        array = np.asarray(value.detach() if hasattr(value, "detach") else value)
        ends = 3 if array.ndim == 1 else 2 if array.ndim == 2 else 1
        text = np.array2string(array, precision=5, threshold=24, edgeitems=ends, separator=", ")
        return _cut(" ".join(text.split())) + (f" of shape {array.shape}" if array.size > 24 else "")
    if isinstance(value, np.generic):
        return str(value.item())
    return _cut(repr(value))


def _cut(text: str) -> str:
    """`text`, with its middle left out where it is too long for a verdict."""
    return text if len(text) <= MOST else f"{text[: MOST - 60]} … {text[-57:]}"

"""Library functions that a graded task asks for refuse to be called from the student's own solution."""

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# Up to Python 3.11 a comprehension is a frame of its own; who wrote it is the function around it.
_COMPREHENSIONS = {"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"}


class ReferenceRefused(RuntimeError):
    """The library's version of a graded function was called by the function that should be the student's."""


def reference(task: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function as the library's version of `task`, for example `@reference("Q2.2")`.

    While a notebook is graded (NBGRADER_EXECUTION is set), a call from a function or lambda that was
    defined in the notebook raises ReferenceRefused; the notebook's top level and the library may call it. It
    deters and explains; the grader's security does not rest on it.
    """

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if os.environ.get("NBGRADER_EXECUTION") and _called_from_a_notebook_function():
                raise ReferenceRefused(
                    f"{function.__name__} is the library's answer to {task}: "
                    "write your own in the solution cell instead of calling it"
                )
            return function(*args, **kwargs)

        return guarded

    return mark


def _called_from_a_notebook_function() -> bool:
    frame = sys._getframe(2)  # past this function and the guard
    while frame.f_code.co_name in _COMPREHENSIONS and frame.f_back is not None:
        frame = frame.f_back
    name = frame.f_code.co_name
    return frame.f_globals.get("__name__") == "__main__" and (name == "<lambda>" or not name.startswith("<"))

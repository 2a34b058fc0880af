"""Library functions that a graded task asks for refuse to be called from the student's own solution."""

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from course_lib.seal import give_body

P = ParamSpec("P")
R = TypeVar("R")

# Up to Python 3.11 a comprehension is a frame of its own; the function around it is the one that wrote it.
_COMPREHENSIONS = {"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"}
# What calls a function as the student's: it must not be the library's under another name.
_EXAMINERS = {"course_lib.examination.candidate", "course_lib.notebook.marking"}


class ReferenceRefused(RuntimeError):
    """The library's version of a graded function was called by, or as, what should be the student's own."""


def reference(task: str, guard: bool = True, sealed: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function as the library's version of `task`, or as all that is hard in it: `@reference("Q2.2")`.

    While a notebook is graded (NBGRADER_EXECUTION is set), a call from a function or lambda that was
    defined in the notebook raises ReferenceRefused, and so does a call as the student's function; the
    notebook's top level and the library may call it. It deters and explains; the grader's security does not
    rest on it. Without `guard` everybody may call it. In a student edition the function's body is in `sealed`
    (see course_lib/seal.py).
    """

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        if sealed:
            give_body(function, sealed)
        if not guard:
            return function

        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if os.environ.get("NBGRADER_EXECUTION") and _called_for_a_student():
                raise ReferenceRefused(
                    f"{function.__name__} is the library's answer to {task}: "
                    "write your own in the solution cell instead of calling it"
                )
            return function(*args, **kwargs)

        return guarded

    return mark


def _called_for_a_student() -> bool:
    frame = sys._getframe(2)  # past this function and the guard
    while frame.f_code.co_name in _COMPREHENSIONS and frame.f_back is not None:
        frame = frame.f_back
    name, module = frame.f_code.co_name, frame.f_globals.get("__name__")
    if module in _EXAMINERS:
        return True
    return module == "__main__" and (name == "<lambda>" or not name.startswith("<"))

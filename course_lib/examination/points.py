"""What a test cell says: a verdict of its own, made where it ran, and the points that it is worth."""

import math
import numbers

FAILED, PASSED, NUMBER, OTHER, OURS = "failed", "passed", "number", "other", "ours"


class TestCellError(Exception):
    """What a test is worth cannot be told: it is wrong itself, or the course or the machine has failed."""

    __test__ = False  # pytest collects by name


def verdict(succeeded: bool, value, lost: str = "", ours: str = "") -> list:
    """How a test cell ended, as plain data: [kind, number or text].

    `succeeded`: it ran to its end without an error; `value` is that of its last expression, None without one.
    `lost` says in words of the grader's why no answer came to a question of the test: it has then failed,
    whatever it made of that. `ours` says what of the course or the machine has failed in it.
    """
    if ours:
        return [OURS, ours]
    if lost or not succeeded:
        return [FAILED, lost]
    if value is None:
        return [PASSED, ""]
    if isinstance(value, numbers.Real) and not isinstance(value, bool) and not math.isnan(value):
        return [NUMBER, float(value)]
    return [OTHER, repr(value)[:60]]


def points_earned(said: list, possible: float) -> float:
    """Points of a test cell that is worth `possible`, from its verdict.

    An error gives 0, no value gives all points, a number gives that many, clipped to [0, possible]. What was
    printed, shown or written to stderr counts for nothing. Raises TestCellError when the value is NaN, a
    bool or no number (nbgrader would give full points for each of these) and where the course or the machine
    has failed, and ValueError for what is no
    verdict: whoever says nothing gets nothing.
    """
    if type(said) is not list or len(said) != 2:
        raise ValueError("no verdict came")
    kind, detail = said
    if kind == FAILED and type(detail) is str:
        return 0.0
    if kind == PASSED:
        return possible
    if kind == NUMBER and type(detail) is float and not math.isnan(detail):
        return min(max(detail, 0.0), possible)
    if kind == OURS and type(detail) is str:
        raise TestCellError(detail)
    if kind == OTHER and type(detail) is str:
        raise TestCellError(f"the test ends with {detail!r}, which is not a number of points")
    raise ValueError("no verdict came")

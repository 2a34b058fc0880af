"""What other processes may say to the one that leads an examination, checked before anything looks at it.

A candidate runs a student's code, so whatever comes from it may be anything that the wire can carry.
"""

import contextlib
import math

from course_lib.examination.points import TestCellError, points_earned
from course_lib.examination.wire import BadMessage

MAX_OUTPUTS = 1000  # of a cell; a shell keeps fewer
MAX_DEPTH = 24  # of an output; nbformat's own nest 4 deep, a Plotly figure about 12
MAX_PARTS = 4_000_000  # strings, numbers and containers of one message; a shell keeps fewer
MAX_BITS = 1024  # of a whole number in an output
MAX_BYTES = 64 << 20  # of a message that is read here, not passed on
MAX_ANSWER_PARTS = 8_000_000  # of a value that a student's function returns; a list may have 4,000,000 items
NO_ANSWER = "it gave another answer than there can be"
OUTPUT_TYPES = ("stream", "error", "display_data", "execute_result")


def whole(text: str) -> str:
    """`text` as UTF-8 can hold it: half of a surrogate pair, which no file can keep, becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def text(value) -> str:
    """A string, as UTF-8 can hold it. Raises BadMessage for anything else."""
    if type(value) is not str:
        raise BadMessage("it sent something else than text")
    return whole(value)


def names(value) -> list[str]:
    """A list of strings. Raises BadMessage for anything else."""
    if type(value) is not list:
        raise BadMessage("it sent something else than names")
    return [text(name) for name in value]


def question(value) -> bytes:
    """A message to be passed on unread. Raises BadMessage for anything else."""
    if type(value) is not bytes:
        raise BadMessage("it sent something else than a question")
    return value


def outputs(value) -> list[dict]:
    """Outputs of a cell: each a dictionary of a known type, of nothing but JSON's types, within limits.

    Strings are made whole; NaN, infinity and whole numbers of more than MAX_BITS, for which JSON has no word
    or its readers no room, become None. Raises BadMessage for anything else.
    """
    if type(value) is not list or len(value) > MAX_OUTPUTS:
        raise BadMessage("it sent something else than outputs")
    room = [MAX_PARTS]
    checked = [_json(output, 0, room) for output in value]
    for output in checked:
        if type(output) is not dict or output.get("output_type") not in OUTPUT_TYPES:
            raise BadMessage("it sent an output of no known type")
        wanted = {"stream": ("name", "text"), "error": ("ename", "evalue")}.get(output["output_type"], ())
        if any(type(output.get(name)) is not str for name in wanted):
            raise BadMessage("it sent an output without its text")
    return checked


def _described(value) -> list[list[str]]:
    if type(value) is not list or any(type(pair) is not list or len(pair) != 2 for pair in value):
        raise BadMessage(NO_ANSWER)
    return [names(pair) for pair in value]


def _anything(value):
    return value


def verdict(value) -> list:
    """A test's verdict (see points.verdict). Raises BadMessage for anything else."""
    try:
        with contextlib.suppress(TestCellError):  # that the test is wrong is a verdict, too
            points_earned(value, 0.0)
    except ValueError as error:
        raise BadMessage(str(error)) from None
    return value


def _json(value, depth: int, room: list[int]):
    room[0] -= 1
    if depth > MAX_DEPTH or room[0] < 0:
        raise BadMessage("it sent an output that is nested too deeply or has too many parts")
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if value.bit_length() <= MAX_BITS else None
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is str:
        return whole(value)
    if kind is list:
        return [_json(item, depth + 1, room) for item in value]
    if kind is dict:
        return {text(key): _json(item, depth + 1, room) for key, item in value.items()}
    raise BadMessage("it sent an output that is no text and no number")


# By the word that a message begins with: how each of its details is checked.
CHECKS = {
    "ran": (outputs,),
    "snapshot": (),
    "imported": (names,),
    "tested": (outputs, verdict),
    "ask": (question,),
    "kernel": (question,),
}


def checked(message: list, words: tuple[str, ...]) -> list:
    """`message`, if it begins with one of `words`, with its details checked. Raises BadMessage otherwise."""
    what, *details = message
    if what not in words or len(details) != len(CHECKS[what]):
        raise BadMessage("it sent something else than was asked for")
    return [what, *(check(detail) for check, detail in zip(CHECKS[what], details, strict=True))]


_GIVEN = {"value": (_anything,), "raised": (names, text), "refused": (text,)}
# By the question that the student's process is asked: what it may answer, and how each detail is checked.
ANSWERS = {"names": {"names": (_described,)}, "call": _GIVEN, "value": _GIVEN}


def answer(message: list, asked: str, number: str) -> list:
    """`message` without its number, if it answers the question `asked` of that number.

    Whatever else comes, an answer to an earlier question among it, raises BadMessage, in words that tell
    nothing of what is in it: it may be a hidden input.
    """
    what, *details = message
    checks = ANSWERS[asked].get(what)
    if checks is None or len(details) != 1 + len(checks):
        raise BadMessage(NO_ANSWER)
    if type(details[0]) is not str or details[0] != number:
        raise BadMessage("it answered another question than was asked")
    try:
        return [what, *(check(detail) for check, detail in zip(checks, details[1:], strict=True))]
    except BadMessage:
        raise BadMessage(NO_ANSWER) from None

"""What ./course watch tells a student of one hand-in: a slip of JSON, and beside it the feedback page.

Both are named by the ticket of the hand-in, which only who has its zip knows: the folder they lie in can be
entered by everyone and listed by nobody, as that of nbgrader's exchange.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.errors import UserError

WAITING = "waiting"  # it is taken, and will be graded
HELD = "held"  # it is taken and counts; a limit on attempts says when it is graded
REPLACED = "replaced"  # a newer one was handed in before it was graded
REFUSED = "refused"
FAILED = "failed"  # it counts, and cannot be graded
BACK = "back"
PAGE = ".html"
SLIP = ".json"


@dataclass(frozen=True)
class Told:
    """One visible test: its cell, its points, and what it said."""

    name: str
    points: float | None
    possible: float
    message: str


@dataclass(frozen=True)
class Slip:
    """What became of a hand-in, and what its student may know by now.

    `said` is one line on the state. `hidden` are the points of all hidden tests, None while they are not
    told; `marking` says that a person has still to mark. Times are UTC in ISO 8601.
    """

    assignment: str
    notebook_sha256: str
    submitted: str
    state: str
    said: str = ""
    at: str = ""
    tests: list[Told] = field(default_factory=list)
    hidden: float | None = None
    hidden_possible: float = 0.0
    marking: bool = False
    tests_sha256: str = ""


def ticket(receipt: bytes) -> str:
    """The name of a hand-in's slip and page."""
    return hashlib.sha256(receipt).hexdigest()[:40]


def written(slip: Slip) -> str:
    """The text of a slip."""
    return json.dumps(dataclasses.asdict(slip), indent=1, ensure_ascii=False) + "\n"


def read(folder: Path, ticket: str) -> Slip | None:
    """The slip of a hand-in; None where there is none yet. Raises UserError for a file that is none."""
    path = folder / (ticket + SLIP)
    try:
        found = json.loads(path.read_text("utf-8"))
        return Slip(**found | {"tests": [Told(**test) for test in found["tests"]]})
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UserError(f"{path} is no slip of ./course watch; ask your instructor.") from error

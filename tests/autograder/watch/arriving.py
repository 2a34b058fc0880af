"""Submissions that arrive, and graders that answer at once with the points a notebook asks for."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat

from autograder import journal
from autograder.batch import Answer, Task, read_submission
from autograder.course import Course
from autograder.engine import digest
from autograder.watch.watching import Watching
from course_lib.commands import slips
from course_lib.commands.slips import Slip
from course_lib.examination.result import Result
from tests.autograder.small_course import solved

ASSIGNMENT = "q00_doubling"
NOW = datetime.now(UTC).replace(microsecond=0)
POINTS = {"q00_double_test": 1.0, "q00_double_hidden": 2.0, "q00_scale_hidden": 4.0}


def zipped(notebook, student: str, minutes: float = 0.0, **claims: str) -> bytes:
    """A zip as ./course submit makes it, handed in `minutes` after an hour ago."""
    data = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode()
    receipt = {
        "assignment": ASSIGNMENT,
        "notebook": "doubling.ipynb",
        "sha256": hashlib.sha256(data).hexdigest(),
        "submitted": f"{NOW - timedelta(hours=1) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}",
        "student": student,
        "course_version": "0",
        "ticket": "",
    } | claims
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("doubling.ipynb", data)
        archive.writestr("receipt.json", json.dumps(receipt))
    return buffer.getvalue()


def ticket_of(packed: bytes) -> str:
    """Where what comes back of a zip lies."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return slips.ticket(archive.read("receipt.json"))


def drop(course: Course, name: str, data: bytes) -> Path:
    """Put a file into the drop folder."""
    path = course.root / "drop" / "inbound" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def slip(course: Course, packed: bytes) -> Slip | None:
    """What the student of a zip is told."""
    return slips.read(course.root / "drop" / "feedback", ticket_of(packed))


def attempt(starter, text: str):
    """A solved notebook that differs from others by a comment."""
    notebook = solved(starter)
    notebook.cells[0].source += f"\n\n{text}"
    return notebook


class AtOnce:
    """In the place of processes that grade: each notebook earns all points, and has them as outputs.

    `begun` has the students in the order of their turns. What is `wrong` by student is the result.
    """

    def __init__(self, room: int = 1):
        self._room, self._given, self.begun = room, [], []
        self.wrong: dict[str, Result] = {}

    def warm_up(self, _assignment: bytes) -> None:
        pass

    def room(self) -> int:
        return self._room - len(self._given)

    def in_work(self) -> int:
        return len(self._given)

    def give(self, _assignment: bytes, task: Task) -> None:
        self._given.append((task, read_submission(task.path)))
        self.begun.append(task.student)

    def answers(self, _seconds: float) -> list[Answer]:
        found = [self._answer(*given) for given in self._given]
        self._given.clear()
        return found

    def _answer(self, task: Task, data: bytes) -> Answer:
        result = self.wrong.get(task.student) or _all_points(data)
        return Answer(task.student, hashlib.sha256(data).hexdigest(), result, False, task)

    def close(self) -> None:
        self._given.clear()


def _all_points(data: bytes) -> Result:
    notebook = json.loads(data)
    names = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in notebook["cells"]}
    answers = {
        name: digest("".join(cell["source"]))
        for name, cell in names.items()
        if name and cell["metadata"]["nbgrader"]["solution"]
    }
    said = dict.fromkeys(POINTS, "what a test said")
    return Result(points=dict(POINTS), messages=said, executed=data, answers=answers, seconds=0.01)


class Watched:
    """A course that is watched in this process until nothing is left to do, as often as is asked."""

    def __init__(self, course: Course, room: int = 1):
        self.course, self.graders, self.said = course, AtOnce(room), []

    def watch(self):
        """One run with --once; its board."""
        watching = Watching(self.course, [], lambda: self.graders, self.said.append)
        return watching.run(once=True)


def set_up(course: Course, *lines: str) -> None:
    """Add settings to the course's own file."""
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write("\nc = get_config()\n" + "\n".join(lines) + "\n")


def in_hours(hours: int) -> datetime:
    """A time as nbgrader keeps it: UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=hours)


def page(course: Course, packed: bytes) -> str:
    return (course.root / "drop" / "feedback" / f"{ticket_of(packed)}.html").read_text("utf-8")


def graded(course: Course) -> list[str]:
    """The students of the journal's lines."""
    return sorted(entry.student for entry in journal.read(course, ASSIGNMENT))

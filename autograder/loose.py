"""A notebook that was handed in by itself, without ./course submit: whose it is, and for what."""

import hashlib
import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from autograder.course import Course
from autograder.downloads import Found
from autograder.handed_in import read_below
from autograder.limited import READING, Failed, ask
from autograder.platforms import Person, handed_in_name
from course_lib.commands import submission
from course_lib.commands.submission import Submission
from course_lib.errors import UserError

# What browsers, JupyterLab and platforms add to the name of a second copy.
COPY = re.compile(r"(-\d+| ?\(\d+\)|-Copy\d+)?\.ipynb$", re.IGNORECASE)
MOST_NAMES = 1000


def read(course: Course, file: Found, student: str | None) -> Submission:
    """The submission that a notebook is, by `student` or by whom the platform names.

    It counts from when the file was written, as the platform's download says. Raises UserError where it
    cannot be told whose it is or for which assignment.
    """
    try:
        data, names = ask(READING, look, file.path)
    except Failed as error:
        raise UserError(str(error)) from error
    if type(data) is not bytes or type(names) is not list or not all(type(name) is str for name in names):
        raise UserError("the process that read it sent something else than a notebook")
    assignment = _assignment(course, file, set(names))
    student = student or _student(course, file.person)
    written = datetime.fromtimestamp(file.path.stat().st_mtime, UTC).replace(microsecond=0)
    receipt = {
        "assignment": assignment,
        "notebook": course.source(assignment).name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "submitted": f"{written:{submission.TIME_FORMAT}}",
        "student": student,
        "course_version": "unknown",
    }
    text = json.dumps(receipt, indent=1, ensure_ascii=False) + "\n"
    return Submission(
        assignment, receipt["notebook"], receipt["sha256"], written, student, "unknown", data, text.encode()
    )


def look(path: Path) -> list:
    """In a limited process: a notebook's bytes, and the names that nbgrader gave its cells.

    Raises UserError, NotReadable: it is no notebook, or too large.
    """
    data = read_below(path.parent, path.name, most=submission.NOTEBOOK_LIMIT)
    cells = submission.content("it", data)["cells"]
    return [data, sorted(cell_names(cells))[:MOST_NAMES]]


def cell_names(cells: list) -> set[str]:
    """The grade_ids of a notebook's cells, whatever else their metadata is."""
    found = set()
    for cell in cells:
        metadata = cell.get("metadata")
        marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        name = marks.get("grade_id") if isinstance(marks, dict) else None
        if isinstance(name, str):
            found.add(name)
    return found


def _assignment(course: Course, file: Found, names: set[str]) -> str:
    """The assignment whose cells it has; where nbgrader's names are gone, the one of its file's name."""
    alike, called = Counter(), []
    name = COPY.sub(".ipynb", handed_in_name(Path(file.shown).name))
    for assignment in course.assignments():
        source = course.source(assignment)
        alike[assignment] = len(names & cell_names(json.loads(source.read_bytes())["cells"]))
        called += [assignment] if source.name == name else []
    best = [assignment for assignment in alike if alike[assignment] == max(alike.values()) > 0] or called
    if len(best) != 1:
        raise UserError(
            "is not the notebook of an assignment of this course; ask for the zip of ./course submit"
        )
    return best[0]


def _student(course: Course, person: Person | None) -> str:
    """The one in the gradebook whom the platform means."""
    advice = (
        "a notebook without a receipt; ask for the zip of ./course submit, or say whose it is: "
        "./course collect --student ID FILE"
    )
    if person is None:
        raise UserError(advice)
    found = set()
    with course.gradebook() as gradebook:
        for known in gradebook.students:
            orders = (f"{known.first_name} {known.last_name}", f"{known.last_name} {known.first_name}")
            names = {_letters(order) for order in orders if known.first_name and known.last_name}
            if person.platform != "Moodle" and known.lms_user_id == person.key:
                return known.id
            if person.key == known.id or (
                person.name and _letters(person.name) in names | {_letters(known.id)}
            ):
                found.add(known.id)
    if len(found) != 1:
        who = f"{len(found)} students of the gradebook" if found else "nobody in the gradebook"
        raise UserError(f"{advice}; {person} is {who} (./course students FILE takes a class list)")
    return found.pop()


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()

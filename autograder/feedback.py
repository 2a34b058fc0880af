"""Feedback pages for students: their work, visible tests' messages, points and comments; no hidden test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from autograder import leaks
from autograder.conversion import ConversionFailed, convert
from autograder.course import Course
from autograder.limited import READING, Failed, ask
from autograder.scores import scores
from course_lib.errors import UserError
from course_lib.examination import messages
from course_lib.examination.wire import BadMessage


def feedback(course: Course, assignment: str) -> Iterator[tuple[str, str]]:
    """Write feedback/STUDENT/ASSIGNMENT/NAME.html for each graded submission; yields (student, error).

    A page that would hold a hidden test is removed, which is then its reason. Raises UserError when nothing
    is graded.
    """
    graded = [row.student for row in scores(course, assignment) if row.status in ("graded", "needs marking")]
    if not graded:
        raise UserError(f"Nothing of {assignment} is graded; run ./course grade {assignment} first.")
    for student in graded:
        yield student, feedback_page(course, assignment, student)


def feedback_page(course: Course, assignment: str, student: str, until: str = "", note: str = "") -> str:
    """Write the page of one who is graded, with a `note` at its top; why there is none, or "".

    With `until`, the page does not tell the points of hidden tests, and says that they are told then.
    """
    from nbgrader.converters import GenerateFeedback

    settings = {"WithholdHidden": {"until": until, "note": note}}
    try:
        convert(GenerateFeedback, course, assignment, student, settings)
    except ConversionFailed as error:
        return str(error)
    folder = course.root / "feedback" / student / assignment
    leaked = _leaked(folder, leaks.canaries(course.source(assignment)))
    if leaked:
        shutil.rmtree(folder)
    return "; ".join(leaked)


def _leaked(folder: Path, wanted: dict[str, str]) -> list[str]:
    """What a page holds that it must not hold, or why that cannot be said."""
    try:
        return messages.names(ask(READING, leaks.search, folder, wanted))
    except (Failed, BadMessage) as error:
        return [f"it cannot be searched for hidden tests: {error}"]

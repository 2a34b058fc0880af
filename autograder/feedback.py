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
    from nbgrader.converters import GenerateFeedback

    graded = [row.student for row in scores(course, assignment) if row.status in ("graded", "needs marking")]
    if not graded:
        raise UserError(f"Nothing of {assignment} is graded; run ./course grade {assignment} first.")
    source = course.source(assignment)
    for student in graded:
        try:
            convert(GenerateFeedback, course, assignment, student)
        except ConversionFailed as error:
            yield student, str(error)
            continue
        folder = course.root / "feedback" / student / assignment
        leaked = _leaked(folder, leaks.canaries(source))
        if leaked:
            shutil.rmtree(folder)
        yield student, "; ".join(leaked)


def _leaked(folder: Path, wanted: dict[str, str]) -> list[str]:
    """What a page holds that it must not hold, or why that cannot be said."""
    try:
        return messages.names(ask(READING, leaks.search, folder, wanted))
    except (Failed, BadMessage) as error:
        return [f"it cannot be searched for hidden tests: {error}"]

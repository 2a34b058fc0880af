"""Feedback pages for students: their work, visible tests' messages, points and comments; no hidden test."""

import shutil
from collections.abc import Iterator

from autograder import leaks
from autograder.conversion import ConversionFailed, convert
from autograder.course import Course
from autograder.scores import scores
from course_lib.errors import UserError


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
        leaked = leaks.search(folder, leaks.canaries(source))
        if leaked:
            shutil.rmtree(folder)
        yield student, "; ".join(leaked)

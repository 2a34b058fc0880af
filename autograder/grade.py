"""Grading the submissions of one assignment, one at a time: a bad one costs only itself."""

import contextlib
import fcntl
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.conversion import ConversionFailed, convert
from autograder.course import Course
from autograder.scores import released_notebook
from course_lib.errors import UserError
from course_lib.examination.result import CannotGrade
from course_lib.paths import write_atomically

# Lies in autograded/STUDENT/ASSIGNMENT, so it goes when nbgrader or formgrader grades a submission anew.
RECORD = ".graded.json"


@dataclass(frozen=True)
class Outcome:
    """One row of the result: points of the tests, and whether a person must still mark something.

    `state` is graded, unchanged (graded before, from the same bytes by the same tests) or failed; `reason`
    says why it failed.
    """

    student: str
    state: str
    auto_points: float | None
    auto_possible: float
    needs_marking: bool
    reason: str = ""


def grade(course: Course, assignment: str, students: list[str], again: bool = False) -> Iterator[Outcome]:
    """Grade `students` (all who handed in, if empty) one by one; `again` repeats what was graded before.

    Raises UserError when the assignment is not released or a student has not handed in.
    """
    tests = digest_of_tests(course, assignment)
    handed_in = course.submitters(assignment)
    for student in students:
        if student not in handed_in:
            raise UserError(f"There is no submission of {assignment} by {student!r} in submitted/.")
    return _one_by_one(course, assignment, students or handed_in, tests, again)


def _one_by_one(course, assignment, students, tests, again) -> Iterator[Outcome]:
    for student in students:
        with _alone(course):
            outcome = grade_one(course, assignment, student, tests, again)
        yield outcome


@contextlib.contextmanager
def _alone(course: Course):
    """Wait until no other command grades a submission of this course: two at once share the work."""
    with open(course.root / ".grading.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the system lets go of it when a process is killed
        yield


def grade_one(course: Course, assignment: str, student: str, tests: str, again: bool) -> Outcome:
    """Grade one submission unless the same was graded by the same `tests`; never raises for its contents.

    Raises CannotGrade where this machine can grade nothing; earlier scores then stay.
    """
    submitted = course.notebook("submitted", student, assignment)
    record = course.notebook("autograded", student, assignment).parent / RECORD
    try:
        wanted = fingerprint(submitted.read_bytes(), tests)
    except OSError as error:
        return failed(course, assignment, student, f"{submitted.name}: {error.strerror}")
    if not again and read_record(record) == wanted and (before := points(course, assignment, student)):
        return Outcome(student, "unchanged", *before)
    try:
        run_tests(course, assignment, student)
    except CannotGrade:
        raise
    except (ConversionFailed, UserError) as error:
        return failed(course, assignment, student, str(error))
    write_atomically(record, json.dumps({"fingerprint": wanted}))
    return Outcome(student, "graded", *points(course, assignment, student))


def run_tests(course: Course, assignment: str, student: str) -> None:
    """The engine: run a submission with the released tests and write its points into the gradebook."""
    from nbgrader.converters import Autograde

    convert(Autograde, course, assignment, student)


def digest_of_tests(course: Course, assignment: str) -> str:
    """SHA-256 of the released tests. Raises UserError when the assignment is not released."""
    with course.gradebook() as gradebook:
        notebook = released_notebook(course, gradebook, assignment)
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        cells = sorted((cell.name, cell.source, points.get(cell.name)) for cell in notebook.source_cells)
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def fingerprint(notebook: bytes, tests: str) -> str:
    """What a result depends on: the submission's bytes and the tests."""
    return hashlib.sha256(notebook + tests.encode()).hexdigest()


def read_record(path) -> str | None:
    """The fingerprint of the last complete grading, or None."""
    try:
        return json.loads(path.read_text("utf-8"))["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def points(course: Course, assignment: str, student: str) -> tuple[float, float, bool] | None:
    """(points of tests, of how many, needs marking) from the gradebook; None without a submission."""
    from nbgrader.api import MissingEntry

    with course.gradebook() as gradebook:
        try:
            found = gradebook.find_submission(assignment, student)
        except MissingEntry:
            return None
        return found.code_score, found.max_code_score, found.needs_manual_grade


def failed(course: Course, assignment: str, student: str, reason: str) -> Outcome:
    """The outcome of a submission that cannot be graded; scores of an earlier one are taken back."""
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student(student)
        submission = gradebook.update_or_create_submission(assignment, student)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                grade.auto_score, grade.needs_manual_grade = None, True
        gradebook.db.commit()
        possible = submission.max_code_score
    return Outcome(student, "failed", None, possible, False, reason)

"""Student versions of assignments: no solution, no hidden test, no mark scheme."""

import shutil
from pathlib import Path

from autograder import leaks
from autograder.conversion import ConversionFailed, convert
from autograder.course import Course
from course_lib.errors import UserError


def release(course: Course, assignment: str) -> Path:
    """Write release/ASSIGNMENT and store its tests in the gradebook; returns the folder.

    Raises UserError when the notebook breaks the contract, or when cells were added or removed after
    submissions were graded.
    """
    from nbgrader.converters import GenerateAssignment

    source = course.source(assignment)
    try:
        convert(GenerateAssignment, course, assignment)
    except ConversionFailed as error:
        raise UserError(f"{assignment} was not released: {error}") from error
    folder = course.root / "release" / assignment
    if found := leaks.search(folder, leaks.secrets([source])):
        shutil.rmtree(folder)
        raise UserError(f"{assignment} was not released: {found[0]}.")
    return folder

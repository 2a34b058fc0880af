"""Student versions of assignments: no solution, no hidden test, no mark scheme."""

import os
import shutil
from pathlib import Path

from autograder import leaks
from autograder.conversion import ConversionFailed, convert
from autograder.course import Course
from course_lib.errors import UserError


def release(course: Course, assignment: str) -> Path:
    """Write release/ASSIGNMENT and store its tests in the gradebook; returns the folder.

    Raises UserError when the notebook breaks the contract, or when cells were added or removed after
    submissions were graded; the last release then stays.
    """
    source = course.source(assignment)
    folder = course.root / "release" / assignment
    previous = folder.with_name(f".{assignment}.previous")
    shutil.rmtree(previous, ignore_errors=True)
    if folder.exists():
        os.replace(folder, previous)
    try:
        _convert(course, assignment)
        if found := leaks.search(folder, leaks.secrets([source])):
            raise UserError(f"{assignment} was not released: {found[0]}.")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if previous.exists():
            os.replace(previous, folder)
        raise
    shutil.rmtree(previous, ignore_errors=True)
    return folder


def _convert(course: Course, assignment: str) -> None:
    from nbgrader.converters import GenerateAssignment

    try:
        convert(GenerateAssignment, course, assignment)
    except ConversionFailed as error:
        raise UserError(f"{assignment} was not released: {error}") from error

"""Due dates, which formgrader keeps in the gradebook, given out beside the student versions."""

from datetime import UTC, datetime
from pathlib import Path

from autograder.course import Course
from course_lib.commands.due import write_due_dates


def due_dates(course: Course) -> dict[str, datetime]:
    """assignment -> due date in UTC, of those that have one."""
    with course.gradebook() as gradebook:
        return {
            each.name: each.duedate.replace(tzinfo=UTC)
            for each in gradebook.assignments
            if each.duedate is not None
        }


def give_out(course: Course) -> Path:
    """Write release/due_dates.json, which the start page and ./course submit read; returns its path."""
    return write_due_dates(course.root / "release", due_dates(course))

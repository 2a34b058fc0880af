"""Grade files for other programs."""

import csv
import io
from pathlib import Path

from autograder.course import Course
from autograder.scores import scores
from course_lib.paths import write_atomically

COLUMNS = [
    "student",
    "auto",
    "manual",
    "late_penalty",
    "total",
    "max",
    "late_seconds",
    "submitted_utc",
    "status",
]


def export_csv(course: Course, assignment: str) -> Path:
    """Write exports/ASSIGNMENT.csv, one row a student; returns its path."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in scores(course, assignment):
        submitted = f"{row.submitted:%Y-%m-%d %H:%M:%S}" if row.submitted else ""
        points = [f"{value:g}" for value in (row.auto, row.manual, row.penalty, row.total, row.possible)]
        writer.writerow([row.student, *points, f"{row.seconds_late:.0f}", submitted, row.status])
    return write_atomically(course.exports / f"{assignment}.csv", text.getvalue())

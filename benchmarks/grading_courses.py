"""Course folders with the class of benchmarks/grading_class.py handed in: for us, and for plain nbgrader."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from autograder.course import Course
from autograder.release import release
from benchmarks.grading_class import ASSIGNMENT, NOTEBOOK, source, submissions
from course_lib.paths import ROOT

PLAIN = """\
c = get_config()
c.CourseDirectory.source_directory = "notebooks"
c.ExecutePreprocessor.timeout = 120
"""


def ours(root: Path, count: int) -> Course:
    """A course as ours, released, with `count` submissions."""
    _write_source(root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    course = Course(root)
    release(course, ASSIGNMENT)
    _hand_in(root, count)
    return course


def plain(root: Path, count: int) -> None:
    """The same submissions in a folder with nbgrader's own configuration."""
    ours(root, count)
    for name in ("release", "journal"):
        shutil.rmtree(root / name, ignore_errors=True)
    for path in root.glob("gradebook.db*"):
        path.unlink()
    (root / "nbgrader_config.py").write_text(PLAIN)
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT]
    subprocess.run(command, cwd=root, check=True, capture_output=True)


def our_points(root: Path) -> dict[str, dict[str, float]]:
    """Automatic points by student and test, from the gradebook of a course as ours."""
    return _points(Course(root).gradebook())


def plain_points(root: Path) -> dict[str, dict[str, float]]:
    """The same for plain nbgrader."""
    from nbgrader.api import Gradebook

    return _points(Gradebook(f"sqlite:///{root / 'gradebook.db'}"))


def _points(gradebook) -> dict[str, dict[str, float]]:
    with gradebook:
        return {
            entry.student.id: {
                grade.name: grade.auto_score for grade in entry.grades if grade.cell_type == "code"
            }
            for entry in gradebook.notebook_submissions(NOTEBOOK, ASSIGNMENT)
        }


def _write_source(root: Path) -> None:
    path = root / "notebooks" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(source(), path)


def _hand_in(root: Path, count: int) -> None:
    released = nbformat.read(root / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
    for student, notebook in submissions(released, count).items():
        folder = root / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{NOTEBOOK}.ipynb")
        (folder / "timestamp.txt").write_text("2026-01-31 12:00:00 UTC\n")

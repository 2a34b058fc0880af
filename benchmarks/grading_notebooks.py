"""What a submission of each notebook costs the grader: solved as in the instructor's version, one process."""

import dataclasses
import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat

from autograder.course import Course
from autograder.release import release
from benchmarks.grading_page import each
from benchmarks.processor_time import run
from benchmarks.solved import solved
from course_lib.commands import workspace
from course_lib.paths import ROOT

SUBMISSIONS = 3


def measure() -> dict[str, dict]:
    """By assignment: what one submission costs; cells below all tests are not run when it is graded."""
    found = {}
    for name in workspace.assignments():
        cost = found[name] = _graded(name)
        print(f"{name}: {each(cost):.2f} s", flush=True)
    return found


def _graded(assignment: str) -> dict:
    with tempfile.TemporaryDirectory(prefix="course_bench_") as folder:
        course, log = Course(Path(folder) / "course"), Path(folder) / "log"
        _hand_in(course, assignment)
        words = ["grade", assignment, "--workers", "1"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        cost = run(
            [sys.executable, "-m", "course_lib", *words],
            lambda: len(list(course.root.glob(f"autograded/*/{assignment}/*.ipynb"))),
            log,
            cwd=course.root,
            env=environment | {"COURSE_ROOT": str(course.root)},
        )
        if cost.status:
            raise SystemExit(f"grading {assignment} ended with status {cost.status}:\n{log.read_text()}")
    return dataclasses.asdict(cost)


def _hand_in(course: Course, assignment: str) -> None:
    """A course with this assignment, released, and some solutions, whose written answers differ."""
    shutil.copytree(ROOT / "notebooks" / assignment, course.root / "notebooks" / assignment)
    shutil.copy(ROOT / "nbgrader_config.py", course.root)
    released = release(course, assignment)
    (path,) = released.glob("*.ipynb")
    for number in range(SUBMISSIONS):
        notebook = solved(path, ROOT / "notebooks" / assignment / path.name)
        for cell in notebook.cells:
            if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = f"Attempt {number}."
        folder = course.root / "submitted" / f"student{number}" / assignment
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / path.name)

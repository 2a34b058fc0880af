"""Reads the instructors' notebooks, and runs the cells that marks depend on in this process."""

import contextlib
import functools
import sys
from collections.abc import Container
from pathlib import Path

import nbformat
import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_lib.commands.workspace import is_graded

ROOT = Path(__file__).resolve().parents[2]
EVERY = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
NOTEBOOKS = [path for path in EVERY if is_graded(path.parent)]
UNGRADED = [path for path in EVERY if not is_graded(path.parent)]
MUTANTS = ROOT / "tests" / "mutants"


def name(path: Path) -> str:
    """The assignment a notebook belongs to."""
    return path.parent.name


def prefix(path: Path) -> str:
    """What the grade_ids of a notebook begin with, and the folder of its mutants: q02."""
    return name(path).split("_")[0]


def cells(path: Path) -> list:
    return nbformat.read(path, as_version=4).cells


def options(cell) -> dict:
    """nbgrader's metadata of a cell, empty where it knows nothing of it."""
    return cell.metadata.get("nbgrader", {})


def grade_id(cell) -> str:
    return options(cell).get("grade_id", "")


def is_task(cell) -> bool:
    """A code cell that a student fills in and tests mark."""
    return cell.cell_type == "code" and options(cell).get("solution", False)


@functools.cache
def tasks() -> dict[str, Path]:
    """The grade_id of each task -> the notebook it stands in."""
    return {grade_id(cell): path for path in NOTEBOOKS for cell in cells(path) if is_task(cell)}


def is_test(cell) -> bool:
    return cell.cell_type == "code" and options(cell).get("grade", False) and not options(cell)["solution"]


def effects(path: Path) -> int:
    """How many effects the notebook asserts or reports."""
    return sum(cell.source.count("_effect(") for cell in cells(path) if cell.cell_type == "code")


def shows_something(path: Path) -> set[str]:
    """Ids of the code cells that must have an output: all that a student meets, tasks apart."""
    return {cell.id for cell in cells(path) if cell.cell_type == "code" and not is_task(cell)}


def mutants(path: Path, task: str = "*") -> list[Path]:
    """Wrong solutions of a notebook's task, or of all its tasks; `task` is a grade_id."""
    stem = task.removeprefix(f"{prefix(path)}_")
    return sorted((MUTANTS / prefix(path)).glob(f"{stem}__*"))


@contextlib.contextmanager
def shell():
    """A shell as a notebook's kernel has it; what it changes in this process is put back afterwards."""
    before, threads = sys.modules["__main__"], torch.get_num_threads()
    hooks = sys.displayhook, sys.excepthook
    try:
        # A colored traceback takes longer than most tests of a wrong solution.
        settings = {"HistoryManager": {"enabled": False}, "InteractiveShell": {"xmode": "Plain"}}
        yield InteractiveShell(config=Config(settings))
    finally:
        sys.modules["__main__"] = before
        sys.displayhook, sys.excepthook = hooks
        torch.set_num_threads(threads)


def run_cells(shell, some_cells, tests: Container[str]) -> dict[str, object]:
    """grade_id -> what each of these tests said: points (float), or the exception it ended with.

    Runs what marks depend on, in order: locked cells, solution cells, and the test cells named in `tests`.
    """
    said = {}
    for cell in some_cells:
        graded = is_test(cell) and grade_id(cell) in tests
        locked = options(cell).get("locked") and not options(cell).get("grade")
        if cell.cell_type != "code" or not (graded or locked or is_task(cell)):
            continue
        result = shell.run_cell(cell.source)
        if graded:
            said[grade_id(cell)] = result.error_before_exec or result.error_in_exec or result.result
        else:
            result.raise_error()
    return said


def run(notebook_cells) -> dict[str, object]:
    """What `run_cells` says of all tests of a notebook, run up to the last of them."""
    *_, last = (i for i, cell in enumerate(notebook_cells) if is_test(cell))
    with shell() as here:
        return run_cells(
            here, notebook_cells[: last + 1], {grade_id(c) for c in notebook_cells if is_test(c)}
        )


def task_of(test) -> str:
    """The grade_id of the task that a test cell marks."""
    return grade_id(test).removesuffix("_test").removesuffix("_hidden")


def points(said) -> float:
    """Points of what a test cell said, as the grader counts them."""
    return said if isinstance(said, float) else 0.0

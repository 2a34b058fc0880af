"""`./course check`: the visible tests on the student's own notebook, as a table of points."""

import os
from dataclasses import dataclass
from pathlib import Path

from course_lib import workspace
from course_lib.errors import UserError

CELL_TIMEOUT = 120  # seconds


@dataclass(frozen=True)
class Verdict:
    """What one visible test said: points earned out of those possible, and its last line when it failed."""

    test: str
    points: float
    possible: float
    message: str

    @property
    def passed(self) -> bool:
        return self.points >= self.possible and not self.message


def check_assignment(assignment: str) -> bool:
    """Run and print the visible tests of the notebook in the workspace; True when all pass.

    Raises UserError when there is no such notebook or it cannot be read.
    """
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    notebook = workspace.notebook(assignment)
    with console.status(f"Running the visible tests of {notebook.name} …"):
        verdicts = check_notebook(notebook, workspace.student_version(assignment))
    table = Table("test", "points", "what it said", box=None, pad_edge=False)
    for verdict in verdicts:
        color = "green" if verdict.passed else "red"
        points = f"{verdict.points:g} of {verdict.possible:g}"
        table.add_row(verdict.test, f"[{color}]{points}[/]", verdict.message.replace("[", r"\["))
    console.print(table)
    passed = sum(verdict.passed for verdict in verdicts)
    console.print(
        f"{passed} of {len(verdicts)} visible tests pass; hidden tests and the written answer follow."
    )
    return passed == len(verdicts)


def check_notebook(notebook: Path, released: Path) -> list[Verdict]:
    """Run `notebook` up to its last visible test and return what each said.

    Locked cells are taken from `released`, so a test that was changed by accident counts as released.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError

    try:
        student = nbformat.read(notebook, as_version=4)
    except Exception as error:
        raise UserError(f"{notebook} is not a notebook that Jupyter can read ({error}).") from error
    shipped = nbformat.read(released, as_version=4).cells
    locked = {grade_id(cell): cell for cell in shipped if _nbgrader(cell).get("locked")}
    cells = [locked.get(grade_id(cell), cell) for cell in student.cells]
    tests = [cell for cell in cells if is_visible_test(cell)]
    if not tests:
        raise UserError(
            f"{notebook} holds no visible test; ./course lab brings a fresh copy once you rename it."
        )
    student.cells = cells[: cells.index(tests[-1]) + 1]
    client = NotebookClient(
        student,
        timeout=CELL_TIMEOUT,
        allow_errors=True,
        resources={"metadata": {"path": str(notebook.parent)}},
    )
    try:
        # Demos then draw a static figure instead of a live widget, as they do while a notebook is graded.
        client.execute(env={**os.environ, "NBGRADER_EXECUTION": "validate"})
    except DeadKernelError as error:
        raise UserError(f"Python died while running {notebook.name}: {error}") from error
    return [_verdict(cell) for cell in tests]


def _nbgrader(cell) -> dict:
    return cell.metadata.get("nbgrader", {})


def grade_id(cell) -> str:
    """nbgrader's name of the cell; a cell without one is known by its own id."""
    return _nbgrader(cell).get("grade_id") or cell.get("id", "")


def is_visible_test(cell) -> bool:
    """A graded, locked code cell whose tests are in the student's version."""
    options = _nbgrader(cell)
    graded = cell.cell_type == "code" and options.get("grade") and not options.get("solution")
    return bool(graded and not options["grade_id"].endswith("_hidden"))


def _verdict(cell) -> Verdict:
    options = _nbgrader(cell)
    possible, name = float(options["points"]), options["grade_id"].removesuffix("_test")
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if errors:
        said = (errors[0].evalue.strip() or errors[0].ename).splitlines()[0]
        if errors[0].ename == "NotImplementedError":
            said = f"not written yet: {said}"
        elif errors[0].ename != "AssertionError":
            said = f"{errors[0].ename}: {said}"
        return Verdict(name, 0.0, possible, said)
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    points = float(results[-1].data["text/plain"]) if results else possible
    return Verdict(name, min(points, possible), possible, "")

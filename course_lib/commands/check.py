"""`./course check`: the visible tests on the student's own notebook, by the grader's own examination.

The same candidate and examiner as in grading, as ordinary processes of the student's account.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from course_lib.commands import workspace
from course_lib.commands.folders import require_temporary
from course_lib.commands.progress import record_check
from course_lib.cuda.compiler import compilers
from course_lib.cuda.task_view import INSPECTOR
from course_lib.errors import UserError
from course_lib.examination import standby
from course_lib.examination.result import CannotGrade

GUARD = "course_lib.examination.unconfined"


@dataclass(frozen=True)
class Verdict:
    """What one visible test said: points earned out of those possible, its error in a line, its prints."""

    test: str
    points: float
    possible: float
    error: str
    printed: str

    @property
    def passed(self) -> bool:
        return self.points >= self.possible and not self.error

    @property
    def inspected(self) -> str:
        """What the inspector of kernels said in it, though the test may have passed."""
        lines = [line for line in self.printed.splitlines() if line.startswith(INSPECTOR)]
        return "\n".join(line.removeprefix(INSPECTOR) for line in lines)


def check_assignment(assignment: str) -> bool:
    """Run and print the visible tests of the notebook in the workspace; True when all pass.

    Raises UserError when there is no such notebook or it cannot be read, and where the machine cannot run it:
    that costs no points.
    """
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    notebook = workspace.notebook(assignment)
    require_temporary()
    with console.status(f"Running the visible tests of {notebook.name} …"):
        try:
            verdicts, notes = check_notebook(notebook, workspace.student_version(assignment))
        except (CannotGrade, OSError) as error:  # no room, or no more processes
            reason = str(error).split(". ")[0].rstrip(".")
            raise UserError(
                f"No test was judged: this machine cannot run the notebook ({reason}). Close other programs "
                "and run it again; ./course doctor shows what the machine lacks."
            ) from error
    table = Table("test", "points", "", box=None, pad_edge=False)
    for verdict in verdicts:
        color = "green" if verdict.passed else "red"
        points = f"{verdict.points:g} of {verdict.possible:g}"
        said = verdict.error or verdict.inspected
        table.add_row(verdict.test, f"[{color}]{points}[/]", said.replace("[", r"\["))
    console.print(table)
    for verdict in verdicts:
        if verdict.printed and not verdict.passed:
            console.print(f"\n{verdict.test}:\n{verdict.printed}", markup=False)
    for note in notes:
        console.print(f"note: {note}", markup=False)
    points, possible = sum(v.points for v in verdicts), sum(v.possible for v in verdicts)
    record_check(assignment, notebook.read_bytes(), points, possible)
    passed = sum(verdict.passed for verdict in verdicts)
    console.print(
        f"{passed} of {len(verdicts)} visible tests pass; hidden tests and the written answer follow."
    )
    return passed == len(verdicts)


def check_notebook(notebook: Path, released: Path) -> tuple[list[Verdict], list[str]]:
    """What each visible test says of `notebook`, run up to the last of them, and notes on what was odd.

    Tests and locked cells are those of the student version `released`, however `notebook` changed them. As
    when it is graded, the notebook runs in an empty folder; a file beside it that it asks for is noted.
    A test whose solution cell ends in an error says so; other such cells are notes. Raises UserError when it
    is no notebook.
    """
    environment = {**os.environ, "NBGRADER_EXECUTION": "validate", "PLOTLY_RENDERER": "plotly_mimetype"}
    if compilers():  # there kernels are graded; without a compiler, a GPU may run them
        environment |= {"COURSE_DEVICE": "host", "CUDA_VISIBLE_DEVICES": ""}  # torch has no GPU there, too
    with (
        tempfile.TemporaryDirectory(prefix="course_check_") as empty,
        standby.warm(GUARD, environment, Path(empty)) as warm,
    ):
        # Imported while the other process starts, where it has to.
        from course_lib.commands.broken_cells import behind, broken_cells
        from course_lib.examination.absent import asked_for
        from course_lib.examination.assignment import Assignment
        from course_lib.examination.conduct import conduct
        from course_lib.examination.peers import Times
        from course_lib.examination.submission import Unreadable, read

        assignment = Assignment.from_source(released.read_bytes()).without_hidden_tests()
        warm.bring(assignment.modules)
        try:
            submission = read(notebook.read_bytes(), assignment)
        except Unreadable as error:
            raise UserError(f"{notebook} cannot be read: {error}.") from error
        places = {known.name: place for place, (_, known) in enumerate(submission.cells)
                  if known is not None and known.is_test}  # fmt: skip
        del submission.cells[max(places.values(), default=-1) + 1 :]
        found = conduct(submission, assignment, warm.start, Times())
    standby.keep(environment, found.imported)
    broken = broken_cells(submission, found.outputs)
    causes = behind(assignment, submission, broken.keys())
    verdicts = [
        _verdict(cell, found, places[name], broken.get(causes.get(name)))
        for name, cell in assignment.tests.items()
    ]
    others = [said for said in broken.values() if said not in {verdict.error for verdict in verdicts}]
    left_behind = [name for name in asked_for(found.outputs) if (notebook.parent / name).exists()]
    notes = [f"{name} lies beside the notebook, and only the notebook is handed in" for name in left_behind]
    ended = [flag for flag in found.flags if flag.startswith("cell ")]
    return verdicts, [*submission.flags, *ended, *others, *notes]


def _verdict(cell, found, place: int, cause: str | None) -> Verdict:
    outputs = found.outputs.get(place, [])
    printed = "".join(output["text"] for output in outputs if output["output_type"] == "stream")
    error = ""
    for output in outputs:
        if output["output_type"] == "error":
            lines = (output["evalue"].strip() or output["ename"]).splitlines()
            error = {
                "NotImplementedError": f"not written yet: {lines[0]}",
                "AssertionError": lines[0],
                "CourseFault": f"not judged: {lines[0]}",
            }.get(output["ename"], f"{output['ename']}: {lines[0]}")
    error = cause if cause and error else error
    points = found.points.get(cell.name)
    name = cell.name.removesuffix("_test")
    return Verdict(name, points or 0.0, cell.points, error, printed.strip())

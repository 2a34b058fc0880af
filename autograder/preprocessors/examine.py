"""Run a submission by our engine: the student's cells in one confined process, the tests in another."""

from dataclasses import replace
from pathlib import Path

import nbformat
from nbgrader.preprocessors.base import NbGraderPreprocessor
from traitlets import Unicode

from autograder.engine import Assignment, grade_submission
from autograder.preprocessors.keep_written import find_given, kept
from autograder.preprocessors.restore_cells import grade_id
from course_lib.errors import UserError

RESULT = "examined"  # where the result is kept for SavePoints, among nbgrader's resources


class Examine(NbGraderPreprocessor):
    """Stands in the place of nbgrader's Execute, which runs tests and student's code in one kernel.

    The tests are those of the last release, which RestoreCells has put into the notebook. As nbgrader does,
    it runs all cells, so that whoever marks the answers sees what the student has measured. Raises UserError
    for a notebook that cannot be graded, and where nothing can be confined.
    """

    source_directory = Unicode(help="Instructors' notebooks; they name what a solution defines.").tag(
        config=True
    )

    def preprocess(self, nb, resources):
        place = resources["nbgrader"]
        source = Path(self.source_directory) / place["assignment"] / f"{place['notebook']}.ipynb"
        assignment = as_released(Assignment.from_source(source.read_bytes()), nb)
        assignment = replace(assignment, given=find_given(self.source_directory, resources))
        assignment = assignment.with_all_cells()
        written = kept(nb)
        result = grade_submission(nbformat.writes(nb).encode(), assignment, written=written)
        if result.reason:
            raise UserError(result.reason)
        for flag in result.flags:
            self.log.warning("%s: %s", place["student"], flag)
        executed = nbformat.reads(result.executed.decode(), as_version=4)
        if nb.nbformat_minor < 5:  # cells of older formats have no id
            for cell in executed.cells:
                cell.pop("id")
        nb.cells = executed.cells
        nb.metadata.pop("widgets", None)
        resources[RESULT] = result
        return nb, resources


def as_released(assignment: Assignment, nb) -> Assignment:
    """`assignment` with text and marks of the last release, as they stand in the restored notebook `nb`."""
    found = {name: cell for cell in nb.cells if (name := grade_id(cell))}
    cells = []
    for cell in assignment.cells:
        if cell.name in found:
            released = found[cell.name]
            source = released.source if cell.is_ours else cell.source
            cell = replace(cell, source=source, metadata=dict(released.metadata["nbgrader"]))
        cells.append(cell)
    return replace(assignment, cells=tuple(cells))

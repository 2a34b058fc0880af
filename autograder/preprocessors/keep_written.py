"""Note what a student wrote in words before nbgrader puts locked cells right, and writes over some of it."""

import contextlib
import dataclasses
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors.base import NbGraderPreprocessor
from traitlets import Unicode

from autograder import released
from course_lib.examination.prose import Given, Passage
from course_lib.examination.submission import Unreadable, find_written, read_cells

WRITTEN = "course_written"  # where it is kept for Examine, in the notebook's own metadata


class KeepWritten(NbGraderPreprocessor):
    """The notebook that nbgrader sanitizes goes through a file before it is examined: that is the way."""

    source_directory = Unicode(help="Where the instructors' notebooks lie.").tag(config=True)

    def preprocess(self, nb, resources):
        given = find_given(self.source_directory, resources)
        marks = [cell.metadata["nbgrader"] for cell in nb.cells if "nbgrader" in cell.metadata]
        kinds = {each["grade_id"]: each["cell_type"] for each in marks}
        found = []
        with contextlib.suppress(Unreadable):  # Examine will say so
            found = find_written(read_cells(nbformat.writes(nb).encode()), kinds, given)
        nb.metadata[WRITTEN] = [dataclasses.asdict(each) for each in found]
        return nb, resources


def find_given(source_directory: str, resources) -> Given:
    """What students were given, from the gradebook and the instructor's notebook."""
    place = resources["nbgrader"]
    with Gradebook(place["db_url"]) as gradebook:
        notebook = gradebook.find_notebook(place["notebook"], place["assignment"])
        texts = {cell.name: cell.source for cell in notebook.source_cells}
    source = Path(source_directory) / place["assignment"] / f"{place['notebook']}.ipynb"
    return released.given(source.read_bytes(), texts)


def kept(nb) -> list[Passage]:
    """What was kept in a sanitized notebook, which then has it no more."""
    return [Passage(**each) for each in nb.metadata.pop(WRITTEN, [])]

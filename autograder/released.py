"""An assignment as it was last released: what submissions are graded by, whatever was edited since."""

import hashlib
import json
from dataclasses import dataclass, replace

import nbformat

from autograder.course import Course
from autograder.preprocessors.clear_mark_scheme import STUB
from autograder.preprocessors.restore_metadata import released_metadata
from course_lib.examination.assignment import HIDDEN_STUB, Assignment
from course_lib.examination.prose import Given


@dataclass(frozen=True)
class Released:
    """The cells and the tests' names; `tests_sha256` changes with anything that a result depends on.

    `texts` has by grade_id what the gradebook keeps of each cell: of the student's, what they were given.
    """

    assignment: Assignment
    tests_sha256: str
    texts: dict[str, str]


def find_released(course: Course, assignment: str) -> Released:
    """Text and marks from the gradebook, order and names of solutions from the instructor's notebook.

    Raises UserError when the assignment is not released.
    """
    with course.gradebook() as gradebook:
        notebook = course.released_notebook(gradebook, assignment)
        marks = released_metadata(notebook)
        texts = {cell.name: cell.source for cell in notebook.source_cells}
    source = course.source(assignment).read_bytes()
    written = Assignment.from_source(source)
    cells = []
    for cell in written.cells:
        if cell.name in marks:
            text = texts[cell.name] if cell.is_ours else cell.source
            cells.append(replace(cell, source=text, metadata=marks[cell.name]))
    known = replace(written, cells=tuple(cells), given=given(source, texts))
    return Released(known, _digest(cells, written.names), texts)


def given(source: bytes, texts: dict[str, str]) -> Given:
    """What students were given: the instructor's cells without a name, and `texts` of the named ones."""
    cells = nbformat.reads(source.decode("utf-8"), as_version=4).cells
    plain = [cell.source for cell in cells if "grade_id" not in cell.metadata.get("nbgrader", {})]
    return Given.of([*plain, *texts.values(), HIDDEN_STUB, STUB])


def _digest(cells, names) -> str:
    """SHA-256 without the reference solutions: another way to write one changes no result."""
    parts = [
        [cell.name, cell.cell_type, cell.source if cell.is_ours else cell.imports, cell.metadata]
        for cell in cells
    ]
    return hashlib.sha256(json.dumps([parts, sorted(names)], sort_keys=True).encode()).hexdigest()

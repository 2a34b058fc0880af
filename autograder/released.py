"""An assignment as it was last released: what submissions are graded by, whatever was edited since."""

import hashlib
import json
from dataclasses import dataclass, replace

from autograder.course import Course
from autograder.preprocessors.restore_metadata import released_metadata
from course_lib.examination.assignment import Assignment


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
    written = Assignment.from_source(course.source(assignment).read_bytes())
    cells = []
    for cell in written.cells:
        if cell.name in marks:
            text = texts[cell.name] if cell.is_ours else cell.source
            cells.append(replace(cell, source=text, metadata=marks[cell.name]))
    return Released(replace(written, cells=tuple(cells)), _digest(cells, written.names), texts)


def _digest(cells, names) -> str:
    """SHA-256 without the reference solutions: another way to write one changes no result."""
    parts = [
        [cell.name, cell.cell_type, cell.source if cell.is_ours else cell.imports, cell.metadata]
        for cell in cells
    ]
    return hashlib.sha256(json.dumps([parts, sorted(names)], sort_keys=True).encode()).hexdigest()

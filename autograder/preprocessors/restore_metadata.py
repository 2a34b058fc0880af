"""Give each cell of a submission the metadata it was released with, whatever became of it."""

from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors.base import NbGraderPreprocessor


class RestoreMetadata(NbGraderPreprocessor):
    """Takes the marks of graded and locked cells from the gradebook, and from every other cell.

    A copied cell, a changed grade_id or a number of points edited by hand then costs nobody anything;
    nbgrader's own DeduplicateIds leaves metadata behind that ends the run for the whole class.
    """

    def preprocess(self, nb, resources):
        place = resources["nbgrader"]
        with Gradebook(place["db_url"]) as gradebook:
            released = released_metadata(gradebook.find_notebook(place["notebook"], place["assignment"]))
        # The last of several copies counts: it is the one whose definition holds at the end of a run.
        for cell in reversed(nb.cells):
            marks = cell.metadata.pop("nbgrader", None)
            name = marks.get("grade_id") if isinstance(marks, dict) else None
            if isinstance(name, str) and name in released:
                cell.metadata["nbgrader"] = released.pop(name)
            elif marks:
                self.log.warning("A cell of %s named %r is read as an ordinary cell", place["student"], name)
        return nb, resources


def released_metadata(notebook) -> dict[str, dict]:
    """grade_id -> nbgrader's metadata of that cell, for a notebook of the gradebook."""
    points = {cell.name: cell.max_score for cell in [*notebook.grade_cells, *notebook.task_cells]}
    graded = {cell.name for cell in notebook.grade_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    tasks = {cell.name for cell in notebook.task_cells}
    metadata = {}
    for cell in notebook.source_cells:
        marks = {
            "grade_id": cell.name,
            "grade": cell.name in graded,
            "solution": cell.name in solutions,
            "task": cell.name in tasks,
            "locked": bool(cell.locked),
            "cell_type": cell.cell_type,
            "checksum": cell.checksum,
            "schema_version": SCHEMA_VERSION,
        }
        if cell.name in points:
            marks["points"] = float(points[cell.name])
        metadata[cell.name] = marks
    return metadata

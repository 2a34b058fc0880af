"""Put the released text back into locked cells, and deleted cells back to their place."""

import nbformat
from nbgrader import preprocessors
from nbgrader.api import Gradebook
from traitlets import Unicode

from autograder.preprocessors.restore_metadata import released_metadata


class RestoreCells(preprocessors.OverwriteCells):
    """nbgrader's OverwriteCells, which also finds the place of a deleted cell when its neighbors are gone.

    nbgrader's own stops with a KeyError when the cell before was deleted too, or was a locked cell.
    """

    source_directory = Unicode(
        help="Where the instructors' notebooks lie; they give the order of cells."
    ).tag(config=True)

    def preprocess(self, nb, resources):
        nb, resources = super().preprocess(nb, resources)
        place = resources["nbgrader"]
        with Gradebook(place["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(place["notebook"], place["assignment"])
            marks = released_metadata(notebook)
            sources = {cell.name: cell.source for cell in notebook.source_cells}
        path = f"{self.source_directory}/{place['assignment']}/{place['notebook']}.ipynb"
        order = [
            name for cell in nbformat.read(path, as_version=4).cells if (name := grade_id(cell)) in marks
        ]
        put_back(nb, order, marks, sources)
        return nb, resources


def grade_id(cell) -> str | None:
    """nbgrader's name of a cell, or None."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def put_back(nb, order: list[str], marks: dict[str, dict], sources: dict[str, str]) -> None:
    """Insert each cell of `order` that must be graded and is missing, after the last one before it."""
    previous = None
    for name in order:
        names = [grade_id(cell) for cell in nb.cells]
        needed = marks[name]["grade"] or marks[name]["task"] or marks[name]["locked"]
        if name not in names and needed:
            nb.cells.insert(
                names.index(previous) + 1 if previous else 0, new_cell(nb, marks[name], sources[name])
            )
        elif name not in names:
            continue
        previous = name


def new_cell(nb, marks: dict, source: str):
    """A cell as it was released."""
    make = nbformat.v4.new_code_cell if marks["cell_type"] == "code" else nbformat.v4.new_markdown_cell
    cell = make(source=source, metadata={"nbgrader": nbformat.from_dict(marks)})
    if nb.nbformat_minor < 5:  # cells of older formats have no id
        cell.pop("id")
    return cell

"""Submissions of many kinds, each with its fair number of automatic points (None: it cannot be graded)."""

import copy

from nbformat.v4 import new_code_cell, new_markdown_cell

from tests.autograder.small_course import cell_named, solved

ROUNDED = "def double(values):\n    return [round(value) * 2 for value in values]"
NOISY = """\
import sys, warnings

def double(values):
    warnings.warn("a harmless warning")
    print("progress: 100 %", file=sys.stderr)
    return [value + value for value in values]"""
FREE_POINTS = "100.0"


def submissions(starter) -> dict[str, tuple]:
    """student -> (notebook or bytes, fair automatic points)."""
    return {
        "reference": (solved(starter, q00_explain="Doubling is exact."), 7),
        "untouched": (starter, 0),
        "rounded": (solved(starter, q00_double=ROUNDED), 0.5 + 4),
        "noisy": (solved(starter, q00_double=NOISY), 7),
        "zoë": (solved(starter, q00_double="# größer als 0 → ok\n" + NOISY), 7),
        "duplicated": (duplicated(starter), 7),
        "deleted": (deleted(starter), 7),
        "retyped": (retyped(starter), 7),
        "tampered": (tampered(starter), 0),
        "strangely_marked": (strangely_marked(starter), 7),
        "quoting": (quoting(starter), 7),
        "extra": (extra(starter), 7),
        "no_json": (b'{"cells": [', None),
        "old_format": (b'{"worksheets": [], "nbformat": 3, "nbformat_minor": 0, "metadata": {}}', 0),
        "crashing": (solved(starter, q00_double="import os\nos._exit(1)"), 4),
    }


def duplicated(starter):
    """A student copied a solution, a test and the answer, metadata and all, as JupyterLab does."""
    notebook = solved(starter)
    for name in ("q00_double", "q00_double_test", "q00_scale_hidden", "q00_explain"):
        original = cell_named(notebook, name)
        double = copy.deepcopy(original)
        double.id += "-copy"
        notebook.cells.insert(notebook.cells.index(original) + 1, double)
    return notebook


def deleted(starter):
    """All tests and locked cells are gone, and so is the written answer."""
    notebook = solved(starter)
    keep = {"q00_double", "q00_scale"}
    notebook.cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") in keep]
    return notebook


def retyped(starter):
    """A solution and a test were turned into text."""
    notebook = solved(starter)
    for name in ("q00_double", "q00_double_test"):
        cell = cell_named(notebook, name)
        at = notebook.cells.index(cell)
        notebook.cells[at] = new_markdown_cell(cell.source, metadata=cell.metadata, id=cell.id)
    return notebook


def tampered(starter):
    """Tests that give points for nothing, worth more than they are, or no tests any more."""
    notebook = copy.deepcopy(starter)
    for name in ("q00_double_test", "q00_double_hidden", "q00_scale_hidden"):
        cell = cell_named(notebook, name)
        cell.source = FREE_POINTS
        cell.metadata["nbgrader"]["points"] = 100
    cell_named(notebook, "q00_scale_hidden").metadata["nbgrader"].update(grade=False, locked=False)
    return notebook


def strangely_marked(starter):
    """Correct work beside cells with metadata of no known kind."""
    notebook = solved(starter)
    for marks in (
        {},
        {"grade_id": "q99_other", "grade": True},
        {"schema_version": 1},
        "text",
        {"grade_id": 3},
    ):
        notebook.cells.append(new_code_cell("1 + 1", metadata={"nbgrader": marks}))
    return notebook


def quoting(starter):
    """What tests leave in the process is printed, raised and shown."""
    notebook = solved(starter)
    said = "seen = chr(10).join(globals().get('_ih', []))"
    notebook.cells += [
        new_code_cell(f"{said}\nprint(seen)"),
        new_code_cell(f"{said}\nfrom IPython.display import HTML\nHTML('<pre>' + seen + '</pre>')"),
        new_code_cell(f"{said}\nraise RuntimeError(seen)"),
    ]
    return notebook


def extra(starter):
    """Failing cells, input() and a display of the student's own, which are nobody's business."""
    notebook = solved(starter)
    at = notebook.cells.index(cell_named(notebook, "q00_double_test"))
    extras = [
        "1 / 0",
        "name = input('Who are you?')",
        "from IPython.display import SVG\nprint('<b>bold</b>')",
    ]
    notebook.cells[at:at] = [new_code_cell(source) for source in extras]
    return notebook

"""Solved notebooks run from top to bottom without a browser: all where there is none, one in a short run.

tests/browser/test_notebooks.py demands the same of each, and more.
"""

import os

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebooks import runner

QUICKEST = "lab1_autodiff"


@pytest.mark.needs("compiler")
@pytest.mark.without("browser")
@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=() if runner.name(p) == QUICKEST else pytest.mark.slow) for p in runner.NOTEBOOKS],
    ids=runner.name,
)
def test_solved_notebook_runs_from_top_to_bottom_and_shows_every_effect(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env={**os.environ, "COURSE_EFFECTS": str(tmp_path / "effects")})
    assert len(list((tmp_path / "effects").glob("*.json"))) == runner.effects(path)
    silent = {cell.id for cell in notebook.cells if cell.cell_type == "code" and not cell.outputs}
    assert runner.shows_something(path).isdisjoint(silent)

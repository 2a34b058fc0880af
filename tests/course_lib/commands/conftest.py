"""A student edition in a folder of its own."""

import json

import pytest

from course_lib.commands import due, start_page, workspace


def notebook(text: str, graded: bool = True) -> str:
    marks = {"nbgrader": {"grade_id": "title", "grade": True}} if graded else {}
    cell = {"cell_type": "markdown", "id": "title", "metadata": marks, "source": [f"# {text}\n", "words"]}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A student edition with two assignments, a notebook for practice and an empty workspace."""
    for name in ("q01_first", "lab1_second", "practice"):
        (tmp_path / "notebooks" / name).mkdir(parents=True)
        text = notebook(f"About {name}", graded=name != "practice")
        (tmp_path / "notebooks" / name / "work.ipynb").write_text(text)
    (tmp_path / "notebooks" / "q01_first" / "table.csv").write_text("1,2\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "kernels.md").write_text("# Kernels\n")
    (tmp_path / "docs" / "architecture.md").write_text("# How it is built\n")
    for module in (workspace, start_page, due):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "workspace"))
    return tmp_path

"""Work that lies in another file than the one handed in is noticed while it can still be mended."""

import json
import os

import pytest

from course_lib.commands import beside, workspace
from course_lib.commands.cli import main


def notebook(task: str = "...", answer: str = "Your answer here.", more: str = "1 + 1") -> str:
    def cell(kind, text, **marks):
        return {"cell_type": kind, "metadata": {"nbgrader": marks} if marks else {}, "source": [text]}

    cells = [
        cell("code", task, grade_id="task", solution=True, grade=False),
        cell("markdown", answer, grade_id="answer", solution=True, grade=True),
        cell("code", "assert True", grade_id="test", solution=False, grade=True),
        cell("code", more),
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


GIVEN = notebook()


@pytest.mark.parametrize("written", [GIVEN, notebook(more="my own notes"), notebook(task="...\n")])
def test_cells_of_a_students_own_are_no_answer(written):
    assert beside.untouched(written.encode(), GIVEN.encode())


@pytest.mark.parametrize(
    "written",
    [
        notebook(task="def f(): ..."),
        notebook(answer="Because."),
        GIVEN.replace('"task"', '"other"'),
        "{",
        "[]",
    ],
)
def test_whatever_was_written_or_taken_away_is_work(written):
    assert not beside.untouched(written.encode(), GIVEN.encode())


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The student's folder in a student edition of one assignment."""
    (tmp_path / "notebooks" / "q01_first").mkdir(parents=True)
    (tmp_path / "notebooks" / "q01_first" / "work.ipynb").write_text(GIVEN)
    monkeypatch.setattr(workspace, "ROOT", tmp_path)
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "workspace"))
    folder = tmp_path / "workspace" / "q01_first"
    folder.mkdir(parents=True)
    return folder


SUBMIT = ["submit", "q01_first", "--student", "ada"]


def test_the_untouched_notebook_beside_a_finished_copy_is_not_packed_without_a_word(mine, capsys):
    (mine / "work.ipynb").write_text(GIVEN)
    (mine / "work-Copy1.ipynb").write_text(notebook(task="done"))
    assert main(SUBMIT) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "is as the course gave it" in line
    assert "If your work is in work-Copy1.ipynb, rename that to work.ipynb." in line
    assert not (mine.parent / "q01_first-ada.zip").exists()
    assert main([*SUBMIT, "--untouched"]) == 0  # what the line says does what it says
    (mine / "work-Copy1.ipynb").replace(mine / "work.ipynb")
    assert main(SUBMIT) == 0


def test_other_notebooks_are_named_the_newest_first_when_the_right_one_is_packed(mine, capsys):
    (mine / "work.ipynb").write_text(notebook(task="done"))
    for age, name in enumerate(("new.ipynb", "old.ipynb")):
        (mine / name).write_text(GIVEN)
        os.utime(mine / name, (1e9 - age, 1e9 - age))
    assert main(SUBMIT) == 0
    assert (
        "Not handed in: new.ipynb, old.ipynb, beside it; only work.ipynb counts." in capsys.readouterr().out
    )

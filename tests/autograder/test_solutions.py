"""Solutions are given out after the due date alone, and hold neither hidden tests nor mark schemes."""

from datetime import UTC, datetime, timedelta

import nbformat
import pytest

from autograder import solutions
from autograder.leaks import squeezed
from autograder.release import release
from autograder.solutions import page, solved, write_solutions
from course_lib.commands.cli import main
from course_lib.commands.workspace import is_graded
from course_lib.errors import UserError
from tests.autograder.small_course import ANSWER, CANARIES, SCHEME

ASSIGNMENT = "q00_doubling"


def due_in(course, hours: float):
    release(course, ASSIGNMENT)
    moment = datetime.now(UTC) + timedelta(hours=hours)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=f"{moment:%Y-%m-%d %H:%M:%S} UTC")


def test_nothing_is_given_out_before_the_due_date_or_without_one(course):
    release(course, ASSIGNMENT)
    with pytest.raises(UserError, match="has no due date, so its solutions stay here"):
        write_solutions(course, ASSIGNMENT)
    due_in(course, hours=26)
    with pytest.raises(UserError, match=r"is due .* in 1 day 1 hour; solutions can be given out then"):
        write_solutions(course, ASSIGNMENT)
    assert not (course.root / "solutions").exists()


def test_afterwards_the_notebook_has_answers_and_nothing_that_marks_them(course):
    due_in(course, hours=-1)
    folder = write_solutions(course, ASSIGNMENT)
    notebook = nbformat.read(folder / "doubling.ipynb", as_version=4)
    nbformat.validate(notebook)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "doubled = [value + value for value in values]" in text
    assert ANSWER in text
    assert "x[my_index_in_the_grid] *= s;" in text
    everything = squeezed(text + (folder / "doubling.html").read_text("utf-8"))
    for secret in [*CANARIES, "secret_values_of_the_test", "One point for exactness", "BEGIN SOLUTION"]:
        assert squeezed(secret) not in everything
    assert not is_graded(folder)


def test_the_notebook_of_the_solutions_runs_and_passes_the_visible_tests(course):
    due_in(course, hours=-1)
    folder = write_solutions(course, ASSIGNMENT)
    names = {}
    for cell in nbformat.read(folder / "doubling.ipynb", as_version=4).cells:
        if cell.cell_type == "code" and "cuda" not in cell.source:
            exec(cell.source, names)
    assert names["earned"] == 1.0


def test_one_cell_may_hold_code_beside_what_is_hidden():
    hidden = "### BEGIN HIDDEN TESTS\nsecret = 1\n### END HIDDEN TESTS"
    cells = [f"seen = 1\n{hidden}\nseen", hidden, SCHEME, ""]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    assert [cell.source for cell in solved(notebook).cells] == ["seen = 1\nseen", ""]


def test_the_page_loads_nothing_and_runs_nothing_that_a_cell_says():
    evil = "<script>alert(1)</script> <img src=https://example.org/x.png>"
    cells = [nbformat.v4.new_markdown_cell(evil), nbformat.v4.new_code_cell(f"# {evil}")]
    html = page(nbformat.v4.new_notebook(cells=cells), evil)
    assert "<script" not in html
    assert "src=" not in html.replace("&lt;img src=", "").replace("img src", "")
    assert "default-src 'none'" in html


def test_a_secret_that_would_get_out_stops_it(course, monkeypatch):
    due_in(course, hours=-1)
    monkeypatch.setattr(solutions, "solved", lambda notebook: notebook)
    with pytest.raises(UserError, match="No solutions of q00_doubling were written"):
        write_solutions(course, ASSIGNMENT)
    assert not (course.root / "solutions" / ASSIGNMENT).exists()


def test_the_command_names_what_it_keeps_and_refuses_what_was_asked_for_too_early(course, capsys):
    due_in(course, hours=5)
    assert main(["release", "--solutions"]) == 0
    assert f"Kept until their due date, or without one: {ASSIGNMENT}" in capsys.readouterr().out
    assert main(["release", "--solutions", ASSIGNMENT]) == 2
    assert "is due" in capsys.readouterr().err
    assert main(["release", "--solutions", "--bundle", "x"]) == 2
    due_in(course, hours=-5)
    assert main(["release", "--solutions"]) == 0
    assert f"solutions/{ASSIGNMENT}" in capsys.readouterr().out

"""`./course check` runs a real kernel and says of each visible test what it said."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.check import check_notebook
from course_lib.errors import UserError

SOLVED = "def double(x):\n    return 2 * x"
STARTER = 'def double(x):\n    raise NotImplementedError("Q9.1: double")'
TEST = 'assert double(2) == 4, "double(2) must be 4"\n0.5 + 0.5 * (double(3) == 6)'


def graded(source: str, grade_id: str, **options) -> nbformat.NotebookNode:
    cell = new_code_cell(source, id=grade_id.replace("_", "-"))
    cell.metadata.nbgrader = {"grade_id": grade_id, "schema_version": 3, "locked": False, **options}
    return cell


def write(path, solution: str, test: str = TEST, extra: str = "1 + 1"):
    notebook = new_notebook(
        cells=[
            new_code_cell(extra, id="extra"),
            graded(solution, "q09_double", grade=False, solution=True),
            graded(test, "q09_double_test", grade=True, solution=False, locked=True, points=1),
            graded("0", "q09_double_hidden", grade=True, solution=False, locked=True, points=1),
            new_code_cell("raise SystemExit('cells after the last visible test are not run')", id="later"),
        ]
    )
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def released(tmp_path):
    return write(tmp_path / "released.ipynb", STARTER)


def test_a_correct_solution_passes_its_visible_test_and_no_other_is_counted(tmp_path, released):
    (verdict,) = check_notebook(write(tmp_path / "mine.ipynb", SOLVED), released)
    assert verdict.passed
    assert (verdict.test, verdict.points, verdict.possible, verdict.message) == ("q09_double", 1.0, 1.0, "")


def test_partial_credit_is_not_a_pass(tmp_path, released):
    half = "def double(x):\n    return 4"
    (verdict,) = check_notebook(write(tmp_path / "mine.ipynb", half), released)
    assert verdict.points == 0.5
    assert not verdict.passed


def test_the_untouched_starter_is_called_not_written_yet(tmp_path, released):
    (verdict,) = check_notebook(released, released)
    assert verdict.points == 0
    assert verdict.message == "not written yet: Q9.1: double"


def test_a_wrong_answer_shows_the_tests_own_sentence(tmp_path, released):
    (verdict,) = check_notebook(write(tmp_path / "mine.ipynb", "def double(x):\n    return x"), released)
    assert verdict.message == "double(2) must be 4"


def test_a_test_that_was_edited_counts_as_released(tmp_path, released):
    cheated = write(tmp_path / "mine.ipynb", "def double(x):\n    return x", test="1.0")
    (verdict,) = check_notebook(cheated, released)
    assert not verdict.passed


def test_prints_and_warnings_do_not_fail_a_test(tmp_path, released):
    noisy = "import sys, warnings\nprint('x', file=sys.stderr)\nwarnings.warn('careful')\n" + SOLVED
    (verdict,) = check_notebook(write(tmp_path / "mine.ipynb", noisy), released)
    assert verdict.passed


def test_a_file_that_is_no_notebook_is_one_clear_line(tmp_path, released):
    broken = tmp_path / "mine.ipynb"
    broken.write_text("{half a notebook")
    with pytest.raises(UserError, match="is not a notebook that Jupyter can read"):
        check_notebook(broken, released)


def test_python_that_dies_is_named_as_such(tmp_path, released):
    deadly = write(tmp_path / "mine.ipynb", SOLVED, extra="import os; os._exit(1)")
    with pytest.raises(UserError, match=r"Python died while running mine\.ipynb"):
        check_notebook(deadly, released)

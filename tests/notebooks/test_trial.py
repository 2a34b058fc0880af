"""Wrong solutions are tried apart: what one does to its process is nothing to the next."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.autograder.small_course import marked
from tests.forks import get_ready
from tests.notebooks.trial import Rehearsal

CELLS = [
    marked(new_code_cell("import math\nruns = 0"), "q00_setup"),
    marked(new_code_cell("runs += 1\ndef double(x):\n    return 2 * x"), "q00_double", solution=True),
    marked(new_code_cell("float(double(3) == 6 and math.pi > 3)"), "q00_double_test", grade=True, points=1),
    marked(new_code_cell("assert runs == 1"), "q00_guard"),
    marked(new_code_cell("float(double(-3) == -6 and runs == 1)"), "q00_double_hidden", grade=True, points=1),
    marked(new_code_cell("def half(x):\n    return x / 2"), "q00_half", solution=True),
    marked(new_code_cell("1.0 if half(1) == 0.5 else 1 / 0"), "q00_half_test", grade=True, points=1),
]


@pytest.fixture
def rehearsal(tmp_path):
    get_ready()
    notebook = tmp_path / "doubling.ipynb"
    nbformat.write(new_notebook(cells=CELLS), notebook)
    found = Rehearsal(notebook, {}, tmp_path)
    yield found
    found.end()


@pytest.fixture
def tried(rehearsal, tmp_path):
    """task, source of a wrong solution -> what its tests said."""

    def try_out(task, source):
        mutant = tmp_path / "mutant.py"
        mutant.write_text(source, "utf-8")
        return rehearsal.try_out(task, mutant, tmp_path / "printed", most_seconds=2)

    return try_out


def test_a_solution_changes_nothing_for_the_next_and_cells_before_it_run_once(tried):
    spoiling = "math.pi = 0\nimport os\nos.environ['SPOILT'] = '1'\nprint('seen')"
    assert tried("q00_double", spoiling) == {"q00_double_test": 0.0}
    honest = "import os\nassert 'SPOILT' not in os.environ"
    assert tried("q00_double", honest) == {"q00_double_test": 1.0, "q00_double_hidden": 1.0}
    assert tried("q00_half", "def half(x):\n    return x") == {
        "q00_half_test": "ZeroDivisionError('division by zero')"
    }


def test_the_first_test_that_loses_points_is_the_last_and_the_hidden_one_is_tried_after_the_visible(tried):
    assert tried("q00_double", "def double(x):\n    return 5 * x") == {"q00_double_test": 0.0}
    only_hidden = "def double(x):\n    return abs(2 * x)"
    assert tried("q00_double", only_hidden) == {"q00_double_test": 1.0, "q00_double_hidden": 0.0}


def test_no_wrong_solution_is_tried_where_the_notebooks_own_loses_points(tmp_path):
    get_ready()
    broken = [
        *CELLS[:5],
        marked(new_code_cell("def half(x):\n    return x"), "q00_half", solution=True),
        CELLS[6],
    ]
    notebook = tmp_path / "doubling.ipynb"
    nbformat.write(new_notebook(cells=broken), notebook)
    (tmp_path / "mutant.py").write_text("def half(x):\n    return 3 * x", "utf-8")
    rehearsal = Rehearsal(notebook, {}, tmp_path)
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"own solution loses points: \{'q00_half_test'"):
            rehearsal.try_out("q00_half", tmp_path / "mutant.py", tmp_path / "printed")
    rehearsal.end()


def test_what_the_notebooks_own_solution_earns_is_told_for_each_task_though_one_loses_points(tmp_path):
    get_ready()
    notebook = tmp_path / "doubling.ipynb"
    wrong = marked(new_code_cell("def half(x):\n    return x"), "q00_half", solution=True)
    nbformat.write(new_notebook(cells=[*CELLS[:5], wrong, CELLS[6]]), notebook)
    rehearsal = Rehearsal(notebook, {}, tmp_path)
    assert rehearsal.own("q00_double") == {"q00_double_test": 1.0, "q00_double_hidden": 1.0}
    assert rehearsal.own("q00_half") == {"q00_half_test": "ZeroDivisionError('division by zero')"}
    assert rehearsal.own("q00_half") == {"q00_half_test": "ZeroDivisionError('division by zero')"}
    rehearsal.end()


def test_what_a_solution_prints_is_kept(tried, tmp_path):
    tried("q00_double", "print('seen')")
    assert "seen" in (tmp_path / "printed").read_text("utf-8")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("while True: pass", "did not end within 2 seconds"),
        ("import os\nos.kill(os.getpid(), 9)", "ended its process"),
        ("1 / 0", "ZeroDivisionError"),
        ("runs = 2", "AssertionError"),
    ],
)
def test_a_solution_that_hangs_crashes_or_breaks_the_notebook_says_so_and_the_next_is_tried(
    tried, source, said
):
    with pytest.raises(RuntimeError, match=said):
        tried("q00_double", source)
    assert tried("q00_double", "") == {"q00_double_test": 1.0, "q00_double_hidden": 1.0}

"""`./course check` examines as the grader does, and says of each visible test what it said."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.commands import check, workspace
from course_lib.commands.check import check_assignment, check_notebook
from course_lib.cuda.task_view import INSPECTOR
from course_lib.errors import UserError
from course_lib.examination.assignment import HIDDEN_STUB, Assignment, only_shows
from course_lib.paths import ROOT

SOLVED = "def double(x):\n    return 2 * x"
STARTER = 'def double(x):\n    raise NotImplementedError("Q9.1: double")'
TEST = 'assert double(2) == 4, "double(2) must be 4"\n0.5 + 0.5 * (double(3) == 6)'
WITHOUT_LINUX = """
import os, select, sys
sys.modules["autograder"] = None
absent = (os, ("unshare", "setns", "pidfd_open", "memfd_create")), (select, ("epoll", "POLLRDHUP"))
for module, names in absent:
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
"""
QUESTION_2 = ROOT / "notebooks" / "q02_quantization" / "quantization.ipynb"


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
            graded(HIDDEN_STUB, "q09_double_hidden", grade=True, solution=False, locked=True, points=1),
            new_code_cell("open('run_too_far', 'w')", id="later"),
        ]
    )
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def released(tmp_path):
    return write(tmp_path / "released.ipynb", STARTER)


def only(checked):
    """The verdict, of one test and without notes."""
    ((verdict,), notes) = checked
    assert notes == []
    return verdict


def test_a_correct_solution_passes_its_visible_test_and_no_other_is_counted(tmp_path, released):
    verdict = only(check_notebook(write(tmp_path / "mine.ipynb", SOLVED), released))
    assert verdict.passed
    assert (verdict.test, verdict.points, verdict.possible, verdict.error) == ("q09_double", 1.0, 1.0, "")
    assert not (tmp_path / "run_too_far").exists()


def test_partial_credit_is_not_a_pass_and_what_the_test_printed_is_kept(tmp_path):
    test = "print('half of it')\n0.5"
    released = write(tmp_path / "released.ipynb", STARTER, test)
    verdict = only(check_notebook(write(tmp_path / "mine.ipynb", SOLVED, test), released))
    assert (verdict.points, verdict.printed, verdict.passed) == (0.5, "half of it", False)


def test_the_untouched_starter_is_called_not_written_yet(released):
    verdict = only(check_notebook(released, released))
    assert verdict.points == 0
    assert verdict.error == "not written yet: Q9.1: double"


def test_a_wrong_answer_shows_the_tests_own_sentence(tmp_path, released):
    verdict = only(check_notebook(write(tmp_path / "mine.ipynb", "def double(x):\n    return x"), released))
    assert verdict.error == "double(2) must be 4"


def test_a_test_that_was_edited_counts_as_released_and_that_is_told(tmp_path, released):
    cheated = write(tmp_path / "mine.ipynb", "def double(x):\n    return x", test="1.0")
    (verdict,), notes = check_notebook(cheated, released)
    assert not verdict.passed
    assert notes == ["q09_double_test is not the released one, which was run in its place"]


BROKEN = "def double(x):\n    return (2 * x"
AFTER = "def double(x):\n    return 2 * x\n\nundefined(3)"


@pytest.mark.parametrize(
    ("solution", "told"),
    [
        (BROKEN, "cell 2 (q09_double), line 2: SyntaxError: "),
        (
            "def double(x):\nreturn 2 * x",
            "cell 2 (q09_double), line 2: IndentationError: expected an",
        ),
        ("double = undefined", "cell 2 (q09_double), line 1: NameError: name 'undefined' is not defined"),
    ],
)
def test_a_solution_cell_that_ends_in_an_error_is_named_with_its_line(tmp_path, released, solution, told):
    verdict = only(check_notebook(write(tmp_path / "mine.ipynb", solution), released))
    assert not verdict.passed
    assert verdict.error.startswith(told)


def test_all_cells_that_end_in_an_error_are_told_in_a_line_each(tmp_path, released):
    mine = write(tmp_path / "mine.ipynb", AFTER, extra="# one more\nimport absent_module")
    (verdict,), notes = check_notebook(mine, released)
    assert (verdict.passed, verdict.error) == (True, "")
    assert notes == [
        "cell 1 (\"# one more\"), line 2: ModuleNotFoundError: No module named 'absent_module'",
        "cell 2 (q09_double), line 4: NameError: name 'undefined' is not defined",
    ]


@pytest.mark.parametrize(
    "extra",
    [
        "import sys, warnings\nprint('x', file=sys.stderr)\nwarnings.warn('careful')",
        "%%writefile beside.py\nTWO = 2",
        "raise SystemExit",
    ],
    ids=["prints", "a module of their own", "exit"],
)
def test_what_other_cells_do_does_not_fail_a_test(tmp_path, released, extra):
    assert only(check_notebook(write(tmp_path / "mine.ipynb", SOLVED, extra=extra), released)).passed


IMPORTS = "from beside import TWO\n\ndef double(x):\n    return TWO * x"
OPENS = "def double(x):\n    return int(open('beside.txt').read()) * x"
READS = "TWO = int(open('beside.txt').read())\n\ndef double(x):\n    return TWO * x"


@pytest.mark.parametrize(
    ("name", "solution"), [("beside.py", IMPORTS), ("beside.txt", OPENS), ("beside.txt", READS)]
)
def test_a_file_beside_the_notebook_is_not_there_as_when_it_is_graded_and_that_is_told(
    tmp_path, released, name, solution
):
    (tmp_path / name).write_text("TWO = 2" if name.endswith("py") else "2")
    (verdict,), notes = check_notebook(write(tmp_path / "mine.ipynb", solution), released)
    assert not verdict.passed
    assert notes == [f"{name} lies beside the notebook, and only the notebook is handed in"]


def test_a_file_that_the_notebook_writes_itself_is_there(tmp_path, released):
    solution = "open('own.txt', 'w').write('2')\n" + OPENS.replace("beside", "own")
    assert only(check_notebook(write(tmp_path / "mine.ipynb", solution), released)).passed
    assert not (tmp_path / "own.txt").exists()


def test_no_gpu_is_there_where_none_is_when_it_is_graded(tmp_path, released, monkeypatch):
    monkeypatch.setattr(check, "compilers", lambda: ["one"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    devices = "[os.environ.get(name) for name in ('COURSE_DEVICE', 'CUDA_VISIBLE_DEVICES')]"
    solution = f"import os\n\ndef double(x):\n    return 2 * x if {devices} == ['host', ''] else None"
    assert only(check_notebook(write(tmp_path / "mine.ipynb", solution), released)).passed


def test_a_file_that_is_no_notebook_is_one_clear_line(tmp_path, released):
    broken = tmp_path / "mine.ipynb"
    broken.write_text("{half a notebook")
    with pytest.raises(UserError, match=r"mine\.ipynb cannot be read: it is no notebook: not JSON"):
        check_notebook(broken, released)


def test_a_cell_that_ends_python_is_named_and_costs_only_itself(tmp_path, released):
    deadly = write(tmp_path / "mine.ipynb", SOLVED, extra="import os; os._exit(1)")
    (verdict,), notes = check_notebook(deadly, released)
    assert verdict.passed
    assert notes == ["cell 1 ended the process: it ended with exit status 1"]


def test_no_namespace_and_nothing_of_the_grader_is_needed(tmp_path, released):
    """As on macOS: neither unshare nor prctl nor pidfd_open, and no package autograder."""
    write(tmp_path / "mine.ipynb", SOLVED)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WITHOUT_LINUX)
    mine, path = tmp_path / "mine.ipynb", os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    code = "import sys, pathlib; from course_lib.commands.check import check_notebook\n"
    code += "assert check_notebook(*map(pathlib.Path, sys.argv[1:]))[0][0].passed"
    done = subprocess.run(
        [sys.executable, "-c", code, mine, released],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("solution", "status"), [(SOLVED, True), (STARTER, False)])
def test_the_command_succeeds_when_all_visible_tests_pass(
    tmp_path, released, monkeypatch, capsys, solution, status
):
    mine = write(tmp_path / "mine.ipynb", solution)
    monkeypatch.setattr(workspace, "notebook", lambda assignment: mine)
    monkeypatch.setattr(workspace, "student_version", lambda assignment: released)
    assert check_assignment("q09") is status
    said = capsys.readouterr().out
    assert ("1 of 1 visible tests pass" in said) is status


def test_what_the_inspector_says_of_a_kernel_is_told_though_its_test_passes(tmp_path, monkeypatch, capsys):
    test = f'print("{INSPECTOR}k: right, but a race in lines 8 and 14")\n1.0'
    released = write(tmp_path / "released.ipynb", STARTER, test)
    mine = write(tmp_path / "mine.ipynb", SOLVED, test)
    monkeypatch.setattr(workspace, "notebook", lambda assignment: mine)
    monkeypatch.setattr(workspace, "student_version", lambda assignment: released)
    assert check_assignment("q09")
    assert "k: right, but a race in lines 8 and 14" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "shows"),
    [
        ("demos.quantization.show()", True),
        ("demos.attention.needles.show()", True),
        ("demos.a.show(3)\ndemos.b.show()", True),
        ("x = demos.quantization.show()", False),
        ("demos.quantization.show()\nimport numpy", False),
        ("show()", False),
        ("def broken(:", False),
        ("%time demos.quantization.show()", False),
    ],
)
def test_only_cells_that_do_nothing_but_show_a_demo_are_passed_over(source, shows):
    assert only_shows(source) is shows


def as_released(path: Path) -> nbformat.NotebookNode:
    """The student version of an instructor's notebook."""
    from autograder.preprocessors.clear_hidden_tests import ClearHiddenTests
    from autograder.preprocessors.clear_solutions import ClearSolutions

    notebook = nbformat.read(path, as_version=4)
    for step in (ClearSolutions, ClearHiddenTests):
        notebook, _ = step(enforce_metadata=False).preprocess(notebook, {})
    return notebook


def question_2(chosen: str) -> nbformat.NotebookNode:
    """The student version, solved: by the reference, not at all, or with one function of a mutant."""
    from tests.notebooks.runner import MUTANTS

    notebook = as_released(QUESTION_2)
    if chosen == "starter":
        return notebook
    reference = {cell.id: cell.source for cell in nbformat.read(QUESTION_2, as_version=4).cells}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            cell.source = reference[cell.id]
            if chosen.startswith(name.removeprefix("q02_") + "__"):
                mutant = MUTANTS / "q02" / chosen
                # A mutant of a kernel is the whole source, which stands below the cell's magic.
                kept = cell.source if mutant.suffix == ".py" else cell.source.splitlines()[0]
                cell.source = kept + "\n" + mutant.read_text()
    return notebook


def mutants(count: int) -> list[str]:
    """So many mutants of question 2, of different tasks."""
    names = sorted(path.name for path in (ROOT / "tests" / "mutants" / "q02").iterdir())
    return names[len(names) // (2 * count) :: len(names) // count]


@pytest.mark.slow
@pytest.mark.needs("sandbox", "compiler")
@pytest.mark.parametrize("chosen", ["reference", "starter", *mutants(1)])
def test_the_marks_are_those_of_the_grader(tmp_path, chosen):
    from autograder.engine import grade_submission

    released, mine = tmp_path / "released.ipynb", tmp_path / "mine.ipynb"
    nbformat.write(as_released(QUESTION_2), released)
    nbformat.write(question_2(chosen), mine)
    result = grade_submission(mine.read_bytes(), Assignment.from_source(QUESTION_2.read_bytes()))
    verdicts, notes = check_notebook(mine, released)
    visible = {verdict.test + "_test": verdict.points for verdict in verdicts}
    assert visible == {name: points for name, points in result.points.items() if name in visible}
    assert len(visible) == 6
    assert notes == []
    assert (sum(visible.values()) == 3) == all(verdict.passed for verdict in verdicts)
    assert {"reference": 3, "starter": 0}.get(chosen, sum(visible.values())) == sum(visible.values())

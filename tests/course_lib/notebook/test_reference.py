import functools
import subprocess
import sys
import textwrap

import pytest

from course_lib.examination import candidate
from course_lib.notebook.marking import Case, mark
from course_lib.notebook.reference import ReferenceRefused, reference
from course_lib.paths import ROOT


@reference("Q9.1")
def double(x: int) -> int:
    """Twice x."""
    return 2 * x


LIBRARY = """
from course_lib.notebook.reference import reference
@reference("Q9.1")
def double(x):
    return 2 * x
@reference("Q9.1", guard=False)
def open_to_all(x):
    return 2 * x
def through_the_library(x):
    return double(x)
"""


def notebook(tmp_path, code, grading=True):
    """Run code as a notebook's cell would be: top level in __main__, beside a library module."""
    (tmp_path / "library.py").write_text(LIBRARY)
    program = (
        "import sys; sys.path.insert(0, '.'); from library import double, open_to_all, through_the_library\n"
    )
    environment = {"PYTHONPATH": str(ROOT), **({"NBGRADER_EXECUTION": "autograde"} if grading else {})}
    return subprocess.run(
        [sys.executable, "-c", program + textwrap.dedent(code)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )


STUDENTS = {
    "function": "def mine(x): return double(x)\nmine(1)",
    "lambda": "mine = lambda x: double(x)\nmine(1)",
    "method": "class C:\n    def mine(self, x): return double(x)\nC().mine(1)",
    "comprehension in a function": "def mine(x): return [double(v) for v in x]\nmine([1])",
    "generator in a function": "def mine(x): return sum(double(v) for v in x)\nmine([1])",
    "map in a function": "def mine(x): return list(map(double, x))\nmine([1])",
    "another name": "again = double\ndef mine(x): return again(x)\nmine(1)",
}
ALLOWED = {
    "top level": "print(double(2))",
    "comprehension at the top level": "print([double(v) for v in [2]][0])",
    "one without a guard": "def mine(x): return open_to_all(x)\nprint(mine(2))",
    "the library": "def mine(x): return through_the_library(x)\nprint(mine(2))",
}


@pytest.mark.parametrize("code", STUDENTS.values(), ids=STUDENTS)
def test_a_students_function_cannot_pass_off_the_librarys_answer(code, tmp_path):
    done = notebook(tmp_path, code)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(
        "course_lib.notebook.reference.ReferenceRefused: double is the library's answer to Q9.1"
    )


@pytest.mark.parametrize("code", STUDENTS.values(), ids=STUDENTS)
def test_outside_grading_everyone_may_call_it(code, tmp_path):
    assert notebook(tmp_path, code, grading=False).returncode == 0


@pytest.mark.parametrize("code", ALLOWED.values(), ids=ALLOWED)
def test_cells_and_demos_may_call_it_while_grading(code, tmp_path):
    done = notebook(tmp_path, code)
    assert (done.stdout.strip(), done.stderr) == ("4", "")


def test_a_library_caller_and_a_partial_are_not_notebooks(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert double(2) == functools.partial(double, 2)() == 4
    assert issubclass(ReferenceRefused, RuntimeError)


def test_it_cannot_be_the_students_function_itself(monkeypatch, capsys):
    case = Case((1,), 2, "twice 1")
    assert mark("Q9.1", double, [case], points=1.0) == 1.0
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert mark("Q9.1", double, [case], points=1.0) == 0.0
    assert "double is the library's answer to Q9.1" in capsys.readouterr().out
    with pytest.raises(ReferenceRefused):
        candidate._called({"mine": double}, "mine", [1], {})


def test_the_marked_function_keeps_its_name_and_docstring():
    assert (double.__name__, double.__doc__) == ("double", "Twice x.")

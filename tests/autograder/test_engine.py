"""One submission in, one result out: the small course and the real one, honest and broken."""

import resource

import nbformat
import pytest

from autograder.engine import Assignment, Times, grade_submission
from autograder.warm import Warm
from course_lib.examination.rehearsal import _Run
from course_lib.paths import ROOT
from tests.autograder.small_course import DOUBLE, cell_named, solved, source_notebook
from tests.autograder.submissions import submissions

pytestmark = pytest.mark.needs("sandbox")
TIMES = Times(cell=3, call=2, test=10, grace=4)


@pytest.fixture(scope="module")
def small():
    return Assignment.from_source(nbformat.writes(source_notebook()).encode())


def graded(notebook, assignment):
    data = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode()
    return grade_submission(data, assignment, times=TIMES)


def test_every_kind_of_submission_gets_its_fair_points(starter, small):
    found = {}
    for student, (notebook, fair) in submissions(starter).items():
        result = graded(notebook, small)
        found[student] = None if result.reason else result.auto_points, fair
    assert {student: got for student, (got, _) in found.items()} == {
        s: fair for s, (_, fair) in found.items()
    }


def test_the_executed_notebook_is_complete_and_shows_what_the_student_and_visible_tests_printed(
    starter, small
):
    result = graded(solved(starter), small)
    notebook = nbformat.reads(result.executed.decode(), as_version=4)
    nbformat.validate(notebook)
    assert [c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata] == [
        cell.name for cell in small.cells
    ]
    (printed, value) = cell_named(notebook, "q00_double_test").outputs
    assert printed.text == "double: 1.0 of 1 points\n"
    assert value.data["text/plain"] == "1.0"


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef double(values):\n    os._exit(0)",
        "import os, signal\ndef double(values):\n    os.kill(os.getpid(), signal.SIGKILL)",
        pytest.param("def double(values):\n    while True:\n        pass", marks=pytest.mark.slow),
        "import ctypes\ndef double(values):\n    ctypes.string_at(0)",
        "import os\nos._exit(0)",
        pytest.param(
            "while True:\n    try:\n        while True:\n            pass\n"
            "    except Exception:\n        pass",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["exit in a call", "kill in a call", "loop in a call", "crash in a call", "exit", "loop"],
)
def test_a_question_that_ends_its_process_costs_itself_only(starter, small, source):
    result = graded(solved(starter, q00_double=source), small)
    assert result.points == {"q00_double_test": 0, "q00_double_hidden": 0, "q00_scale_hidden": 4}
    assert result.flags


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)", "[0 for _ in iter(int, 1)]"])
@pytest.mark.parametrize("is_last", [False, True])
def test_what_the_visible_test_ends_is_there_again_for_the_hidden_ones(starter, end, is_last):
    """Both tests of a task are asked of one process; after the last cell it is the notebook's own."""
    ends = DOUBLE.replace("    doubled =", f"    if values == [0.5]: {end}\n    doubled =")
    source, notebook = source_notebook(), solved(starter, q00_double=f"import os\n{ends}")
    if is_last:
        source, notebook = map(doubling_last, (source, notebook))
    result = graded(notebook, Assignment.from_source(nbformat.writes(source).encode()))
    assert result.points == {"q00_double_test": 0, "q00_double_hidden": 2, "q00_scale_hidden": 4}
    assert len(result.flags) == 1


def doubling_last(notebook):
    """The kernel's task before the other."""
    notebook.cells[2:7] = [*notebook.cells[5:7], *notebook.cells[2:5]]
    return notebook


def test_a_process_is_copied_only_where_cells_come_between(starter, small, monkeypatch):
    made = []
    monkeypatch.setattr(_Run, "_snapshot", lambda run, take=_Run._snapshot: made.append(1) or take(run))
    assert graded(solved(starter), small).auto_points == 7
    assert len(made) == 1


@pytest.mark.parametrize(("imports", "is_there_at_once"), [("import {}", True), ("__import__('{}')", False)])
def test_what_visible_tests_import_is_there_for_the_next_and_hidden_ones_betray_nothing(
    starter, imports, is_there_at_once
):
    source = source_notebook()
    for name, module in (("q00_double_test", "wave"), ("q00_double_hidden", "mailbox")):
        cell = cell_named(source, name)
        first, rest = cell.source.split("\n", 1)
        cell.source = f"{first}\n{imports.format(module)}\n{rest}"
    assignment = Assignment.from_source(nbformat.writes(source).encode())
    spy = solved(starter)
    spy.cells.append(
        nbformat.v4.new_code_cell("import sys\n[name in sys.modules for name in ('wave', 'mailbox')]")
    )
    with Warm() as warm:
        shown = []
        for _ in range(2):
            result = grade_submission(nbformat.writes(spy).encode(), assignment, warm=warm, times=TIMES)
            assert result.auto_points == 7
            executed = nbformat.reads(result.executed.decode(), as_version=4)
            shown.append(executed.cells[-1].outputs[0].data["text/plain"])
    assert shown == [f"[{is_there_at_once}, False]", "[True, False]"]


def test_tests_that_were_changed_are_flagged_and_do_not_count(starter, small):
    notebook = solved(starter)
    cell_named(notebook, "q00_double_test").source = "1.0"
    result = graded(notebook, small)
    assert result.flags == ["q00_double_test is not the released one, which was run in its place"]
    assert result.auto_points == 7


def test_a_student_sees_neither_a_hidden_input_nor_a_test_in_anything_that_is_kept(starter, small):
    """What a call was given is written to a file and to a global, and printed by later cells and calls."""
    spy = (
        "import os, pathlib\nseen = []\n"
        "def double(values):\n    seen.append(repr(values))\n"
        "    with open('/tmp/seen', 'a') as file:\n        file.write(repr(values))\n"
        "    if 1 in list(values):\n        raise ValueError(pathlib.Path('/tmp/seen').read_text())\n"
        "    return [value + value for value in values]"
    )
    notebook = solved(starter, q00_double=spy)
    notebook.cells.append(nbformat.v4.new_code_cell("print(seen, open('/tmp/seen').read())"))
    result = graded(notebook, small)
    executed = nbformat.reads(result.executed.decode(), as_version=4)
    assert "1099511627776" not in str([cell.get("outputs") for cell in executed.cells])


def test_a_test_that_ends_with_no_number_waits_for_a_person(starter):
    source = source_notebook()
    cell_named(source, "q00_double_test").source = "double([1])\nTrue"
    assignment = Assignment.from_source(nbformat.writes(source).encode())
    result = graded(solved(starter), assignment)
    assert result.points["q00_double_test"] is None
    assert result.auto_points == 6


@pytest.mark.slow
@pytest.mark.needs("compiler")
def test_the_real_quantization_notebook_gets_7_of_7_and_its_starter_nothing():
    from autograder.preprocessors.clear_solutions import ClearSolutions

    path = ROOT / "notebooks" / "q02_quantization" / "quantization.ipynb"
    assignment = Assignment.from_source(path.read_bytes())
    assert grade_submission(path.read_bytes(), assignment).auto_points == 7
    starter, _ = ClearSolutions(enforce_metadata=False).preprocess(nbformat.read(path, as_version=4), {})
    assert grade_submission(nbformat.writes(starter).encode(), assignment).auto_points == 0


def test_where_nothing_can_be_confined_grading_stops_and_earlier_scores_stay(course, starter, monkeypatch):
    from autograder import engine
    from autograder.grade import grade
    from autograder.release import release
    from course_lib.examination.result import CannotGrade
    from tests.autograder.small_course import hand_in, points_by_cell

    release(course, "q00_doubling")
    hand_in(course, "ada", solved(starter))
    (outcome,) = grade(course, "q00_doubling", [])
    assert outcome.auto_points == 7

    def refuse(*_):
        raise CannotGrade(
            "Submissions cannot be confined on this machine (unshare: Operation not permitted)."
        )

    monkeypatch.setattr(engine.Warm, "start", refuse)
    with pytest.raises(CannotGrade, match="cannot be confined"):
        list(grade(course, "q00_doubling", [], again=True))
    assert sum(filter(None, points_by_cell(course, "ada").values())) == 7


def test_a_file_that_is_no_part_of_the_submission_is_named_in_the_row(starter, small):
    reads = "table = open('table.csv').read()\n" + DOUBLE
    result = graded(solved(starter, q00_double=reads), small)
    assert "table.csv is asked for, and is no part of a submission" in result.flags
    assert not graded(solved(starter), small).flags


def test_the_grader_may_have_more_descriptors_than_a_submission_can_hold_up():
    """Those on their way through sockets count for the account, whoever has sent them."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    try:
        with Warm():
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

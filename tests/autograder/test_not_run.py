"""What no point depends on is not run in grading: the instructor's own cells below the last test."""

import copy

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell

from autograder.batch import Here, packed, unpacked
from autograder.engine import Assignment, Times, grade_submission
from autograder.grade import Grading
from autograder.release import release
from course_lib.commands import workspace
from course_lib.examination.assignment import assigned
from course_lib.examination.rehearsal import NOT_RUN
from course_lib.examination.submission import read
from course_lib.paths import ROOT
from tests.autograder.small_course import (
    DOUBLE,
    cell_named,
    hand_in,
    make_course,
    marked,
    solved,
    source_notebook,
)

TIMES = Times(cell=5, call=5, test=10)
MEASURES = 'print("measured", double([21]))'
SHOWS = "print('shown', sorted(globals().keys() & {'double', 'scale_source'}))"
COUNTS = "print('words')"  # locked, with a name: as the counter of words is
DEMO = "demos.doubling.show()"  # above the tasks
BINDS = "double = str"  # the instructor's, and of a name that students define
NO_PYTHON = "print('no"
GRADED = workspace.assignments()
BELOW = [MEASURES, SHOWS, BINDS, NO_PYTHON]
MINE = "def double(values):\n    return [value * 2 for value in values]"


def measured_source():
    """The small course's notebook with cells below its tests, and one of the same kind between them."""
    source = source_notebook()
    at = source.cells.index(cell_named(source, "q00_double_hidden")) + 1
    source.cells.insert(at, new_code_cell("between = 1", id="between"))
    source.cells.insert(2, new_code_cell(DEMO, id="demo"))
    source.cells += [new_code_cell(text, id=f"below-{number}") for number, text in enumerate(BELOW)]
    source.cells.append(marked(new_code_cell(COUNTS), "q00_words"))
    return source


SOURCE = measured_source()
ASSIGNMENT = Assignment.from_source(nbformat.writes(SOURCE).encode())
EVERYTHING = ASSIGNMENT.with_all_cells()


def handed_in(*changes):
    """The instructor's notebook without the two cells that must be run, changed by each of `changes`."""
    notebook = copy.deepcopy(SOURCE)
    notebook.cells = [cell for cell in notebook.cells if cell.source not in (BINDS, NO_PYTHON)]
    for change in changes:
        change(notebook)
    return notebook


def run(notebook, assignment=ASSIGNMENT):
    """(Result, what each code cell shows, by its text) of a submission."""
    result = grade_submission(nbformat.writes(notebook).encode(), assignment, times=TIMES)
    executed = nbformat.reads(result.executed.decode(), as_version=4)
    nbformat.validate(executed)
    cells = [cell for cell in executed.cells if cell.cell_type == "code"]
    return result, {cell.source: "".join(output.get("text", "") for output in cell.outputs) for cell in cells}


def added(text):
    def change(notebook):
        notebook.cells.append(new_code_cell(text))

    return change


def test_the_instructors_cells_below_all_tests_are_known_and_no_others():
    assert ASSIGNMENT.measuring == {MEASURES, SHOWS, COUNTS}
    assert ASSIGNMENT.demos == {DEMO}
    assert unpacked(packed(ASSIGNMENT)) == ASSIGNMENT


@pytest.mark.needs("sandbox")
def test_unchanged_they_are_not_run_and_say_so():
    result, shown = run(handed_in())
    assert result.auto_points == 7
    assert not result.flags
    assert [shown[text] for text in (DEMO, MEASURES, SHOWS, COUNTS)] == 4 * [NOT_RUN["text"]]
    assert run(handed_in(), EVERYTHING)[1][MEASURES].startswith("doubling 1 values\nmeasured")


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("text", [BINDS, "print(1)", "%time 1", NO_PYTHON, "exec('x = 1')", "# a thought"])
def test_a_cell_of_the_students_own_is_run_with_all_above_it(text):
    result, shown = run(handed_in(added(text)))
    assert result.auto_points == 7
    assert [cell for cell, said in shown.items() if said == NOT_RUN["text"]] == [DEMO]


@pytest.mark.needs("sandbox")
def test_a_changed_one_is_run_and_what_follows_is_not():
    def change(notebook):
        next(cell for cell in notebook.cells if cell.source == MEASURES).source += "\nprint('more')"

    _, shown = run(handed_in(change))
    assert shown[MEASURES + "\nprint('more')"].endswith("more\n")
    assert [shown[text] for text in (SHOWS, COUNTS)] == 2 * [NOT_RUN["text"]]


@pytest.mark.needs("sandbox")
def test_where_a_task_stands_below_them_they_are_run():
    """A student who moved a task below the measurements, or deleted it and wrote it there, loses nothing."""

    def moved(notebook):
        for name in ("q00_scale", "q00_scale_hidden"):
            cell = cell_named(notebook, name)
            notebook.cells.remove(cell)
            notebook.cells.append(cell)

    def written_anew(notebook):
        names = ("q00_double", "q00_double_test", "q00_double_hidden")
        notebook.cells = [
            cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") not in names
        ]
        notebook.cells.append(new_code_cell(MINE))

    for change in (moved, written_anew):
        result, shown = run(handed_in(change))
        assert result.auto_points == 7
        assert "shown" in shown[SHOWS]


KINDS = st.sampled_from(
    [
        *BELOW,
        COUNTS,
        DEMO,
        MINE,
        DOUBLE,
        "double = None",
        "globals()['double'] = None",
        "%%time\ndouble = None",
        "",
    ]
)
WHAT = st.sampled_from(["insert", "delete", "copy", "change"])
CHANGES = st.lists(st.tuples(st.integers(0, 20), WHAT, KINDS), max_size=8)


def changed(changes):
    notebook = handed_in()
    for number, (place, what, text) in enumerate(changes):
        place %= len(notebook.cells)
        if what == "insert":
            notebook.cells.insert(place, new_code_cell(text))
        elif what == "copy":
            notebook.cells.append(copy.deepcopy(notebook.cells[place]))
            notebook.cells[-1].id = f"copy-{number}"
        elif what == "change":
            notebook.cells[place].source = text
        elif len(notebook.cells) > 1:
            del notebook.cells[place]
    return notebook


@settings(max_examples=300)
@given(CHANGES)
def test_whatever_is_not_run_is_the_instructors_below_every_test_and_binds_no_graded_name(changes):
    submission = read(nbformat.writes(changed(changes)).encode(), ASSIGNMENT)
    not_run = submission.not_run
    for place in not_run:
        cell, known = submission.cells[place]
        assert cell.source in (MEASURES, SHOWS, COUNTS, DEMO)
        assert known is None or not known.is_test
        assert not assigned(cell.source) & ASSIGNMENT.names
        below = [cell for cell, _ in submission.cells[place + 1 :] if cell.cell_type == "code"]
        if cell.source != DEMO:
            assert {other.source.strip() for other in below} <= {MEASURES, SHOWS, COUNTS, DEMO, ""}
    named = {known.name for _, known in submission.cells if known is not None}
    assert named >= ASSIGNMENT.tests.keys()


@pytest.mark.slow
@pytest.mark.needs("sandbox")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES)
def test_no_point_and_no_message_depends_on_what_is_not_run(changes):
    some, every = (run(changed(changes), assignment)[0] for assignment in (ASSIGNMENT, EVERYTHING))
    assert (some.points, some.messages) == (every.points, every.messages)


@pytest.mark.needs("sandbox")
def test_everything_is_run_where_a_marker_asks_for_it(tmp_path, empty_gradebook, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path / "course"))
    course = make_course(tmp_path / "course", empty_gradebook, handed_in())
    release(course, "q00_doubling")
    starter = nbformat.read(course.root / "release" / "q00_doubling" / "doubling.ipynb", as_version=4)
    hand_in(course, "ada", solved(starter))
    path = course.root / "autograded" / "ada" / "q00_doubling" / "doubling.ipynb"
    for measure in (False, True):
        (outcome,) = Grading(course, "q00_doubling", [], again=True, measure=measure).run(Here())
        assert outcome.auto_points == 7
        executed = nbformat.read(path, as_version=4)
        (cell,) = [cell for cell in executed.cells if cell.source == MEASURES]
        assert (cell.outputs == [NOT_RUN]) is not measure


@pytest.mark.parametrize("name", GRADED)
def test_a_real_notebook_is_run_up_to_its_last_test(name):
    (path,) = (ROOT / "notebooks" / name).glob("*.ipynb")
    assignment = Assignment.from_source(path.read_bytes())
    submission = read(path.read_bytes(), assignment)
    not_run = submission.not_run
    tests = {place for place, (_, known) in enumerate(submission.cells) if known and known.is_test}
    code = {place for place, (cell, _) in enumerate(submission.cells) if cell.cell_type == "code"}
    assert {place for place in code if place > max(tests)} <= not_run
    assert {submission.cells[place][0].source for place in not_run if place < max(tests)} == {
        text for text in assignment.demos if text not in assignment.measuring
    }
    assert "compare_prediction" in "".join(assignment.measuring)

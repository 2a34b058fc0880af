"""Student versions hold stubs that name the task; a notebook that could leak is refused by cell."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder import leaks
from autograder.preprocessors.check_regions import CheckRegions
from autograder.release import release
from autograder.released import find_released
from course_lib.errors import UserError
from tests.autograder.small_course import (
    ANSWER,
    DOUBLE,
    DOUBLE_HIDDEN,
    KERNEL,
    SCHEME,
    cell_named,
    source_notebook,
)

ASSIGNMENT = "q00_doubling"


def test_a_python_stub_raises_with_the_name_of_its_task(starter):
    stub = cell_named(starter, "q00_double").source
    assert stub == 'def double(values):\n    raise NotImplementedError("Q0.1: double")'


def test_a_cuda_stub_stays_cuda(starter):
    stub = cell_named(starter, "q00_scale").source
    assert stub == "%%cuda scale_source\n" + (
        "__global__ void scale(float *x, float s) {\n    // Q0.2: scale: your code here\n}"
    )


def test_hidden_cells_are_one_comment_and_keep_their_points(starter):
    for name, points in (("q00_double_hidden", 2), ("q00_scale_hidden", 4)):
        cell = cell_named(starter, name)
        assert cell.source == "# Hidden tests run here when your work is graded."
        assert cell.metadata["nbgrader"]["points"] == points


def test_no_solution_answer_scheme_or_canary_is_left_in_the_release(released, starter):
    source = released.source(ASSIGNMENT)
    wanted = leaks.secrets([source])
    assert {what.split(" of ")[0] for what in wanted.values()} == {
        "a hidden test",
        "a solution",
        "a mark scheme",
        "a model answer",
    }
    assert leaks.search(released.root / "release", wanted) == []
    assert leaks.search(source.parent, wanted) != []
    assert cell_named(starter, "q00_explain").source == "*Your answer here.*"


def test_cell_ids_stay_so_that_work_can_be_compared_with_its_source(starter):
    assert [cell.id for cell in starter.cells] == [cell.id for cell in source_notebook().cells]


def test_what_running_a_notebook_leaves_beside_it_is_not_released(course):
    folder = course.root / "notebooks" / ASSIGNMENT
    (folder / "effects").mkdir()
    (folder / "effects" / "speed.json").write_text("{}")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "doubling-checkpoint.ipynb").write_text("{}")
    (folder / "data.csv").write_text("1,2")
    names = {path.name for path in release(course, ASSIGNMENT).rglob("*")}
    assert names == {"doubling.ipynb", "data.csv"}


def test_an_answer_in_a_file_beside_the_notebook_stops_the_release(course):
    (course.root / "notebooks" / ASSIGNMENT / "notes.md").write_text("Solution:\n\n" + DOUBLE)
    with pytest.raises(UserError, match=r"notes\.md holds a solution of doubling\.ipynb"):
        release(course, ASSIGNMENT)
    assert not (course.root / "release" / ASSIGNMENT).exists()


def as_test_cell(cell):
    cell.metadata["nbgrader"].update(grade=True, solution=False, locked=True, points=1)


def as_plain_cell(cell):
    del cell.metadata["nbgrader"]


@pytest.mark.parametrize(
    ("cell", "change", "reason"),
    [
        ("q00_double", DOUBLE.replace(" Q0.1: double", ""), "needs a task name"),
        ("q00_double", DOUBLE.replace("Q0.1: double", "double"), "needs a task name"),
        ("q00_double", DOUBLE.replace("Q0.1: double", 'Q0.1: a"b'), "needs a task name"),
        ("q00_double", DOUBLE.replace("    ### END SOLUTION", ""), "BEGIN SOLUTION without END SOLUTION"),
        ("q00_double", DOUBLE.replace("### BEGIN SOLUTION Q0.1: double", ""), "END SOLUTION without BEGIN"),
        ("q00_double", DOUBLE.replace("print(", "### BEGIN SOLUTION Q0.1: x\n    print("), "still open"),
        ("q00_double", "def double(values):\n    return values * 2", "without a region"),
        ("q00_scale", KERNEL.replace(" Q0.2: scale", ""), "needs a task name"),
        ("q00_double", as_test_cell, "no nbgrader solution cell"),
        ("q00_double", as_plain_cell, "no nbgrader solution cell"),
        ("q00_double_hidden", "import numpy\n" + DOUBLE_HIDDEN, "a cell of their own"),
        ("q00_double_hidden", DOUBLE_HIDDEN + "\n1.0", "a cell of their own"),
        ("q00_double_hidden", DOUBLE_HIDDEN.replace("canary", "bird"), "need a canary"),
        ("q00_double_hidden", DOUBLE_HIDDEN.replace("### END HIDDEN TESTS", ""), "without END HIDDEN TESTS"),
        ("q00_double_hidden", as_plain_cell, "no nbgrader test cell"),
        ("q00_explain_scheme", as_plain_cell, "neither a locked cell"),
        ("q00_explain_scheme", SCHEME.replace("=== END MARK SCHEME ===", ""), "without END MARK SCHEME"),
        ("q00_explain", ANSWER + "\n" + SCHEME, "neither a locked cell"),
    ],
)
def test_a_source_that_could_leak_is_refused_with_notebook_and_cell(cell, change, reason):
    notebook = source_notebook()
    broken = cell_named(notebook, cell)
    place = cell if change is not as_plain_cell else f"number {notebook.cells.index(broken) + 1}"
    if callable(change):
        change(broken)
    else:
        broken.source = change
    resources = {"nbgrader": {"assignment": ASSIGNMENT, "notebook": "doubling"}}
    with pytest.raises(UserError) as caught:
        CheckRegions().preprocess(notebook, resources)
    message = str(caught.value)
    assert message.startswith(f"q00_doubling/doubling.ipynb, cell {place}: ")
    assert reason in message
    assert "\n" not in message


def test_a_refused_notebook_leaves_release_and_gradebook_as_they_were(course):
    release(course, ASSIGNMENT)
    before = {path: path.read_bytes() for path in (course.root / "release").rglob("*.ipynb")}
    notebook = source_notebook()
    cell_named(notebook, "q00_double_hidden").source = DOUBLE_HIDDEN + "\n1.0"
    cell_named(notebook, "q00_double_test").source = "1.0"
    nbformat.write(notebook, course.source(ASSIGNMENT))
    digest = find_released(course, ASSIGNMENT).tests_sha256
    with pytest.raises(UserError, match="cell q00_double_hidden: hidden tests must fill"):
        release(course, ASSIGNMENT)
    assert find_released(course, ASSIGNMENT).tests_sha256 == digest
    assert {path: path.read_bytes() for path in (course.root / "release").rglob("*.ipynb")} == before


def test_two_cells_of_one_name_are_refused(course):
    notebook = source_notebook()
    cell_named(notebook, "q00_scale").metadata["nbgrader"]["grade_id"] = "q00_double"
    nbformat.write(notebook, course.source(ASSIGNMENT))
    with pytest.raises(UserError, match="was not released"):
        release(course, ASSIGNMENT)


def test_releasing_again_brings_changed_tests_and_new_text(course):
    release(course, ASSIGNMENT)
    path = course.source(ASSIGNMENT)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(new_code_cell("print('more')"))
    cell_named(notebook, "q00_double_test").source = "1.0"
    nbformat.write(notebook, path)
    student = nbformat.read(release(course, ASSIGNMENT) / "doubling.ipynb", as_version=4)
    assert student.cells[-1].source == "print('more')"
    assert cell_named(student, "q00_double_test").source == "1.0"

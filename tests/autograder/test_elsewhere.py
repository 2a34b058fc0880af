"""A written answer that is not in its cell is read by a person, who finds it beside the cell."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from autograder.conversion import convert
from autograder.elsewhere import NOTHING
from autograder.grade import grade
from autograder.report import report
from autograder.scores import scores
from tests.autograder.small_course import ANSWER, SCHEME, cell_named, hand_in, solved

pytestmark = pytest.mark.needs("sandbox")
ASSIGNMENT = "q00_doubling"
PIXEL = {"image/png": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"}
HEADING = "# Doubling"


def after(notebook, name, cell):
    notebook.cells.insert(notebook.cells.index(cell_named(notebook, name)) + 1, cell)
    return notebook


def appended(notebook, name, text):
    cell_named(notebook, name).source += f"\n{text}"
    return notebook


def replaced(notebook, name, cell):
    notebook.cells[notebook.cells.index(cell_named(notebook, name))] = cell
    return notebook


def heading(notebook):
    notebook.cells[0].source = f"{HEADING}: {ANSWER}"
    return notebook


def without_answer(notebook):
    notebook.cells.remove(cell_named(notebook, "q00_explain"))
    return notebook


def copied(notebook):
    """The answer is in the first of two cells of that name; the last one counts."""
    second = copy.deepcopy(cell_named(notebook, "q00_explain"))
    second.id = "copy"
    cell_named(notebook, "q00_explain").source = ANSWER
    return after(notebook, "q00_explain", second)


def pasted(notebook):
    """A photograph of a page, in a cell of the student's own."""
    photo = new_markdown_cell("![](attachment:page.png)", attachments={"page.png": PIXEL})
    return after(notebook, "q00_explain", photo)


def pasted_into_the_answer(notebook):
    cell_named(notebook, "q00_explain")["attachments"] = {"page.png": PIXEL}
    return notebook


ELSEWHERE = {
    "markdown": lambda n: after(n, "q00_explain", new_markdown_cell(ANSWER)),
    "far_away": lambda n: (n.cells.insert(1, new_markdown_cell(ANSWER)), n)[1],
    "heading": heading,
    "raw": lambda n: after(n, "q00_explain", new_raw_cell(ANSWER)),
    "comment": lambda n: after(n, "q00_explain", new_code_cell(f"# {ANSWER}")),
    "string": lambda n: after(n, "q00_explain", new_code_cell(f'answer = """{ANSWER}"""\nprint(answer)')),
    "bare_in_code": lambda n: after(n, "q00_explain", new_code_cell(ANSWER)),
    "in_a_task": lambda n: appended(n, "q00_double", f"    # {ANSWER}"),
    "in_a_kernel": lambda n: appended(n, "q00_scale", f"// {ANSWER}"),
    "in_a_test": lambda n: appended(n, "q00_double_test", f"# {ANSWER}"),
    "in_a_hidden_test": lambda n: appended(n, "q00_scale_hidden", f"# {ANSWER}"),
    "in_a_locked_cell": lambda n: appended(n, "q00_setup", f"# {ANSWER}"),
    "in_the_scheme": lambda n: appended(n, "q00_explain_scheme", ANSWER),
    "instead_of_the_scheme": lambda n: replaced(n, "q00_explain_scheme", new_markdown_cell(ANSWER)),
    "instead_of_the_answer": lambda n: replaced(n, "q00_explain", new_markdown_cell(ANSWER)),
    "deleted_and_above": lambda n: without_answer(heading(n)),
    "pointing": lambda n: heading(appended(n, "q00_explain", "See the top.")),
    "copied": copied,
    "short": lambda n: after(n, "q00_explain", new_markdown_cell("It is exact.")),
    "pasted": pasted,
}
ITSELF = {"pasted_into_the_answer": pasted_into_the_answer}
NOWHERE = {
    "plain": lambda n: n,
    "deleted": without_answer,
    "code": lambda n: after(n, "q00_explain", new_code_cell("double([1, 2]) if double else None")),
    "rule": lambda n: after(n, "q00_explain", new_markdown_cell("---")),
}


def make(starter, change):
    return change(solved(starter))


@pytest.fixture(scope="module")
def everybody(tmp_path_factory, starter, empty_gradebook):
    """(course, outcomes by student) after ./course grade."""
    from autograder.release import release
    from tests.autograder.small_course import make_course

    course = make_course(tmp_path_factory.mktemp("elsewhere"), empty_gradebook)
    release(course, ASSIGNMENT)
    for student, change in {**ELSEWHERE, **ITSELF, **NOWHERE}.items():
        hand_in(course, student, make(starter, change))
    hand_in(course, "answered", solved(starter, q00_explain=ANSWER + " It overflows beyond two to the 1024."))
    hand_in(course, "untouched", starter)
    return course, {outcome.student: outcome for outcome in grade(course, ASSIGNMENT, [])}


def cells(course, student):
    return nbformat.read(course.notebook("autograded", student, ASSIGNMENT), as_version=4).cells


def below_the_answer(course, student):
    found = cells(course, student)
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in found]
    return found[names.index("q00_explain") + 1]


@pytest.mark.parametrize("student", ELSEWHERE)
def test_it_waits_for_a_person_who_finds_it_below_the_cell_and_the_report_names_it(everybody, student):
    course, outcomes = everybody
    assert outcomes[student].needs_marking
    assert outcomes[student].auto_points == 7
    assert any("q00_explain is all but empty" in flag for flag in outcomes[student].flags)
    note = below_the_answer(course, student)
    shown = "It is exact." if student == "short" else "attachment:page.png" if student == "pasted" else ANSWER
    assert note.source.startswith("**The student wrote this in cell ")
    assert shown in note.source
    assert all(line.startswith(">") for line in note.source.splitlines()[2:])


def test_only_answers_with_something_to_read_wait(everybody):
    course, outcomes = everybody
    waiting = {student for student, outcome in outcomes.items() if outcome.needs_marking}
    assert waiting == {*ELSEWHERE, *ITSELF, "answered"}
    assert {row.student for row in scores(course, ASSIGNMENT) if row.status == "graded"} == {
        *NOWHERE,
        "untouched",
    }
    looked_at = report(course, ASSIGNMENT).flags
    assert ELSEWHERE.keys() <= looked_at.keys()
    assert "answered" not in looked_at
    assert SCHEME in [cell.source for cell in cells(course, "in_the_scheme")]


def test_a_picture_is_shown_and_one_without_text_in_the_cell_itself_counts(everybody):
    course, _ = everybody
    assert below_the_answer(course, "pasted").attachments == {"page.png": PIXEL}
    (answer,) = [c for c in cells(course, "pasted_into_the_answer") if "attachments" in c]
    assert answer.metadata.nbgrader.grade_id == "q00_explain"


def test_a_notebook_as_it_was_given_out_is_named_in_the_row_and_the_report(everybody):
    course, outcomes = everybody
    assert NOTHING in outcomes["untouched"].flags
    assert NOTHING in report(course, ASSIGNMENT).flags["untouched"]
    assert not any(NOTHING in outcomes[student].flags for student in outcomes.keys() - {"untouched"})


@pytest.mark.slow
def test_nbgraders_own_autograde_lets_a_person_read_it_too(course, starter):
    from nbgrader.converters import Autograde

    from autograder.release import release

    release(course, ASSIGNMENT)
    chosen = (
        "markdown",
        "in_a_locked_cell",
        "in_the_scheme",
        "deleted_and_above",
        "copied",
        "plain",
        "deleted",
    )
    for student in chosen:
        hand_in(course, student, make(starter, {**ELSEWHERE, **NOWHERE}[student]))
    convert(Autograde, course, ASSIGNMENT)
    rows = {row.student: row.status for row in scores(course, ASSIGNMENT)}
    assert rows == {s: "needs marking" if s in ELSEWHERE else "graded" for s in chosen}
    for student in ELSEWHERE.keys() & set(chosen):
        assert ANSWER in below_the_answer(course, student).source
        with course.gradebook() as gradebook:
            comment = gradebook.find_comment("q00_explain", "doubling", ASSIGNMENT, student)
            assert comment.auto_comment is None

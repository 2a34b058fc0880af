"""What a feedback page may show, cell by cell."""

import shutil
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder import feedback, leaks
from autograder.course import Course
from autograder.preprocessors.hide_tests import STUB, HideTests, telling_lines, without_secrets
from autograder.preprocessors.name_figures import PLOTLY, NameFigures, title
from autograder.preprocessors.name_tasks import tasks
from autograder.scores import scores
from tests.autograder.corpus.page import rendered_by
from tests.autograder.small_course import ANSWER, CANARIES, DOUBLE_HIDDEN, DOUBLE_TEST, cell_named, marked


def hide(course, notebook):
    place = {"assignment": "q00_doubling", "notebook": "doubling", "db_url": course.directory().db_url}
    return HideTests().preprocess(notebook, {"nbgrader": place})[0]


TEXT = """\
### Q0.1 Twice *the* value

Two lines.

Hidden tests add: negative and large values, text,
and nothing at all.

One line more."""


def solved_task(score: float):
    """A text, the tests of a task, and an answer, with points as GetGrades writes them."""
    cells = [
        new_markdown_cell(TEXT),
        marked(new_code_cell(DOUBLE_TEST), "q00_double_test", grade=True, points=1),
        marked(new_code_cell(DOUBLE_HIDDEN), "q00_double_hidden", grade=True, points=2),
        new_markdown_cell("Look at the picture.\n\n## 6 · Explain"),
        marked(new_markdown_cell(ANSWER), "q00_explain", grade=True, solution=True, points=3),
    ]
    for cell, points in zip([cells[1], cells[2], cells[4]], [1.0, score, 2.5], strict=True):
        cell.metadata["nbgrader"] |= {"score": points, "comment": "Good." if points == 2.5 else None}
    return new_notebook(cells=cells)


def test_beside_a_hidden_test_that_lost_points_stands_what_the_task_announced(released):
    lost = cell_named(hide(released, solved_task(score=1.5)), "q00_double_hidden").source
    assert "negative and large values, text, and nothing at all." in lost.replace("\n# ", " ")
    assert all(line.startswith("#") for line in lost.split("\n"))
    assert "One line more" not in lost
    assert CANARIES[0] not in lost
    assert cell_named(hide(released, solved_task(score=2.0)), "q00_double_hidden").source == STUB


def test_a_hidden_test_of_a_task_without_an_announcement_says_none_of_another_task(released):
    notebook = solved_task(score=0.0)
    notebook.cells.insert(2, new_markdown_cell("### Q0.2 Another"))
    assert cell_named(hide(released, notebook), "q00_double_hidden").source == STUB


def test_the_contents_name_tasks_with_the_points_of_their_parts():
    first, second = tasks(solved_task(score=1.5).cells)
    assert (first["name"], first["score"], first["points"]) == ("Q0.1 Twice the value", 2.5, 3.0)
    assert [part["name"] for part in first["parts"]] == ["visible tests", "hidden tests"]
    assert [part["cell"] for part in first["parts"]] == ["q00_double_test", "q00_double_hidden"]
    assert (second["name"], second["points"]) == ("6 · Explain", 3.0)
    assert second["parts"][0] | {"name": "written answer", "comment": True} == second["parts"][0]


def test_a_heading_of_a_student_is_text_in_the_contents():
    notebook = solved_task(score=0.0)
    notebook.cells[0].source = "# <script>steal()</script>"
    page = rendered_by("feedback", notebook, {"tasks": tasks(notebook.cells)})
    assert "<script>steal()" not in page
    assert "&lt;script&gt;steal()" in page


def test_saved_widgets_are_dropped_for_they_hold_outputs_of_hidden_cells(released, starter):
    notebook = nbformat.from_dict(starter)
    notebook.metadata["widgets"] = {"state": {"1": {"outputs": [{"text": CANARIES[0]}]}}}
    assert CANARIES[0] not in nbformat.writes(hide(released, notebook))


def test_a_colored_traceback_that_quotes_a_hidden_line_is_replaced(released):
    line = "secret_values_of_the_test = [3, -4, 2**40]"
    colored = "\x1b[31m".join(["----> 3 secret_values", "_of_the_test = [3, -4, 2**40]"])
    assert line in DOUBLE_HIDDEN
    error = new_output("error", ename="E", evalue="", traceback=[colored])
    notebook = new_notebook(cells=[new_code_cell("f()", outputs=[error])])
    (output,) = hide(released, notebook).cells[0].outputs
    assert output.text.startswith("[This output is not shown")


def test_an_error_in_a_visible_test_stays_though_the_hidden_test_has_a_line_in_common(released, starter):
    notebook = nbformat.from_dict(starter)
    shared = 'assert double([]) is not None, "double([]) should be a list"'
    assert shared in DOUBLE_TEST
    test = cell_named(notebook, "q00_double_test")
    test.outputs = [new_output("error", ename="AssertionError", evalue="", traceback=[shared])]
    assert cell_named(hide(released, notebook), "q00_double_test").outputs[0].ename == "AssertionError"
    lines = telling_lines([shared + "\n# canary-q00-12ab\nx = 1"])
    assert lines == {shared, "# canary-q00-12ab"}


def test_text_in_any_representation_of_an_output_is_searched():
    data = {"text/html": "<b>the secret</b>", "text/plain": "<HTML object>"}
    output = new_output("display_data", data=data)
    assert without_secrets(output, {"the secret"}).output_type == "stream"
    assert without_secrets(output, {"another secret"}) is output


@pytest.mark.parametrize(
    ("layout", "shown"),
    [
        (
            {"title": {"text": "8 bits cost <i>nothing</i><br>at all.<br><span>3 networks</span>"}},
            "8 bits cost nothing at all",
        ),
        ({"title": "plain"}, "plain"),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_figure_is_named_by_what_its_title_says_first(layout, shown):
    assert title({"layout": layout}) == shown


def test_only_figures_that_cannot_be_drawn_are_named():
    figure = {"data": [], "layout": {"title": "found"}}
    outputs = [
        new_output("display_data", data={PLOTLY: figure}),
        new_output("display_data", data={PLOTLY: figure, "image/png": "iVBORw0KGgo="}),
        new_output("display_data", data={PLOTLY: {"data": [], "layout": {}}}),
    ]
    notebook = new_notebook(cells=[new_code_cell("show()", outputs=outputs)])
    named, drawn, below = NameFigures().preprocess(notebook, {})[0].cells[0].outputs
    assert named.data["text/plain"] == "[Figure: found. Run the notebook to see it.]"
    assert "text/plain" not in drawn.data
    assert below.data["text/plain"] == "[Run the notebook to see this figure.]"


def test_a_page_that_passes_for_an_archive_is_searched_as_the_text_that_it_is(tmp_path):
    end = "PK\x05\x06" + "\x00" * 18
    (tmp_path / "page.html").write_text(f"<p>{CANARIES[0]} {end}</p>")
    assert zipfile.is_zipfile(tmp_path / "page.html")
    assert leaks.search(tmp_path, {CANARIES[0]: "a hidden test"}) == ["page.html holds a hidden test"]


def test_a_page_that_cannot_be_searched_is_not_given_out(graded, tmp_path, monkeypatch):
    course = Course(shutil.copytree(graded[0].root, tmp_path / "course"))
    one = [row for row in scores(course, "q00_doubling") if row.student == "reference"]
    monkeypatch.setattr(feedback, "scores", lambda *_: one)
    assert list(feedback.feedback(course, "q00_doubling")) == [("reference", "")]
    (page,) = (course.root / "feedback").rglob("*.html")
    assert '<a href="#q00_scale_hidden">hidden tests</a> (4.0 / 4.0)' in page.read_text("utf-8")
    assert "Test cell" not in page.read_text("utf-8")
    monkeypatch.setattr(feedback, "ask", lambda *_: [3])
    ((_, reason),) = feedback.feedback(course, "q00_doubling")
    assert "cannot be searched for hidden tests" in reason
    assert not list((course.root / "feedback").rglob("*.html"))

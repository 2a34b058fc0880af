"""What a feedback page may show, cell by cell."""

import shutil
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from autograder import feedback, leaks
from autograder.course import Course
from autograder.preprocessors.hide_tests import HideTests, telling_lines, without_secrets
from autograder.preprocessors.name_figures import PLOTLY, NameFigures, title
from autograder.scores import scores
from tests.autograder.small_course import CANARIES, DOUBLE_HIDDEN, DOUBLE_TEST, cell_named


def hide(course, notebook):
    place = {"assignment": "q00_doubling", "notebook": "doubling", "db_url": course.directory().db_url}
    return HideTests().preprocess(notebook, {"nbgrader": place})[0]


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
            {"title": {"text": "8 bits cost <i>nothing</i>.<br><span>3 networks</span>"}},
            "8 bits cost nothing",
        ),
        ({"title": "plain"}, "plain"),
        ({}, "without a title"),
        (None, "without a title"),
    ],
)
def test_a_figure_is_named_by_the_first_line_of_its_title(layout, shown):
    assert title({"layout": layout}) == shown


def test_only_figures_that_cannot_be_drawn_are_named():
    figure = {"data": [], "layout": {"title": "found"}}
    outputs = [
        new_output("display_data", data={PLOTLY: figure}),
        new_output("display_data", data={PLOTLY: figure, "image/png": "iVBORw0KGgo="}),
    ]
    notebook = new_notebook(cells=[new_code_cell("show()", outputs=outputs)])
    named, drawn = NameFigures().preprocess(notebook, {})[0].cells[0].outputs
    assert named.data["text/plain"] == "[Figure: found. Run the notebook to see it.]"
    assert "text/plain" not in drawn.data


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
    assert len(list((course.root / "feedback").rglob("*.html"))) == 1
    monkeypatch.setattr(feedback, "ask", lambda *_: [3])
    ((_, reason),) = feedback.feedback(course, "q00_doubling")
    assert "cannot be searched for hidden tests" in reason
    assert not list((course.root / "feedback").rglob("*.html"))

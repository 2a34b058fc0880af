"""What the marker of a written answer sees beside it."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.preprocessors.help_marker import HelpMarker
from tests.autograder.small_course import SCHEME, marked

TABLE = "<table><tr><th>you predicted</th><th>measured</th></tr>\n\n<tr><td>5</td><td>2</td></tr></table>"
IN_FORMGRADER = {"submission_id": "1"}


def notebook(answer="One two  three.", comparison=None, prediction="{'bits': 5}"):
    outputs = [] if comparison is None else [comparison]
    predicted = [new_output("execute_result", data={"text/plain": prediction})]
    return new_notebook(
        cells=[
            new_code_cell("prediction = {'bits': 5}\nprediction", outputs=predicted),
            new_code_cell("compare_prediction(prediction, measured)", outputs=outputs),
            marked(new_markdown_cell(answer), "q00_explain", grade=True, solution=True, points=3),
            new_code_cell("word_count.show(60, 80)"),
            marked(new_markdown_cell(SCHEME), "q00_explain_scheme"),
        ]
    )


def seen(given, resources=IN_FORMGRADER) -> list[str]:
    return [cell.source for cell in HelpMarker().preprocess(given, dict(resources))[0].cells]


def test_words_prediction_and_measurement_and_the_scheme_follow_the_answer():
    _, _, answer, help_, scheme = seen(
        notebook(comparison=new_output("display_data", data={"text/html": TABLE}))
    )
    assert answer == "One two  three."
    assert help_.startswith("**3 words** (60 to 80 were asked for)")
    assert TABLE.replace("\n\n", "\n") in help_
    assert "overflow and its remedy" in scheme
    assert "===" not in scheme


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        (new_output("error", ename="KeyError", evalue="4", traceback=[]), "ended with `KeyError`."),
        (None, "was not run (`./course grade --again --measure` runs it)."),
    ],
)
def test_a_comparison_that_failed_is_said_and_the_prediction_shown(comparison, said):
    help_ = seen(notebook(comparison=comparison))[3]
    assert said in help_
    assert "{'bits': 5}" in help_


def test_a_prediction_cannot_close_the_block_it_is_shown_in():
    help_ = seen(notebook(prediction="'```\n\n<b>5 of 5 points</b>'"))[3]
    assert help_.count("```") == 2
    assert help_.endswith("```")


def test_only_the_markers_page_shows_it_and_the_notebook_is_left_alone():
    given = notebook()
    before = nbformat.writes(given)
    assert seen(given, {}) == [cell.source for cell in nbformat.reads(before, as_version=4).cells]


def test_a_notebook_without_limits_or_prediction_gets_the_count_alone():
    given = notebook(answer="Exact.")
    given.cells = given.cells[2:3]
    assert seen(given) == ["Exact.", "**1 word**\n\n"]

"""Outputs keep what a reader wants and lose what a browser would run."""

from course_lib.examination import outputs
from course_lib.examination.outputs import LEFT_OUT, REMOVED, clean, clean_all


def data(**kinds):
    (output,) = clean(
        [{"output_type": "display_data", "data": {k.replace("_", "/", 1): v for k, v in kinds.items()}}]
    )
    return output["data"]


def test_html_loses_what_would_run():
    assert data(text_html="<b onclick='alert(1)'>x</b><script>alert(1)</script>") == {"text/html": "<b>x</b>"}


def test_a_table_stays_a_table():
    table = "<table><tbody><tr><td>0.5</td></tr></tbody></table>"
    assert data(text_html=table)["text/html"] == table


def test_what_would_run_is_replaced_by_a_note():
    assert data(application_javascript="alert(1)") == {"text/plain": REMOVED}


def test_an_image_is_an_image():
    assert data(image_png="iVBORw0KGgo=") == {"image/png": "iVBORw0KGgo="}
    assert data(image_png="'><script>") == {"text/plain": REMOVED}


def test_what_is_no_output_is_dropped():
    assert clean([1, None, {}, {"output_type": "magic"}, []]) == []


def test_text_of_any_type_becomes_text():
    (stream,) = clean([{"output_type": "stream", "name": 3, "text": {"a": 1}}])
    assert stream == {"output_type": "stream", "name": "stdout", "text": ""}


def test_what_comes_after_too_much_of_a_notebook_is_left_out_cell_by_cell(monkeypatch):
    monkeypatch.setattr(outputs, "MAX_NOTEBOOK", 1000)
    shown = {place: [{"output_type": "stream", "name": "stdout", "text": "x" * 400}] for place in (7, 2, 9)}
    kept = clean_all(shown)
    assert kept[2] == clean(shown[2])
    assert kept[7] == clean(shown[7])
    assert [output["text"] for output in kept[9]] == [LEFT_OUT]


def test_long_prints_and_tracebacks_are_cut_as_nbgrader_cuts_them():
    from nbformat import from_dict
    from nbformat.v4 import new_code_cell
    from nbgrader.preprocessors import LimitOutput

    given = [
        {"output_type": "stream", "name": "stdout", "text": "a\n" * 600},
        {"output_type": "stream", "name": "stderr", "text": "b\n" * 600},
        {"output_type": "stream", "name": "stdout", "text": "c"},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": [str(line) for line in range(300)]},
    ]
    limited, _ = LimitOutput().preprocess_cell(new_code_cell("", outputs=from_dict(given)), {}, 0)
    assert clean(given) == limited.outputs

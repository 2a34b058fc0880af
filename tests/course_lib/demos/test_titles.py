"""A title is whole at every width: it breaks by the width of its letters; the plot below keeps its size."""

import json

import plotly.graph_objects as go
import plotly.io
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.demos import look, titles
from tests.course_lib.demos.conventions import said

PLOTLY = "application/vnd.plotly.v1+json"
FINDING = "At 4 bits the accuracy falls from 96 % to 45 % with one scale per tensor, and to 92 % per channel"
DETAIL = "Three networks of 784, 256 and 10 units; a dot for each, and the line for their mean accuracy"


def drawn(**layout) -> go.Figure:
    figure = look.finish(go.Figure(go.Scatter(y=[1, 2])), FINDING, DETAIL)
    return figure.update_layout(**layout)


@pytest.fixture
def shown(monkeypatch):
    """What a notebook gets of a figure: its outputs, by what they are made for."""

    def show(figure: go.Figure) -> list[dict]:
        found = []
        monkeypatch.setattr("IPython.display.display", lambda data, raw: found.append(data))
        plotly.io.renderers["plotly_mimetype"].render(figure.to_dict())
        return found

    return show


@given(st.lists(st.text("abimwMW .,é", min_size=1, max_size=30), max_size=12), st.floats(100, 900))
def test_no_line_is_wider_than_its_room_unless_it_is_one_word_and_no_word_is_lost(words, room):
    text = " ".join(words)
    lines = titles.lines(text, 21, room)
    assert " ".join(lines).split() == text.split()
    assert all(titles.width(line, 21) <= room or " " not in line for line in lines)


def test_a_tag_is_not_torn_and_takes_no_room():
    lines = titles.lines("<span style='color:red; x: y'>blue: the answer</span> comes<br>late", 20, 170)
    assert lines == ["<span style='color:red; x: y'>blue: the", "answer</span> comes", "late"]


def test_a_number_stays_with_its_unit():
    lines = titles.lines("at 28 % of the load it takes 12 ms per step", 21, 170)
    assert lines == ["at 28 % of the", "load it takes", "12 ms per", "step"]


def test_a_title_stands_above_its_figure_as_text_and_the_plot_keeps_its_size(shown):
    figure = drawn(height=470, margin_t=130)
    title, picture = shown(figure)
    assert f">{FINDING}</p>" in title["text/html"]
    assert f">{DETAIL}</p>" in title["text/html"]
    assert title["text/plain"] == f"{FINDING}\n{DETAIL}"
    layout = picture[PLOTLY]["layout"]
    assert "text" not in layout["title"]
    assert layout["margin"]["t"] == pytest.approx(130 - titles.ABOVE - 2 * titles.LINE)
    assert layout["height"] - layout["margin"]["t"] == pytest.approx(470 - 130)
    assert (figure.layout.height, figure.layout.title.text) == (470, titles.title(FINDING, DETAIL))


def test_without_a_height_and_a_margin_of_its_own_a_figure_has_the_templates(shown):
    layout = shown(drawn())[1][PLOTLY]["layout"]
    assert layout["height"] - layout["margin"]["t"] == pytest.approx(titles.HEIGHT - titles.TOP)
    assert layout["margin"]["t"] > 0


def test_a_line_that_a_detail_begins_itself_has_its_room_already(shown):
    figure = look.finish(go.Figure(go.Scatter(y=[1])), "Short", "one<br>two").update_layout(margin_t=130)
    assert shown(figure)[1][PLOTLY]["layout"]["margin"]["t"] == pytest.approx(
        130 - titles.ABOVE - 3 * titles.LINE
    )
    widget = go.FigureWidget(figure)
    look.stage([], widget)
    assert (widget.layout.margin.t, widget.layout.height) == (130, titles.HEIGHT)


@pytest.mark.parametrize("layout", [{"title": {"text": FINDING}}, {"title": FINDING}, {}])
def test_a_figure_that_is_not_ours_stays_as_it_is(shown, layout):
    figure = go.Figure(layout=layout)
    (picture,) = shown(figure)
    assert picture[PLOTLY]["layout"] == json.loads(figure.to_json())["layout"]


def test_no_tool_bar_lies_on_a_figure(shown):
    assert shown(drawn())[1][PLOTLY]["config"]["displayModeBar"] is False


def test_the_renderer_that_notebooks_take_by_default_is_ours():
    import subprocess
    import sys

    code = (
        "import plotly.io; plotly.io.renderers.default = 'plotly_mimetype'; import course_lib.demos.titles; "
        "print(type(plotly.io.renderers._default_renderers[0]).__module__)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == titles.__name__


@pytest.fixture
def demo():
    """A demo on screen: its box, and its figure."""
    box = look.stage([], go.FigureWidget(drawn(height=470)))
    return box, box.children[0].children[0]


def test_on_screen_a_title_has_the_width_of_its_figure_also_after_the_next_step(demo):
    box, figure = demo
    *_, fit = box.children
    fit.width = 2000
    assert figure.layout.title.text == titles.title(FINDING, DETAIL)
    assert (figure.layout.height, figure.layout.margin.t) == (470, titles.TOP)
    look.paint(figure, [{"y": [2, 1]}], FINDING + " and " + FINDING, DETAIL)
    assert figure.layout.title.text.count("<br>") == 1 + 1
    fit.width = 500
    assert said(figure).startswith(FINDING + " and " + FINDING)
    assert figure.layout.height - figure.layout.margin.t == pytest.approx(470 - titles.TOP)
    *above, _ = figure.layout.title.text.split("<br><span")[0].split("<br>")
    assert max(titles.width(line, titles.FINDING) for line in above) <= 500


def test_a_saved_demo_says_how_to_see_it(demo):
    data = demo[0]._repr_mimebundle_()
    assert data["text/plain"] == look.SAVED
    assert "application/vnd.jupyter.widget-view+json" in data

"""What is painted while nobody looks is drawn as if somebody had."""

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.commands.static_pages.paints import Paints
from course_lib.demos import look, titles
from course_lib.demos.live import live

LONG = "a finding that takes several lines of a title, each as wide as the room for it " * 3
# One paint after the other: what changes of two traces, the title, and what changes of annotations.
PAINTED = {
    "the same": [([{"y": np.arange(n)}, {"y": [n]}], f"{n}", "a detail") for n in (2, 3)],
    "another each": [([{"y": [4]}, {}], "one", ""), ([{}, {"x": [7]}], "two", "a detail")],
    "the whole after its part": [
        ([{"marker.size": 3}, {}], "part", ""), ([{"marker": {"color": "red"}}, {}], "whole", "")
    ],
    "a part after the whole": [
        ([{"marker": {"color": "red", "size": 3}}, {}], "whole", ""), ([{"marker.size": 4}, {}], "part", "")
    ],
    "annotations": [
        ([{}, {}], LONG, "", {0: {"y": 1, "text": "first"}}),
        ([{}, {}], "short", "", {0: {"y": 2}, 1: {"y": 3}}),
    ],
    "lines of a title": [([{}, {}], "short", ""), ([{}, {}], LONG, LONG)],
}  # fmt: skip


def figure() -> go.FigureWidget:
    still = go.Figure([go.Scatter(y=[0]), go.Scatter(y=[0])])
    for _ in range(2):
        still.add_annotation(x=0, y=0, text="here")
    widget = live(look.finish(still, "nothing yet"))
    titles.follow(widget)
    return widget


def shown(widget: go.FigureWidget) -> dict:
    for trace in (found := widget.to_plotly_json())["data"]:
        trace.pop("uid")
    return found


@pytest.mark.parametrize("painted", PAINTED.values(), ids=PAINTED.keys())
def test_a_figure_drawn_once_is_as_one_drawn_at_every_paint(painted):
    watched, unwatched, paints = figure(), figure(), Paints()
    before = shown(unwatched)
    for paint in painted:
        look.paint(watched, *paint)
    with paints.kept():
        for paint in painted:
            assert look.paint(unwatched, *paint) is unwatched
        np.testing.assert_equal(shown(unwatched), before)
        paints.draw(unwatched)
    np.testing.assert_equal(shown(unwatched), shown(watched))
    paints.draw(unwatched)
    np.testing.assert_equal(shown(unwatched), shown(watched))


def test_a_still_figure_is_painted_at_once():
    still = look.finish(go.Figure(go.Scatter()), "nothing yet")
    with Paints().kept():
        look.paint(still, [{"y": [1, 2]}], "painted")
    assert still.data[0].y == (1, 2)
    assert still.layout.title.text == titles.title("painted", "")

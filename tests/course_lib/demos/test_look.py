"""The shared look: labels never overlap and stay in order, and one message repaints a frame."""

import itertools

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import demos
from course_lib.demos import look


@given(st.lists(st.floats(0, 100), min_size=1, max_size=6), st.floats(0.5, 20))
def test_labels_are_a_gap_apart_in_the_order_of_their_lines(heights, gap):
    figure = go.Figure()
    look.label(figure, [(1, y, str(i), look.BLUE) for i, y in enumerate(heights)], gap)
    placed = [a.y for a in figure.layout.annotations]
    assert placed == sorted(placed)
    assert all(high - low >= gap * (1 - 1e-9) for low, high in itertools.pairwise(placed))
    order = [int(a.text) for a in figure.layout.annotations]
    assert [heights[i] for i in order] == sorted(heights)
    assert sum(placed) == pytest.approx(sum(heights)), "labels spread around their lines"


def test_labels_with_room_stand_at_their_lines():
    figure = go.Figure()
    look.label(figure, [(1, 5, "a", look.BLUE), (1, 9, "b", look.GREEN)], gap=1)
    assert [(a.text, a.y) for a in figure.layout.annotations] == [("a", 5), ("b", 9)]


def test_paint_changes_what_it_is_given_and_nothing_else():
    figure = look.finish(go.Figure(go.Scatter(x=[1, 2], y=[3, 4])), "before")
    figure.add_annotation(x=1, y=1, text="old")
    look.paint(figure, [{"y": (5, 6)}], "after", "detail", {-1: {"text": "new"}})
    assert figure.data[0].x == (1, 2)
    assert figure.data[0].y == (5, 6)
    assert figure.layout.title.text.startswith("after<br>")
    assert (figure.layout.annotations[0].text, figure.layout.annotations[0].x) == ("new", 1)
    with pytest.raises(ValueError, match="argument"):
        look.paint(figure, [], "too few traces")


def test_unknown_demo_is_named():
    with pytest.raises(AttributeError, match="no demo 'astrology'"):
        demos.astrology  # noqa: B018

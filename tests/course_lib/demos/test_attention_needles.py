"""The picture to remember: its title, bars and curves agree, and dragging repaints them."""

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.demos import look
from course_lib.demos.attention import needles as demo
from course_lib.heads import needles
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

SETTINGS = [(0.7,), (0.5,), (0.0,), (0.7, 0.3), (0.7, 0.7), (1.0, 0.0)]


@pytest.mark.parametrize("weights", SETTINGS)
def test_title_bars_and_dots_tell_the_same_chances(weights):
    named = demo.measure(*weights)
    figure = demo.figure(named)
    first, second = needles.both_named(weights)
    assert f"a chance of {first * second:.0%} that both answers are right" in said(figure)
    assert f"Chance of Bob's alone {first:.0%}, of Gus's alone {second:.0%}" in said(figure)
    assert said(figure).startswith("One head" if len(weights) == 1 else "Two heads")
    bars = [dict(zip(trace.y, trace.x, strict=True)) for trace in figure.data[2:4]]
    assert bars[0]["bread"] == pytest.approx(100 * first)
    assert bars[1]["grape"] == pytest.approx(100 * second)
    assert [sum(bar.values()) for bar in bars] == pytest.approx([100, 100])
    np.testing.assert_allclose(figure.data[-1].y, [100 * first, 100 * second, 100 * first * second])


@pytest.mark.parametrize("weights", SETTINGS)
def test_dots_lie_on_the_curves(weights):
    figure = demo.figure(demo.measure(*weights))
    *curves, dots = figure.data[4:]
    at = round(weights[-1] * (demo.STEPS - 1))
    assert curves[0].x[at] == pytest.approx(dots.x[0])
    np.testing.assert_allclose([curve.y[at] for curve in curves], dots.y)


def test_curves_show_that_one_head_never_names_both_and_a_second_nearly_always_does():
    one, two = demo.measure(0.7).curve, demo.measure(0.7, 0.3).curve
    assert (one.min(axis=1) < 0.5).all()
    away = np.abs(demo.WEIGHTS - 0.7) > 0.15
    assert (two[away].min(axis=1) > 0.8).all()
    assert two[demo.WEIGHTS.searchsorted(0.7 - 1e-9)].prod() < 0.2


def test_right_answer_keeps_its_color_and_a_wrong_one_that_leads_stands_out():
    colors = [trace.marker.color for trace in demo.figure(demo.measure(0.7)).data[2:4]]
    things = list(demo.THINGS)
    assert colors[0].count(look.ORANGE) == 0
    assert colors[0][things.index("bread")] == look.GREEN
    assert colors[1][things.index("bread")] == look.ORANGE
    assert colors[1][things.index("grape")] == look.GREEN


def test_widget_on_screen_becomes_the_figure_of_the_new_setting():
    widget = go.FigureWidget(demo.figure(demo.measure(0.7)))
    look.paint(widget, **demo.contents(demo.measure(0.2, 0.9)))
    expected = demo.figure(demo.measure(0.2, 0.9))
    assert said(widget) == said(expected)
    assert [a.text for a in widget.layout.annotations] == [a.text for a in expected.layout.annotations]
    for shown, wanted in zip(widget.data, expected.data, strict=True):
        for name in ("x", "y"):
            assert np.array_equal(shown[name], wanted[name])


def test_a_step_sends_little_to_the_browser():
    traces = demo.contents(demo.measure(0.2, 0.9))["traces"]
    assert sum(np.asarray(value).nbytes for trace in traces for value in trace.values()) < 10_000


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(monkeypatch):
    many, first, second, figure, _ = still_then_live(monkeypatch, demo.show)
    assert second.layout.visibility == "hidden"
    first.value = 40
    assert "One head with 40% on Bob" in said(figure)
    many.value = 2
    second.value = 80
    assert second.layout.visibility == "visible"
    assert "Two heads with 40% and 80% on Bob" in said(figure)


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    by_their_ticks = {"xaxis", "yaxis2", "yaxis3"}
    assert unnamed_axes(demo.figure(demo.measure(0.7))) == by_their_ticks

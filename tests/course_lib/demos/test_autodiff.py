"""The demo of lab 1: which walks end with right gradients, what titles claim, and controls that repaint."""

import functools
import json

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.demos import autodiff, look
from course_lib.demos.autodiff import figures, graphs, picture, walks
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

FIRST, DOUBLING = picture.EXPRESSIONS
RIGHT = ("every path", "order")


@pytest.mark.parametrize("way", walks.WAYS)
@pytest.mark.parametrize("expression", picture.EXPRESSIONS)
def test_two_ways_end_with_what_differences_say_and_the_title_says_which(expression, way):
    leaves = picture.EXPRESSIONS[expression].leaves
    done = picture.Pass.of(expression, way, leaves)
    gradients = done.visits[-1][1]
    right = all(np.isclose(gradients[leaf], value, 1e-6) for leaf, value in done.differences.items())
    assert right or way not in RIGHT
    assert ("right after" if right else "wrong,") in said(picture.figure(expression, way))
    assert all(way in RIGHT or "wrong," in said(picture.figure(FIRST, way)) for way in walks.WAYS)


def test_simple_orders_get_these_wrong_numbers():
    assert "Recursion: wrong, 416 instead of 16 for x" in said(picture.figure(DOUBLING, "recursion"))
    assert "Preorder: wrong, 30 instead of 48 for a" in said(picture.figure(FIRST, "preorder"))


@pytest.mark.parametrize(("way", "visits"), [("every path", 2**17 - 1), ("order", 17)])
def test_every_path_takes_a_visit_for_each_and_the_order_one_per_node(way, visits):
    gradients, taken = walks.walked(way, *graphs.doubling(16))
    assert (gradients[0], taken) == (2.0**16, visits)


def test_only_the_order_reaches_the_end_of_a_deep_graph():
    graph = graphs.running_sum(5000)
    for way in ("every path", "recursion", "preorder"):
        with pytest.raises(RecursionError):
            walks.walked(way, *graph)
    assert walks.walked("order", *graph)[1] == 10_001


@pytest.mark.parametrize("weights", [4, 10, 100])
def test_a_network_counts_a_forward_pass_and_its_gradients_are_the_differences(weights):
    network = graphs.Network.of(weights, np.random.default_rng(weights))
    graphs.Counted.operations = 0
    network.output(network.weights)
    assert graphs.Counted.operations == 2 * weights - 1  # a product and a sum for each, and tanh twice
    gradients, _ = walks.walked("order", *network.graph())
    quotients = graphs.difference_quotients(network)
    assert [gradients[i] for i in range(weights)] == pytest.approx(quotients, rel=1e-4, abs=1e-6)
    graphs.Counted.operations = 0
    graphs.difference_quotients(network)
    assert graphs.Counted.operations == (weights + 1) * (2 * weights - 1)


def test_visits_color_the_graph_one_after_the_other():
    leaves = picture.EXPRESSIONS[FIRST].leaves
    for visit in range(6):
        figure = picture.figure(FIRST, "order", leaves, visit)
        colors = list(figure.data[1].marker.color)
        assert colors.count(picture.HERE) == min(visit, 1)
        assert colors.count(picture.VISITED) == max(visit - 1, 0)
        assert f"after {visit} of 5 visits" in said(figure)


def test_bars_set_gradients_beside_differences_of_the_formula():
    figure = picture.figure(FIRST, "order", {"a": -1.0, "b": 0.5})
    own, quotients = figure.data[-2:]
    assert list(own.x) == list(quotients.x) == ["a", "b"]
    assert list(own.y) == pytest.approx(list(quotients.y), rel=1e-6)
    a, b = -1.0, 0.5  # e = ab (ab + a)
    assert list(own.y) == pytest.approx([2 * a * b * b + 2 * a * b, 2 * a * a * b + a * a])


def test_what_is_on_screen_becomes_the_figure_of_the_new_setting():
    old, new = (FIRST, "preorder", {"a": 2.0, "b": 3.0}, 5), (DOUBLING, "recursion", {"x": 1.5}, 12)
    widget = go.FigureWidget(look.paint(picture.frame(), **picture.contents(*old)))
    look.paint(widget, **picture.contents(*new))
    expected = look.paint(picture.frame(), **picture.contents(*new))
    assert said(widget) == said(expected)
    assert json.loads(widget.to_json())["data"] == json.loads(go.FigureWidget(expected).to_json())["data"]


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(monkeypatch):
    expression, way, visit, first, figure, _ = still_then_live(monkeypatch, autodiff.show)
    assert "after 0 of 5 visits" in said(figure)
    visit.value = 5
    assert "Order: right after 5 visits" in said(figure)
    first.value = -1.0
    assert figure.data[-1].y[0] == pytest.approx(-24.0)
    way.value = "recursion"
    assert (visit.value, visit.max) == (0, 9)
    expression.value = DOUBLING
    assert (first.description, visit.value, visit.max) == ("x", 0, 31)
    visit.value = 31
    assert "416 instead of 16" in said(figure)


@functools.cache
def pictures():
    steps, errors = [0.1, 0.01, 0.001], {"float64": [1e-2, 1e-9, 1e-4], "float32": [1e-2, 1e-5, 1.0]}
    return {
        "visits": figures.visits([1, 2, 3], {"every path": [3, 7, 15], "your order": [2, 3, 4]}),
        "work": figures.work([10, 100], [3.8, 3.1], {10: 11.0}),
        "differences": figures.differences(steps, errors),
        "learning": figures.learning({0: [2.0] * 30, 1: [1.0] * 30}, {0: 0.95, 1: 0.9}),
        "demo": picture.figure(),
    }


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("visits", "x + x, 3 times: 15 visits by every path, 4 by your order"),
        ("work", "All gradients cost 3.1 to 3.8 forward passes, for 10 inputs as for 100"),
        ("differences", "Central differences are best at a step of 1e-02: 1e-09 off in float64"),
        ("learning", "Your Tensor learns digits: at least 90.0 % of the test images right"),
    ],
)
def test_finding_in_a_title_is_computed_from_the_data(name, finding):
    assert finding in said(pictures()[name])


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    for name, figure in pictures().items():
        assert unnamed_axes(figure) == set(), name

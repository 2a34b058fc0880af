"""The demo's figures say what the numbers say, and its controls and button repaint what is on screen."""

import functools
import json

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.demos import learning_rate, look
from course_lib.demos.learning_rate import figures, picture
from course_lib.learning_rate.curvature import Path
from course_lib.learning_rate.curves import Curves
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes


@pytest.mark.parametrize(
    ("setting", "limit", "fates"),
    [
        ((0.1, 0.45, 4, 0.0), "0.5", ("comes to rest", "comes to rest")),
        ((0.1, 0.6, 4, 0.0), "0.5", ("comes to rest", "flies away")),
        ((0.5, 1.0, 4, 0.0), "0.5", ("jumps forever", "flies away")),
        ((0.1, 0.6, 4, 0.9), "0.95", ("comes to rest", "comes to rest")),
        ((0.1, 0.6, 20, 0.9), "0.19", ("comes to rest", "flies away")),
    ],
)
def test_title_states_the_limit_and_what_becomes_of_each_rate(setting, limit, fates):
    descent = picture.measure(*setting)
    title = said(picture.figure(descent))
    assert f"limit is {limit}:" in title
    assert all(f"({rate:g}) {fate}" in title for rate, fate in zip(setting[:2], fates, strict=True))


@pytest.mark.parametrize("momentum", picture.MOMENTA)
def test_fate_in_the_title_is_what_the_descent_does(momentum):
    calm, wild = 0.9, 1.1
    limit = picture.measure(0.1, 0.1, 4, momentum).limit
    descent = picture.measure(calm * limit, wild * limit, 4, momentum)
    assert descent.fates == ["comes to rest", "flies away"]
    assert descent.loss[0, -1] < descent.loss[0, 0]
    assert descent.loss[1, -1] > descent.loss[1, 0]


def test_a_rate_far_too_large_can_still_be_drawn():
    figure = picture.figure(picture.measure(1.0, 1.0, 20, 0.9))
    assert np.isfinite([np.asarray(trace.y, dtype=float) for trace in figure.data[3:5]]).all()
    json.loads(figure.to_json())


def test_widget_on_screen_becomes_the_figure_of_the_new_setting():
    widget = go.FigureWidget(picture.figure(picture.measure(0.1, 0.45, 4, 0.0)))
    new, accuracy = picture.measure(0.2, 0.6, 7, 0.5), np.array([[0.5, 0.1], [0.9, 0.2]])
    look.paint(widget, **picture.contents(new, accuracy))
    expected = picture.figure(new, accuracy)
    assert said(widget) == said(expected)
    assert "after epoch 2: A 90%, B 20%" in said(widget)
    for shown, wanted in zip(widget.data, expected.data, strict=True):
        assert np.array_equal(np.array(shown.y, dtype=float), np.array(wanted.y, dtype=float), equal_nan=True)


def test_a_step_sends_little_to_the_browser():
    contents = picture.contents(picture.measure(0.2, 0.6, 7, 0.5))
    sent = sum(np.asarray(value, dtype=np.float32).nbytes for t in contents["traces"] for value in t.values())
    assert sent < 50_000


def test_network_reports_each_epoch_and_is_trained_once(monkeypatch):
    monkeypatch.setattr(picture, "EPOCHS", 2)
    monkeypatch.setattr(picture, "_trained", {})
    seen = []
    accuracy = picture.train_network(0.1, 0.2, 0.0, lambda epoch, a: seen.append((epoch, a.copy())))
    assert [epoch for epoch, _ in seen] == [0, 1]
    assert np.array_equal([a for _, a in seen], accuracy)
    assert accuracy.max() > 0.3
    monkeypatch.setattr(picture.curves, "train_many", None)  # whoever trains again fails
    again = picture.train_network(0.1, 0.2, 0.0, lambda epoch, a: seen.append((epoch, a.copy())))
    assert np.array_equal(again, accuracy)
    assert [(epoch, a.tolist()) for epoch, a in seen[:2]] == [(epoch, a.tolist()) for epoch, a in seen[2:]]


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(monkeypatch):
    monkeypatch.setattr(
        picture, "train_network", lambda *rates, on=None: rates[-1](0, np.array([0.42, 0.97]))
    )
    rate_a, rate_b, curvature, momentum, button, figure, _ = still_then_live(monkeypatch, learning_rate.show)
    rate_a.value, rate_b.value, curvature.value, momentum.value = 0.2, 0.8, 3, 0.5
    assert "This bowl's limit is 1: A (0.2) comes to rest, B (0.8) comes to rest" in said(figure)
    button.click()
    assert "after epoch 1: A 42%, B 97%" in said(figure)
    assert not button.disabled
    curvature.value = 20
    assert "B (0.8) flies away" in said(figure)


def some_curves(n=3, epochs=6):
    climb = np.linspace(0.2, 0.95, epochs)[:, None] * np.linspace(1, 0.1, n)
    return Curves(np.ones((epochs, n)), climb, climb, np.full((epochs, n), 6))


@functools.cache
def pictures():
    steps = np.arange(11)
    wild = Path(0.2, np.array([2.0, 1, 1.5, *[1.0] * 8]), np.arange(0, 11, 2), np.full(6, 12.0))
    calm = Path(0.05, 2.0 - 0.1 * steps, np.arange(0, 11, 2), np.full(6, 12.0))
    falls, rises = 1 - 0.05 * steps, 1 + 0.1 * steps
    return {
        "quadratic": figures.quadratic_paths(
            {0.1: 0.5 ** steps[:, None], 0.6: 1.2 ** steps[:, None]}, 0.5
        ),
        "range": figures.range_test(
            np.geomspace(1e-3, 1, 4), np.array([2, 1, 0.5, np.nan]), 0.01
        ),
        "schedules": figures.schedules({"constant": [1, 1, 1], "down": [1, 0.5, 0]}),
        "maps": figures.accuracy_maps(
            {"one": ([0.1, 0.5, 1.0], some_curves()), "two": ([1, 2, 3], some_curves())}
        ),
        "two": figures.one_rate_two_schedules(
            0.45, {"constant": np.full((4, 3), 0.3), "cosine": np.full((4, 3), 0.96)},
            {"constant": np.ones(40), "cosine": np.linspace(1, 0, 40)},
        ),
        "bouncing": figures.bouncing(some_curves()),
        "sharpness": figures.sharpness_along_paths([calm, wild]),
        "checkpoint": figures.from_a_checkpoint({0.5: falls, 1.5: rises}, 20.0),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("quadratic", "The limit is 0.5: rate 0.6 flies away"),
        ("range", "One short run finds a rate: 0.01"),
        ("schedules", "50 % (down, highest in step 0)"),
        ("maps", "The largest rate that ends above 80 %: 0.1, 1"),
        ("two", "Rate 0.45: constant ends at 30 to 30 %, cosine ends at 96 to 96 %"),
        ("bouncing", "The accuracy changes by 8 points per epoch, and 1 of 3 networks has learned"),
        ("sharpness", "The loss rises 1 to 1 steps after ηλ/2 passes 1; 1 path stays below and never rises"),
        ("checkpoint", "the loss falls throughout at 0.5 of 2/λ and rises at 1.5 of 2/λ"),
    ],
)
def test_finding_in_a_title_is_computed_from_the_data(name, finding):
    assert finding in said(pictures()[name])


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    by_another_panel = {"maps": {"yaxis2"}, "two": {"xaxis"}, "bouncing": {"xaxis"}, "sharpness": {"xaxis"}}
    for name, figure in pictures().items():
        assert unnamed_axes(figure) == by_another_panel.get(name, set()), name


def test_every_run_is_shown():
    assert sum(trace.mode == "lines+markers" for trace in pictures()["two"].data) == 6
    assert [trace.z.shape for trace in pictures()["maps"].data if trace.type == "heatmap"] == [(3, 6)] * 2

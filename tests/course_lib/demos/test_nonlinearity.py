"""The demo shows the network it trains, while it trains it; the figures say what their numbers say."""

import asyncio
import functools
import math

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib import cuda
from course_lib.demos import look, nonlinearity
from course_lib.demos.nonlinearity import figures, picture
from tests.course_lib.demos.conventions import run, said, still_then_live, unnamed_axes


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    """Half a second for each training adds up."""
    monkeypatch.setattr(picture, "STEPS", (0, 1, 2, 5, 10, 40))
    monkeypatch.setattr(picture, "PACE", 0)


def test_run_looks_at_its_network_after_each_of_the_steps():
    run = picture.trained("XOR", "ReLU", 16)
    assert len(run.maps) == len(run.accuracy) == 6
    assert run.maps[0].shape == (picture.SIDE, picture.SIDE)
    assert run.accuracy[-1] > 0.95 > run.accuracy[0]


def test_map_lies_as_the_points_lie():
    run = picture.trained("XOR", "ReLU", 16)
    quarter = picture.SIDE // 4
    assert run.maps[-1][quarter, quarter] < 0.5 < run.maps[-1][quarter, -quarter], "rows go up, columns right"
    along, everywhere = picture.plane("XOR", 3)
    assert everywhere[1].tolist() == [along[1], along[0]]


@pytest.mark.parametrize("points", picture.POINTS)
def test_points_lie_inside_the_drawn_plane(points):
    (x, y), fresh, _ = picture.data(points)
    assert np.abs(x).max() < picture.REACH[points]
    assert not np.array_equal(x, fresh[0][:160]), "fresh points are others"
    assert set(y) == {0, 1}


@pytest.mark.parametrize(("index", "when"), [(0, "untrained"), (3, "after 5 steps"), (-1, "after 40 steps")])
def test_title_says_which_network_and_how_good_it_is_then(index, when):
    run = picture.trained("rings", "tanh", 8)
    figure = picture.figure(run, index)
    assert f"rings, tanh, {when}: {run.accuracy[index]:.0%}".replace("%", " %") in said(figure)
    assert np.array_equal(figure.data[0].z, run.maps[index])
    assert figure.data[-2].y[0] == pytest.approx(100 * run.accuracy[index])
    assert "best of all straight lines" in figure.layout.annotations[0].text


def test_identity_never_passes_the_best_line():
    run = picture.trained("XOR", "identity", 32)
    assert max(run.accuracy) <= picture.data("XOR")[2] == 0.75


def test_a_step_sends_little_to_the_browser():
    contents = picture.contents(picture.trained("spirals", "ReLU", 4), 3)
    sent = sum(np.asarray(value).nbytes for trace in contents["traces"] for value in trace.values())
    assert sent < 50_000


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(monkeypatch):
    assert any(
        isinstance(child, go.FigureWidget) for child in still_then_live(monkeypatch, nonlinearity.show)
    )


def test_choosing_shows_an_untrained_network_and_trains_nothing():
    stage = nonlinearity.Stage()
    for control, value in ((stage.points, "rings"), (stage.activation, "GELU"), (stage.units, 8)):
        control.value = value
        assert len(stage.run.maps) == 1
        assert "untrained" in said(stage.widget)
    assert "rings, GELU" in said(stage.widget)
    assert "8 units" in said(stage.widget)
    stage.step.value = 4
    assert "untrained" in said(stage.widget), "there is nothing later to show"


def test_step_slider_goes_through_what_was_recorded():
    stage = nonlinearity.Stage()
    stage.step.value = 3
    assert "after 5 steps" in said(stage.widget)
    assert np.array_equal(stage.widget.data[0].z, stage.run.maps[3])


def test_button_trains_while_the_page_is_painted_and_the_run_is_kept():
    titles = []

    async def press():
        stage = nonlinearity.Stage()
        stage.activation.value = "tanh"
        sent = "_py2js_update"  # None again as soon as the page has it
        stage.widget.observe(lambda change: change["new"] and titles.append(said(stage.widget)), sent)
        stage.button.click()
        await asyncio.sleep(0)
        assert stage.button.description == "Stop"
        await stage.task
        return stage

    stage = run(press())
    assert [title.split(", ")[2].split(":")[0] for title in titles] == [
        "untrained", "after 1 steps", "after 2 steps", "after 5 steps", "after 10 steps", "after 40 steps",
    ][-len(titles) :]  # fmt: skip
    assert len(titles) >= 5
    assert stage.button.description == "Train"
    stage.activation.value = "ReLU"
    stage.activation.value = "tanh"
    assert len(stage.run.maps) == 6


@pytest.mark.parametrize("how", ["button", "choice"])
def test_training_can_be_stopped_by_the_button_and_by_another_choice(how):
    async def press():
        stage = nonlinearity.Stage()
        stage.points.value = "spirals"
        stage.button.click()
        await asyncio.sleep(0)
        stage.button.click() if how == "button" else setattr(stage.points, "value", "rings")
        with pytest.raises(asyncio.CancelledError):
            await stage.task
        return stage

    stage = run(press())
    assert stage.button.description == "Train"
    assert 1 <= len(stage.runs["spirals", "ReLU", 32].maps) < 6
    assert ("spirals" if how == "button" else "rings") in said(stage.widget)


def inspected():
    pair, x, bias = (
        cuda.load("activation", device="host"),
        np.ones((4, 32), np.float32),
        np.ones(32, np.float32),
    )
    total, out = np.zeros_like(x), np.zeros_like(x)
    return (
        [
            pair.inspect("add_bias", 1, 128, (x, bias, total, 4, 32)),
            pair.inspect("activate", 1, 128, (total, out, 128, 0)),
        ],
        [pair.inspect("bias_activation", 1, 128, (x, bias, out, 4, 32, 0))],
    )


@functools.cache
def pictures():
    x = np.linspace(-4, 3, 71)
    runs = {
        "XOR": np.array([[0.5, 0.45], [1.0, 0.99], [0.98, 1.0]]),
        "rings": np.array([[0.6, 0.5], [1, 1], [1, 1]]),
    }
    maps = {"XOR": np.stack([np.full((5, 5), 0.4), np.full((5, 5), 0.9)])}
    points = {"XOR": (np.zeros((4, 2)), np.array([0, 1, 0, 1]))}
    shares = {
        "FLOPs": (0.000325, 0.000325),
        "bytes": (1 / 3, 0),
        "here": (0.016, math.nan),
        "card": (0.278, 0.0003),
    }
    return {
        "curves": figures.curves(
            x, {"ReLU": np.maximum(x, 0), "odd": 2 * x}, {"ReLU": 1.0 * (x > 0), "odd": np.full(71, 2.0)}
        ),
        "pieces": figures.pieces([(-1, 0, 0, 1), (0, 2, 3, 1)], units=3),
        "accuracies": figures.accuracies(
            ["identity", "ReLU", "GELU"], runs, {"XOR": [0.75, 0.74], "rings": [0.66, 0.7]}
        ),
        "maps": figures.maps(["identity", "ReLU"], maps, points, {"XOR": 1.8}),
        "cost": figures.cost(shares, "some block"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("curves", "At x = -3, ReLU passes no gradient back, 1 of 2 functions do"),
        ("pieces", "3 ReLU units: 1 kink, 2 straight pieces"),
        ("accuracies", "Identity gets 45 to 60 %, each of the 2 others at least 98 %"),
        ("maps", "60 % sure on average, ReLU 90 %"),
        ("cost", "ReLU is 0.03 % of the FLOPs, yet 28 % of the time, unless it is fused: 0.03 %"),
    ],
)
def test_finding_in_a_title_is_computed_from_the_data(name, finding):
    assert finding in said(pictures()[name])


@pytest.mark.needs("compiler")
def test_traffic_shows_the_bytes_that_the_inspector_counted():
    unfused, fused = inspected()
    figure = figures.traffic({"unfused": unfused, "fused": fused})
    assert "Fused: 12 bytes per value instead of 20" in said(figure)
    assert [bar.text for bar in figure.data if bar.y[0] == "fused"] == [
        "reads<br>bias",
        "reads<br>x",
        "writes<br>out",
    ]
    assert [(bar.base, bar.x[0]) for bar in figure.data if bar.y[0] == "unfused"] == [
        (4 * i, 4) for i in range(5)
    ]


def test_cost_draws_both_ways_side_by_side_and_no_bar_for_what_is_less_than_the_noise():
    figure = pictures()["cost"]
    orange = [bar for bar in figure.data if bar.marker.color == look.ORANGE]
    assert [list(bar.x) for bar in orange] == [
        pytest.approx([0.0325, 100 / 3, 1.6, 27.8]),
        pytest.approx([0.0325, 0, 0, 0.03]),
    ]
    labels = [a.text for a in figure.layout.annotations if a.text.startswith("<b>")]
    assert labels == [
        f"<b>{text}</b>"
        for text in ("0.03 %", "33 %", "1.6 %", "28 %", "0.03 %", "0 %", "less than the noise", "0.03 %")
    ]


def test_every_run_is_a_dot_and_every_set_has_its_line():
    figure = pictures()["accuracies"]
    assert [len(trace.x) for trace in figure.data] == [6, 6]
    assert [shape.x0 for shape in figure.layout.shapes] == [75, 70]


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    rows_named_by_ticks = {"accuracies", "cost"}
    for name, figure in pictures().items():
        unnamed = unnamed_axes(figure)
        assert name in rows_named_by_ticks or not unnamed, name
        assert all(axis.startswith("yaxis") for axis in unnamed), name

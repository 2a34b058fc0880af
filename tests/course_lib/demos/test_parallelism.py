"""The demos of question 6: what each GPU holds, what titles claim, and controls that repaint the screen."""

import functools
import itertools
import json

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.costs.layouts import Layout
from course_lib.demos import look, parallelism
from course_lib.demos.parallelism import figures, picture, ring
from course_lib.demos.parallelism import pipeline as pipeline_demo
from course_lib.parallelism import pipeline
from course_lib.parallelism.choice import WISHES
from course_lib.parallelism.job import Job, RankReport, Run, Spell
from course_lib.ranks.ring import all_reduce_states
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

SETTINGS = list(itertools.product(picture.MODELS, picture.CLUSTERS))
TWO_NODES = next(iter(picture.CLUSTERS))
STATES = all_reduce_states(ring.marked_buffers(4, 8))


def colored(figure: go.Figure) -> list[tuple[str, float]]:
    """Color and area of what each GPU holds, as drawn."""
    areas = []
    for trace in figure.data[2 : 2 + picture.GPUS]:
        areas.append((trace.fillcolor, float(np.ptp(trace.x) * np.ptp(trace.y)) if len(trace.x) else 0.0))
    return areas


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize(("model", "cluster"), SETTINGS)
def test_the_gpus_of_a_copy_hold_the_model_once(model, cluster, wish):
    found = picture.measure(model, cluster)
    held = colored(picture.figure(found, wish))
    if not found.picks:
        assert all(area == 0 for _, area in held)
        return
    layout = found.picks[wish].layout
    colors = {color for color, _ in held}
    assert len(colors) == layout.replicas
    for color in colors:
        assert sum(area for own, area in held if own == color) == pytest.approx(1)


def test_each_wish_picks_another_split_and_the_title_says_it():
    found = picture.measure("Llama 3 8B", TWO_NODES)
    titles = [said(picture.figure(found, wish)) for wish in WISHES]
    for title, words in zip(
        titles,
        (
            "Faster: Llama 3 8B in 2 copies, each layer cut in 4",
            "More users: Llama 3 8B in 8 copies",
            "Bigger model: Llama 3 8B in one copy, each layer cut in 4, layers in 2 stages",
        ),
        strict=True,
    ):
        assert title.startswith(words + " <span")
    assert f"{1e3 * found.picks['faster'].token_seconds:.1f} ms" in titles[0]


def test_a_model_that_does_not_fit_is_said_to():
    picks = picture.measure("Llama 3 70B", list(picture.CLUSTERS)[-1])
    assert "does not fit: 141 GB of weights, 128 GB of memory" in said(picture.figure(picks, "faster"))


def test_bars_of_the_wish_are_colored_and_compare_all_three():
    found = picture.measure("Llama 3 8B", TWO_NODES)
    bars = picture.figure(found, "more users").data[-1]
    assert [color == look.ORANGE for color in bars.marker.color] == [False, True, False] * 3
    assert [max(bars.x[start : start + 3]) for start in (0, 3, 6)] == [1, 1, 1]
    assert bars.text[1] == f"{1e3 * found.picks['more users'].token_seconds:.1f} ms"


@pytest.mark.parametrize("layout", [Layout(8), Layout(2, 4), Layout(1, 4, 2), Layout(2, 1, 4)])
def test_every_gpu_holds_another_part_and_shards_lie_side_by_side(layout):
    parts = [picture.part(layout, gpu) for gpu in range(8)]
    assert len(set(parts)) == 8
    assert [shard for *_, shard in parts] == [gpu % layout.tensor for gpu in range(8)]


@pytest.mark.parametrize("setting", [(4, 4, 1.0, 1), (1, 1, 3.0, 6), (6, 8, 2.0, 6), (3, 1, 1.0, 1)])
def test_pipeline_shows_what_the_schedule_says(setting):
    stages, groups, slowest, rounds = setting
    figure = pipeline_demo.figure(*setting)
    times = [1.0] * (stages - 1) + [slowest]
    starts = pipeline.schedule(times, groups, rounds)
    assert f"{pipeline.idle_share(times, starts):.0%} of the time is idle" in said(figure)
    drawn = [trace for trace in figure.data if len(trace.x)]
    assert len(drawn) == groups
    assert sum(len(trace.x) for trace in drawn) == 6 * starts.size
    assert max(x for trace in drawn for x in trace.x if x is not None) == starts[:, -1].max() + slowest


def test_ring_shows_who_has_whose_part_and_where_it_came_from():
    first, middle, last = (ring.figure(STATES, step) for step in (0, 3, 6))
    assert first.data[0].text[2][0] == "0100"
    assert not any(arrow.visible for arrow in first.layout.annotations)
    assert all(arrow.visible for arrow in middle.layout.annotations)
    assert [row.count("1111") for row in map(list, middle.data[0].text)] == [2, 2, 2, 2]
    assert all(text == "1111" for row in last.data[0].text for text in row)
    assert "After 6 steps every rank has the whole sum" in said(last)
    assert "has sent 1.50 times its buffer; 8 of 8" in said(last)


@pytest.mark.parametrize(
    ("frame", "contents", "settings"),
    [
        (
            picture.frame,
            lambda model, wish: picture.contents(picture.measure(model, TWO_NODES), wish),
            [("Llama 3 8B", "faster"), ("Llama 3.2 1B", "bigger model")],
        ),
        (pipeline_demo.frame, pipeline_demo.contents, [(4, 4, 1.0, 1), (2, 8, 3.0, 6)]),
        (
            lambda: ring.frame(STATES),
            lambda step: ring.contents(STATES, step),
            [(0,), (4,)],
        ),
    ],
    ids=["wishes", "pipeline", "ring"],
)
def test_what_is_on_screen_becomes_the_figure_of_the_new_setting(frame, contents, settings):
    old, new = settings
    widget = go.FigureWidget(look.paint(frame(), **contents(*old)))
    look.paint(widget, **contents(*new))
    expected = look.paint(frame(), **contents(*new))
    assert said(widget) == said(expected)
    assert json.loads(widget.to_json())["data"] == json.loads(go.FigureWidget(expected).to_json())["data"]


@pytest.mark.parametrize("demo", [parallelism, pipeline_demo, ring])
def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(demo, monkeypatch):
    given = [STATES] if demo is ring else []
    *controls, figure, _ = still_then_live(monkeypatch, lambda: demo.show(*given))
    before = said(figure)
    control = controls[0].children[1] if demo is ring else controls[1]
    options = getattr(control, "options", None)
    control.value = options[0] if options else control.value + 1
    assert said(figure) != before


def a_run():
    spells = [Spell(0.0, 0.4, 0), Spell(0.5, 0.9, 1)]
    ranks = [RankReport(spells, 1.0, 2.0, 0, 1), RankReport(spells[:1], 1.5, 2.0, 0, 1)]
    return Run(Job(), Layout(1, 1, 2), np.zeros((2, 5), int), np.zeros((2, 5, 3)), ranks)


def test_both_halves_of_a_layer_are_one_bar_and_a_gap_that_shows_is_kept():
    run = a_run()
    halves = [Spell(0.0, 0.2, 0), Spell(0.2001, 0.4, 0), Spell(0.5, 0.9, 0), Spell(0.9, 1.0, 1)]
    run.ranks[:] = [RankReport(halves, 1.0, 2.0, 0, 1)]
    first, second = figures.ranks_at_work(run).data
    assert list(first.x[::6]) == pytest.approx([0, 500])
    assert list(first.x[1::6]) == pytest.approx([400, 900])
    assert second.x[0] == pytest.approx(900)


@functools.cache
def pictures():
    starts = np.array([[0.0, 2.0], [2.0, 5.0]])
    return {
        "schedule": figures.schedule(starts, [2.0, 3.0]),
        "ranks": figures.ranks_at_work(a_run()),
        "token": figures.token_time(
            [1, 2, 4], {"fast": [0.04, 0.02, 0.01], "slow": [0.04, 0.05, 0.2]}, "A model"
        ),
        "predicted": figures.measured_and_predicted(
            ["a", "b"], {"time (ms)": ([10, 20], [11, 19]), "idle (%)": ([0, 0], [0, 0])}, 0.07
        ),
        "bubble": figures.bubble([1, 2], 4, {"flushed": (1, np.array([0.75, 0.62]))}),
    }


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("schedule", "2 microbatches over 2 stages: 38% of the time is idle"),
        ("ranks", "2 stages: 40% of the ranks' time is idle"),
        ("token", "Fastest: 4 over fast, 1 over slow"),
        ("predicted", "within 7% of the measured"),
        ("bubble", "as predicted, within 0.02"),
    ],
)
def test_finding_in_a_title_is_computed_from_the_data(name, finding):
    assert finding in said(pictures()[name])


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    rows_named_by_ticks = {"schedule", "ranks", "predicted"}
    for name, figure in pictures().items():
        unnamed = unnamed_axes(figure)
        assert name in rows_named_by_ticks or not unnamed, name
        assert all(axis.startswith("yaxis") for axis in unnamed), name

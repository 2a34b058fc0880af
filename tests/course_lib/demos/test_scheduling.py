"""The demo of question 11: what is drawn is what was run, what titles claim, and controls that repaint."""

import functools
import itertools
import json

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.demos import look, scheduling
from course_lib.demos.scheduling import figures, gantt_chart, picture
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

SETTINGS = list(itertools.product(picture.RULES, (0.6, 1.2), picture.SHORT))


def area(trace) -> float:
    """Of the boxes in a filled trace, five corners and a gap each."""
    xs, ys = list(trace.x), list(trace.y)
    return (
        sum((xs[i + 1] - xs[i]) * (ys[i + 2] - ys[i]) for i in range(0, len(xs) - 1, 6))
        if xs[0] is not None
        else 0.0
    )


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_run_keeps_its_invariants_and_is_drawn_whole(setting):
    day = picture.run(*setting)
    day.result.check()
    assert day.result.served.all()
    figure = picture.figure(*setting)
    drawn = sum(area(trace) for trace in figure.data[3:6]) / 0.76
    assert drawn == pytest.approx(sum(end - start for _, start, end, _ in day.result.gpu_rows()))
    assert sum(len(trace.x) // 3 for trace in figure.data[:3]) == picture.REQUESTS


@pytest.mark.parametrize("short", picture.SHORT)
def test_the_share_of_short_prompts_is_the_sliders(short):
    assert (picture.run("spill", 0.8, short).classes == "short").mean() == pytest.approx(short, abs=0.02)


def test_waiting_lines_count_who_has_come_and_not_begun():
    day = picture.run("fixed classes", 1.0, 0.95)
    traces = gantt_chart.traces(day.result, day.classes, list(picture.GPUS))[6:]
    for name, trace in zip(gantt_chart.CLASSES, traces, strict=True):
        mine = day.classes == name
        for moment, waiting in list(zip(trace["x"], trace["y"], strict=True))[::7]:
            come = (day.result.queued[mine] <= moment) & (day.result.started[mine] > moment)
            assert waiting == come.sum()
        area_below = float(np.sum(trace["y"][:-1] * np.diff(trace["x"])))
        assert area_below == pytest.approx(day.result.wait[mine].sum())


def test_one_line_changes_who_waits_and_the_title_says_it():
    fixed, spill = (said(picture.figure(rule, 0.8, 0.95)) for rule in ("fixed classes", "spill"))
    waits = [picture.run(rule, 0.8, 0.95).result.wait.mean() for rule in ("fixed classes", "spill")]
    assert waits[0] > 5 * waits[1]
    assert (
        f"C4 works {picture.c4_share(picture.run('fixed classes', 0.8, 0.95).result):.0%} of the time"
        in fixed
    )
    assert "room == room_of_its_class" in fixed
    assert "room >= tokens" in spill
    assert f"prompts wait {waits[1]:.1f} s" in spill


def test_with_many_long_prompts_spilling_wins_little():
    fixed, spill = (picture.run(rule, 1.0, 0.6).result.wait.mean() for rule in ("fixed classes", "spill"))
    assert spill > 0.8 * fixed


def test_what_is_on_screen_becomes_the_figure_of_the_new_setting():
    old, new = ("fixed classes", 0.8, 0.95), ("shortest first", 1.2, 0.6)
    widget = go.FigureWidget(picture.figure(*old))
    look.paint(widget, **picture.contents(*new))
    expected = picture.figure(*new)
    assert said(widget) == said(expected)
    assert json.loads(widget.to_json())["data"] == json.loads(go.FigureWidget(expected).to_json())["data"]


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(monkeypatch):
    rule, load, short, figure, _ = still_then_live(monkeypatch, scheduling.show)
    for control, value in ((rule, "spill"), (load, 1.2), (short, 0.6)):
        before = said(figure)
        control.value = value
        assert said(figure) != before


def test_whom_nobody_serves_waits_to_the_end():
    from course_lib.serving.scheduling.engine import simulate_cluster

    trace = picture.traffic(0.6, 0.95)
    result = simulate_cluster(trace, lambda view: None, picture.CLUSTER, picture.COST, exclusive=True)
    classes = gantt_chart.classes_of(trace.input_tokens + trace.output_tokens, picture.ROOMS)
    drawn = gantt_chart.traces(result, classes, list(picture.GPUS))
    assert drawn[3] == gantt_chart.NOBODY
    assert sum(trace["y"][-1] or 0 for trace in drawn[6:]) == len(result)


def test_classes_change_where_a_room_ends():
    found = gantt_chart.classes_of(np.array([1, 5812, 5813, 17438, 17439]), (5812, 17438))
    assert found.tolist() == ["short", "short", "medium", "medium", "large"]


@functools.cache
def pictures():
    day = picture.run("spill", 0.8, 0.95)
    return {
        "gantt": figures.gantt(day.result, day.classes, picture.GPUS, "spill"),
        "waits": figures.waits([1, 2], {"fixed classes": [1.0, 30.0], "spill": [0.001, 0.4]}),
        "idle": figures.idle(
            {"GPUs": 40.0, "KV room": 66.7},
            {"fixed": {"time": 2.0, "room": 1.0}, "spilling": {"time": 60.0, "room": 9.0}},
        ),
        "regret": figures.regret({"spill": [0.6, 0.8], "yours": [0.8, 0.9]}, ["yours"]),
        "unknown": figures.unknown({"most": 4.0, "grow": 0.5}, {"most": 0.01, "grow": 0.3}, "most"),
    }


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("gantt", "Spill: prompts wait 0.8 s on average"),
        ("waits", "At 2 requests/s fixed classes wait 30 s, the best 0.4 s"),
        ("idle", "40 % of the GPUs and 67 % of the KV room, at most 2 % used by"),
        ("regret", "Without lengths, yours wins 85% of what can be won"),
        ("unknown", "Most: 4.0 s of waiting; grow: 30% computed again"),
    ],
)
def test_finding_in_a_title_is_computed_from_the_data(name, finding):
    assert finding in said(pictures()[name])


def test_every_axis_says_what_it_measures_or_names_its_rows():
    named_by_ticks = {
        "gantt": {"xaxis", "yaxis"}, "idle": {"yaxis", "yaxis2"}, "regret": {"yaxis"},
    }  # fmt: skip
    for name, figure in pictures().items():
        assert unnamed_axes(figure) == named_by_ticks.get(name, set()), name

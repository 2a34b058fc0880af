"""The demo and pictures of question 10: what is drawn is the schedule, and titles say what it costs."""

import functools
import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.demos import look, offload_delay
from course_lib.demos.offload_delay import figures, picture
from course_lib.offload.card import CARD, MODEL, WEIGHT_BYTES
from course_lib.offload.pipeline import schedule
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

ROOM = float(CARD.memory_bytes - WEIGHT_BYTES)


def ends(trace) -> list[float]:
    """Right edges of the bars of a trace, in ms."""
    return list(trace.x[1::6])


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"buffers": 2},
        {"layers_a_copy": 8, "buffers": 2},
        {"room": ROOM, "buffers": 2},
        {"context": 131072},
    ],
)
def test_bars_are_the_schedule_of_the_case(setting):
    figure = picture.figure(**setting)
    wanted = picture.case(*({"name": "PCIe 4.0 x16", "context": 4096, "layers_a_copy": 1, "buffers": 1,
                                   "room": 0.0} | setting).values()).schedule()  # fmt: skip
    for trace, bars in zip(figure.data, (wanted.copies, wanted.computes), strict=False):
        assert ends(trace) == pytest.approx(list(1e3 * bars[:, 1]))
    assert len(wanted.copies) == MODEL.layers // setting.get("layers_a_copy", 1)


def test_title_says_what_a_token_waits_for():
    assert "takes 108.6 ms, of which it waits 86.1 ms" in said(picture.figure())
    prefetched = said(picture.figure(buffers=2))
    assert "takes 86.8 ms" in prefetched
    assert "25% of that time behind computing" in prefetched
    assert "of which it waits 0.2 ms" in said(picture.figure(buffers=2, room=ROOM))


def test_buffers_larger_than_what_the_weights_leave_are_named():
    too_large = said(picture.figure(context=32768, layers_a_copy=16, buffers=2))
    assert "MB, more than the card has left" in too_large
    assert "card has left" not in said(picture.figure(context=32768, buffers=2))


def test_a_cache_that_fits_shows_no_copies_and_the_line_where_the_token_ends():
    figure = picture.figure(context=1024, room=ROOM)
    assert "all of the cache is on the card" in said(figure)
    assert list(figure.data[0].x) == []
    assert figure.data[2].x[0] == pytest.approx(ends(figure.data[1])[-1])


def test_more_buffers_than_copies_are_not_counted():
    few = picture.case("PCIe 4.0 x16", 4096, 16, 32, 0.0)
    assert few.buffers == few.layers == 2
    one = picture.case("PCIe 4.0 x16", 4096, 32, 32, 0.0)
    assert one.token_seconds == pytest.approx(replace(one, buffers=1).token_seconds)


def test_what_is_on_screen_becomes_the_figure_of_the_new_setting():
    old, new = (
        picture.case("PCIe 4.0 x16", tokens, 4, 2, room) for tokens, room in ((4096, 0.0), (1024, ROOM))
    )
    widget = go.FigureWidget(look.paint(picture.frame(), **picture.contents(old)))
    look.paint(widget, **picture.contents(new))
    expected = look.paint(picture.frame(), **picture.contents(new))
    assert said(widget) == said(expected)
    assert json.loads(widget.to_json())["data"] == json.loads(go.FigureWidget(expected).to_json())["data"]


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(monkeypatch):
    *controls, figure, _ = still_then_live(monkeypatch, offload_delay.show)
    for control, value in zip(controls, ("NVLink 4", 8192, 4, 2, ROOM), strict=True):
        before = said(figure)
        control.value = value
        assert said(figure) != before, control.description


@functools.cache
def pictures():
    a, b = (np.array(times) / 1e3 for times in ([2, 1, 3, 1, 1, 4, 1, 2], [1, 4, 1, 3, 1, 1, 3, 2]))
    one, two, unlimited = (schedule(a, b, buffers) for buffers in (1, 2, None))
    all_, cold = (schedule([copies / 32] * 32, [0.0225 / 32] * 32, 2) for copies in (0.086, 0.00592))
    draw = figures
    return {
        "buffers": draw.one_two_unlimited({"1": one, "2": two, "unlimited": unlimited}),
        "case": draw.all_or_what_does_not_fit(all_, cold, 4096, 282),
        "overlap": draw.measured_overlap(one, two, 0.87),
        "remedies": draw.measured_and_predicted(["a", "b", "c"], [0.4, 0.1, 0.2], [0.44, 0.1, 0.19], 0.1),
        "fixes": draw.fixes([10, 20], [0.1, 0.2, 0.3], [[["a"], None], [[], ["a", "b"]], [[], ["a"]]]),
    }


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("buffers", "A second buffer saves 10 ms, all further ones 3 ms"),
        ("case", "86 ms of copies per token, or 5.9 ms, of which it waits 0.2 ms"),
        ("overlap", "Overlap saved 87% of what it can save"),
        ("remedies", "From 400 ms to 100 ms per step"),
        ("fixes", "2 different answers, of up to 2 remedies"),
    ],
)
def test_finding_in_a_title_is_computed_from_the_data(name, finding):
    assert finding in said(pictures()[name])


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    for name, figure in pictures().items():
        unnamed = unnamed_axes(figure)
        # Rows are named by their ticks.
        assert not unnamed or (name != "fixes" and unnamed == {"yaxis"}), name


def test_a_step_of_more_than_a_second_is_named_without_an_exponent():
    drawing = figures.timelines({"all": schedule([1.15], [0.001])}, "")
    names = [note.text for note in drawing.layout.annotations]
    assert names == ["all: 1,151 ms"]


def test_rows_of_each_schedule_stand_below_the_one_before():
    drawn = figures.rows([schedule([1], [1]), schedule([0, 2], [1, 1])])
    copies, computes = ([y for y in trace["y"] if y is not None] for trace in drawn)
    assert min(copies) < min(computes) < max(copies) < max(computes)
    assert drawn[0]["x"].count(None) == 2  # the empty copy is not drawn
    assert np.diff(sorted({round(y, 6) for y in copies})).min() > 0.5

"""Lab 5's buckets demo: its tensors are the model's, its messages the lab's own, its title adds up."""

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib import shapes
from course_lib.demos import gradient_buckets, look
from course_lib.demos.gradient_buckets import figures, picture
from course_lib.demos.gradient_buckets.picture import LIMITS, Setting
from course_lib.distributed import buckets
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

# Every size over a usual link; and over a slow one without latency, and a fast one with much of it.
SAMPLE = [
    *map(Setting, LIMITS),
    *itertools.starmap(Setting, itertools.product(list(LIMITS)[::4], [1], [0])),
    *itertools.starmap(Setting, itertools.product(list(LIMITS)[::3], [200], [2])),
]
each_setting = pytest.mark.parametrize(
    "setting", SAMPLE, ids=lambda s: f"{s.size}-{s.speed}-{s.latency}".replace(" ", "_")
)


def test_tensors_are_those_of_the_lab_in_forward_order():
    from course_lib.distributed import overlap
    from course_lib.distributed.sentences import GPT

    numbers, products = picture.tensors(replace(GPT, tied=True))
    assert not GPT.tied
    head = GPT.vocabulary * GPT.width  # stands for itself only where it is not tied
    assert [4 * number for number in [*numbers, head]] == overlap.tensor_bytes(GPT)
    assert sum(products) + head == shapes.matrix_parameters(GPT)


def test_the_model_has_all_its_parameters():
    numbers, products = picture.tensors(picture.MODEL)
    assert sum(numbers) == shapes.parameters(picture.MODEL)
    assert sum(products) + numbers[0] == shapes.matrix_parameters(picture.MODEL)
    ready, nbytes = picture.gradients()
    assert sum(nbytes) == 4 * sum(numbers)
    assert ready == sorted(ready, reverse=True)
    assert ready[0] == ready[1] == pytest.approx(picture.BACKWARD)
    assert 0 < ready[-1] < picture.BACKWARD


@each_setting
def test_messages_are_those_of_all_tensors_in_the_labs_own_buckets(setting):
    ready, nbytes = picture.gradients()
    held = buckets.buckets(nbytes, LIMITS[setting.size])
    step = picture.step(setting)
    expected = buckets.departures(ready, nbytes, held, setting.link)
    assert np.array(step.messages) == pytest.approx(np.array(expected))
    assert step.seconds == pytest.approx(buckets.step_time(ready, nbytes, held, setting.link))
    whole = picture.BACKWARD + setting.latency / 1e3 + sum(nbytes) / (setting.speed * 1e9)
    assert step.without == pytest.approx(whole)
    curve = picture.all_sizes(setting.speed, setting.latency)
    assert curve[list(LIMITS).index(setting.size)] == step.seconds
    assert curve[-1] == step.without


@each_setting
def test_what_is_hidden_is_the_links_time_within_the_backward_pass(setting):
    step = picture.step(setting)
    within = sum(max(min(arrived, picture.BACKWARD) - leaves, 0) for leaves, arrived in step.messages)
    assert step.hidden == pytest.approx(within, abs=1e-12)


@each_setting
def test_the_title_adds_up(setting):
    title, step = said(figures.figure(setting)), picture.step(setting)
    assert figures.milliseconds(step.without) in title
    if setting.size == "one message":
        assert title.startswith("One message hides nothing")
        assert step.seconds == step.without
        assert "Nothing hides" not in title
        return
    hidden, busy = title.partition(" ms on the link")[0].replace(",", "").split(" hide")[1].split(" of ")
    assert float(hidden.strip("s ")) == pytest.approx(1e3 * step.hidden, abs=0.51)
    assert float(busy) == pytest.approx(1e3 * step.busy, abs=0.51)
    took = title.partition("a step takes ")[2].partition(" ms")[0].replace(",", "")
    assert float(took) == pytest.approx(1e3 * step.seconds, abs=0.51)
    assert f"388 tensors in {len(step.messages)} messages" in title
    # The last message has the gradient that is ready last, so nothing hides it.
    assert step.messages[-1][0] >= picture.BACKWARD * (1 - 1e-12)


def test_the_smallest_buckets_pay_latency_the_largest_wait_and_between_them_is_the_best():
    curve = picture.all_sizes(20, 0.2)
    best = int(np.argmin(curve))
    assert 0 < best < len(curve) - 1
    assert curve[0] > 1.3 * curve[best] < curve[-1]
    # Without latency the smallest is as good as any; with much of it worse than no overlap at all.
    assert picture.all_sizes(20, 0)[0] == pytest.approx(min(picture.all_sizes(20, 0)), rel=1e-9)
    assert picture.all_sizes(20, 2)[0] > picture.all_sizes(20, 2)[-1]


@each_setting
def test_bars_are_the_buckets_and_all_is_within_the_axes(setting):
    figure, step = figures.figure(setting), picture.step(setting)
    xs = np.concatenate([trace.x for trace in figure.data[:6]])
    ys = np.concatenate([trace.y for trace in figure.data[:6]])
    row = np.round(ys[::6] + figures.HALF)
    starts, ends = xs[::6], xs[1::6]
    assert np.isnan(xs[5::6]).all()
    crossed = sorted(zip(starts[row == 1], ends[row == 1], strict=True))
    assert np.array(crossed) == pytest.approx(1e3 * np.array(step.messages))
    filled = sorted(zip(starts[row == 0], ends[row == 0], strict=True))
    assert filled[0][0] == 0
    assert [end for _, end in filled[:-1]] == pytest.approx([start for start, _ in filled[1:]])
    assert filled[-1][1] == pytest.approx(1e3 * picture.BACKWARD)
    last = figure.layout.xaxis.range[1]
    assert ends.max() <= last * (1 + 1e-12)
    assert max(figure.data[8].y) < figure.layout.yaxis2.range[1]
    place = list(LIMITS).index(setting.size)
    assert (figure.data[9].x[0], figure.data[9].y[0]) == (place, figure.data[8].y[place])
    assert len(figure.data[6].customdata) == len(step.messages)


def test_axes_stay_put_while_only_the_size_of_buckets_changes():
    assert len({str(figures.axes(Setting(size))) for size in LIMITS}) == 1


def test_sizes_go_from_a_tensor_to_everything():
    _, nbytes = picture.gradients()
    assert picture.filled("a tensor each")[2] == [1] * len(nbytes)
    assert picture.filled("one message")[2] == [len(nbytes)]
    numbers = [len(picture.filled(size)[0]) for size in LIMITS]
    assert numbers == sorted(set(numbers), reverse=True)  # each step of the slider changes something
    assert max(LIMITS.values()) == math.inf


def test_what_is_on_screen_becomes_the_figure_of_the_new_setting():
    before, after = Setting(), Setting("1 MB", 5, 1)
    widget = go.FigureWidget(figures.figure(before))
    widget.update_layout(figures.axes(after))
    look.paint(widget, **figures.contents(after))
    expected = figures.figure(after)
    assert said(widget) == said(expected)
    assert json.loads(widget.to_json()) == json.loads(go.FigureWidget(expected).to_json())


def test_every_axis_says_what_it_measures():
    assert unnamed_axes(figures.figure(Setting())) == {"yaxis"}  # which names its rows


def test_controls_move_the_figure(monkeypatch):
    size, link, figure, _ = still_then_live(monkeypatch, gradient_buckets.show)
    speed, latency = link.children
    assert said(figure) == said(figures.figure(Setting()))
    size.value, speed.value, latency.value = "a tensor each", 2, 1
    expected = figures.figure(Setting("a tensor each", 2, 1))
    assert said(figure) == said(expected)
    assert figure.layout.xaxis.range == expected.layout.xaxis.range
    size.value = "one message"
    assert "hides nothing" in said(figure)

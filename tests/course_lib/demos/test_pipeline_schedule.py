"""Lab 5's pipeline demo: its bars are the simulation's, its curves end where it counts, its title is true."""

import itertools
import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.demos import look, pipeline_schedule
from course_lib.demos.pipeline_schedule import figures, picture
from course_lib.demos.pipeline_schedule.picture import NONE, Setting
from course_lib.distributed import schedules, simulation
from course_lib.seeds import stream
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

SLOW_MESSAGES = Setting(4, 16, "1F1B", message=0.5)


def sample(number=16):
    """Settings that the controls can have: each kind in turn, and of everything else what a draw brings."""
    random, kinds = stream("pipeline schedule demo"), itertools.cycle(picture.KINDS)
    for kind in itertools.islice(kinds, number):
        stages = int(random.integers(1, picture.STAGES + 1))
        yield Setting(
            stages, int(random.integers(1, picture.MICROBATCHES + 1)), kind,
            picture.MESSAGES[random.integers(len(picture.MESSAGES))], int(random.integers(NONE, stages)),
        )  # fmt: skip


SAMPLE = [Setting(), Setting(1, 1), Setting(8, 16, "1F1B", 2, 0), SLOW_MESSAGES, *sample()]
each_setting = pytest.mark.parametrize(
    "setting", SAMPLE, ids=lambda s: f"{s.kind}-{s.stages}x{s.microbatches}-{s.message}-{s.slow}"
)


def bars(trace) -> list[tuple[float, float]]:
    """Start and end of each filled bar."""
    return list(zip(trace.x[::6], trace.x[1::6], strict=True))


@each_setting
def test_stages_do_what_the_simulation_says_and_one_of_them_is_slow(setting):
    times = [2.0 if stage == setting.slow else 1.0 for stage in range(setting.stages)]
    orders = schedules.schedule(setting.stages, setting.microbatches, picture.KINDS[setting.kind])
    forward, backward = times, [2 * one for one in times]
    found = simulation.simulate(orders, forward, backward, setting.message)
    played = picture.play(setting)
    assert [[(kind, m) for kind, m, _, _ in stage] for stage in played.spells] == orders
    assert [[start for _, _, start, _ in stage] for stage in played.spells] == found.starts
    assert played.end == simulation.finish(orders, found.starts, forward, backward)
    assert (played.idle, played.kept) == (found.idle, found.kept)


@each_setting
def test_a_stages_curve_rises_to_what_the_simulation_counts_and_falls_to_nothing(setting):
    played = picture.play(setting)
    for spells, most in zip(played.spells, played.kept, strict=True):
        times, kept = zip(*picture.kept_over_time(spells), strict=True)
        assert list(times) == sorted(times)
        assert (max(kept), min(kept), kept[-1]) == (most, 0, 0)
        # Independently: at any time, forward passes that have begun without backward passes that have ended.
        for time in np.random.default_rng(0).uniform(0, played.end, 20):
            begun = sum(kind == "F" and start <= time for kind, _, start, _ in spells)
            ended = sum(kind == "B" and end <= time for kind, _, _, end in spells)
            at = [number for moment, number in zip(times, kept, strict=True) if moment <= time]
            assert (at[-1] if at else 0) == begun - ended


@each_setting
def test_every_pass_is_a_bar_in_its_stage_and_curves_stay_below_it(setting):
    figure, played = figures.figure(setting), picture.play(setting)
    for kind, trace in zip(figures.PASSES, figure.data[:2], strict=True):
        spans = [spell[2:] for stage in played.spells for spell in stage if spell[0] == kind]
        assert bars(trace) == spans
    heights = np.array([y for y in figure.data[2].y if y is not None]) % 1
    assert figures.BOTTOM < heights.min() < heights.max() < 1 + figures.TOP
    assert [text.strip() for text in figure.data[5].text] == [f"keeps {most}" for most in played.kept]
    assert len(figure.data[3].x) == 2 * setting.stages * setting.microbatches


@each_setting
def test_numbers_fit_into_their_bars_in_the_narrowest_figure_and_no_text_is_empty(setting):
    figure, played = figures.figure(setting), picture.play(setting)
    pixels = figures.PLOT / figure.layout.xaxis.range[1]
    spans = {
        ((start + end) / 2, stage): (str(m), end - start)
        for stage, spells in enumerate(played.spells)
        for _, m, start, end in spells
    }
    numbers = figure.data[4]
    for x, y, text in zip(numbers.x, numbers.y, numbers.text, strict=True):
        number, seconds = spans[x, round(y)]
        assert text == number
        assert seconds * pixels > figures.DIGIT * len(text)


@each_setting
def test_the_title_compares_both_schedules(setting):
    title, played, other = said(figures.figure(setting)), *map(picture.play, (setting, setting.other))
    here, there = title.partition("; ")[::2]
    assert here.startswith(f"{setting.kind} idles ")
    assert f"keeps up to {max(played.kept)} microbatch" in here
    stated = float(here.split(" idles ")[1].split(" %")[0])
    assert stated == pytest.approx(100 * played.idle, abs=0.5)
    assert there.startswith(f"{setting.other.kind} would ")
    there = there.partition("<span")[0]
    if played.idle == pytest.approx(other.idle, abs=1e-9):
        assert "as long" in there or "the same" in there
        assert "Both schedules end after" in title
    else:
        assert float(there.split(" idle ")[1].split(" %")[0]) == pytest.approx(100 * other.idle, abs=0.5)
        assert f"{setting.other.kind} (dotted) after {other.end:g}." in title
    if "the same" in there:
        assert played.kept == other.kept
    elif "as many" in there:
        assert max(played.kept) == max(other.kept)
    else:
        assert f"keep {max(other.kept)} " in there.replace("<br>", " ") + " "
    holds = played.idle == pytest.approx(setting.bubble, abs=1e-9)
    assert ("as here" in title) == holds
    if setting.message == 0 and setting.slow == NONE:
        assert holds


def test_the_labs_own_findings_are_what_the_demo_shows():
    assert picture.play(Setting(4, 8, "GPipe")).kept == [8, 8, 8, 8]
    assert picture.play(Setting(4, 8, "1F1B")).kept == [4, 3, 2, 1]
    assert picture.play(SLOW_MESSAGES).end == 71
    assert picture.play(SLOW_MESSAGES.other).end == 60
    unequal = Setting(4, 8, "1F1B", slow=1)
    assert picture.play(unequal).end < picture.play(unequal.other).end


def test_two_shares_that_round_to_one_number_get_more_digits():
    assert figures._percents(0.2701, 0.2749) == ["27.0 %", "27.5 %"]
    assert figures._percents(0.27, 0.27) == ["27 %", "27 %"]


@each_setting
def test_both_schedules_stand_on_the_same_axis_and_a_line_shows_where_the_other_ends(setting):
    one, two = (figures.figure(each) for each in (setting, setting.other))
    played, other = picture.play(setting), picture.play(setting.other)
    assert one.layout.xaxis.range == two.layout.xaxis.range == (0, max(played.end, other.end))
    line = one.data[6].x
    assert line == (() if played.end == pytest.approx(other.end) else (other.end, other.end))


def test_what_is_on_screen_becomes_the_figure_of_the_new_setting():
    before, after = Setting(), replace(SLOW_MESSAGES, stages=8, slow=2)
    widget = go.FigureWidget(figures.figure(before))
    widget.update_layout(figures.axes(after))
    look.paint(widget, **figures.contents(after))
    expected = figures.figure(after)
    assert said(widget) == said(expected)
    assert json.loads(widget.to_json()) == json.loads(go.FigureWidget(expected).to_json())


def test_every_axis_says_what_it_measures():
    # The other axis names its stages.
    assert unnamed_axes(figures.figure(Setting())) == {"yaxis"}
    assert figures.figure(Setting(3, slow=1)).layout.yaxis.ticktext == (
        "stage 0",
        "stage 1 (slow)",
        "stage 2",
    )


def test_controls_move_the_figure(monkeypatch):
    kind, *rows, figure, _ = still_then_live(monkeypatch, pipeline_schedule.show)
    (stages, microbatches), (message, slow) = (row.children for row in rows)
    assert said(figure) == said(figures.figure(Setting()))
    kind.value, stages.value, microbatches.value, message.value, slow.value = "1F1B", 8, 12, 0.5, 6
    expected = Setting(8, 12, "1F1B", 0.5, 6)
    assert said(figure) == said(figures.figure(expected))
    assert figure.layout.yaxis.ticktext[6] == "stage 6 (slow)"
    stages.value = 7
    assert slow.value == 6
    stages.value = 6  # without the one that was slow
    assert slow.value == NONE
    assert said(figure) == said(figures.figure(replace(expected, stages=6, slow=NONE)))
    slow.value = 5
    assert figure.layout.xaxis.range == figures.figure(replace(expected, stages=6, slow=5)).layout.xaxis.range

"""The demo of question 7 and its figures: what seats do, what titles claim, and controls that repaint."""

import functools
import itertools
import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.demos import batching, look
from course_lib.demos.batching import curves, figures, picture
from course_lib.demos.batching.picture import EMPTY, HELD, SPEAKING, Setting
from course_lib.serving import Continuous, Static, StepCost, Trace, simulate
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

SEVENTY = Setting("static", 64, 2, 70, 30)


def test_sixty_three_users_never_start_a_batch_of_sixty_four():
    for think_time in picture.THINK_TIMES:
        figure = picture.figure(Setting("static", 64, 2, 63, think_time))
        assert said(figure).startswith("63 users: a batch of 64 never starts")
        assert (np.asarray(figure.data[0].z) == EMPTY).all()
        assert not len(figure.data[-1].x)
    assert "never starts" not in said(picture.figure(SEVENTY))


@pytest.mark.parametrize("policy", picture.POLICIES)
@pytest.mark.parametrize("think_time", [200, 12])
def test_only_batches_that_stay_together_hold_seats_for_nobody(policy, think_time):
    found = picture.measure(Setting(policy, 32, 2, 100, think_time))
    doing, _ = picture.seats(found.result, 32)
    assert (doing == SPEAKING).any()
    assert (doing == HELD).any() == (policy != "continuous")
    assert (found.padding > 0) == (policy != "continuous")


def test_seats_and_people_waiting_are_those_of_the_run():
    # One second a step; 0 and 1 go at 4 s, 2 and 3 when the longest has ended at 14 s.
    trace = Trace([0.0, 4.0, 5.0, 6.0], [1] * 4, [4, 10, 2, 8])
    result = simulate(trace, Static(2), StepCost(1.0))
    doing, waiting = picture.seats(result, 2)
    column = lambda t: int(t / picture.WINDOW * picture.BINS)  # noqa: E731
    assert doing[0, column(2.0)] == EMPTY
    assert doing[0, column(6.0)] == SPEAKING
    assert doing[0, column(10.0)] == HELD
    assert doing[1, column(10.0)] == SPEAKING
    assert [waiting[column(t)] for t in (2.0, 4.5, 5.5, 10.0, 15.0)] == [1, 0, 1, 2, 0]
    continuous, _ = picture.seats(simulate(trace, Continuous(2), StepCost(1.0)), 2)
    assert not (continuous == HELD).any()


def test_title_states_the_median_that_the_run_gave():
    found = picture.measure(SEVENTY)
    counted = found.result.ttft[70:-70]
    waits = np.sort(np.where(np.isnan(counted), np.inf, counted))
    assert found.median == waits[math.ceil(len(waits) / 2) - 1]
    title = said(picture.figure(SEVENTY))
    assert f"half wait over {found.median:.0f} s" in title
    assert f"{found.padding:.0%} of what seats compute is for nobody" in title


def test_the_ring_lies_on_the_curve_of_its_policy():
    for policy, think_time in itertools.product(picture.POLICIES, picture.THINK_TIMES):
        figure = picture.figure(Setting(policy, 16, 1, 70, think_time))
        curve = figure.data[3 + picture.POLICIES.index(policy)]
        at = picture.THINK_TIMES.index(think_time)
        ring = figure.data[-1].x[0], figure.data[-1].y[0]
        assert ring == pytest.approx((curve.x[at], curve.y[at]))


def test_what_is_on_screen_becomes_the_figure_of_the_new_setting():
    new = Setting("timeout", 8, 5, 30, 12)
    widget = go.FigureWidget(picture.figure(SEVENTY))
    look.paint(widget, **picture.contents(new))
    expected = picture.figure(new)
    assert said(widget) == said(expected)
    assert json.loads(widget.to_json())["data"] == json.loads(go.FigureWidget(expected).to_json())["data"]


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(monkeypatch):
    policy, batch, _, users, _, figure, _ = still_then_live(monkeypatch, batching.show)
    titles = [said(figure)]
    for control, value in ((users, 63), (batch, 32), (policy, "continuous")):
        control.value = value
        titles.append(said(figure))
    assert len(set(titles)) == 4


RATES, ARRIVALS = [0.1, 1, 10], np.arange(4.0)
SOME = {"static": (np.array([2.0, 2.0, np.inf, np.inf]), np.array([3.0, 5.0, np.inf, np.inf]))}
WAITS = {
    "static": np.array([[9.0, 20, 30], [3, 5, 8], [2, 4, 0.9]]),
    "continuous": np.array([[0.1, 0.2, 0.3], [0.1, 0.3, 0.4], [1.0, 2, np.inf]]),
}


@functools.cache
def pictures():
    speed = {"static": [1, 5, 10], "continuous": [1, 6, 25]}
    padding = {"static": [60, 61, 60], "continuous": [0, 0, 0]}
    return {
        "fill": figures.fill_times([62, 63, 64, 65], [np.inf, np.inf, 90.0, 70.0], 64, 30.0),
        "strip": figures.strip(ARRIVALS, SOME, kept_together=["static"]),
        "first": curves.first_tokens(RATES, WAITS, (50, 95, 99), target=1.0),
        "speed": curves.throughput(RATES, speed),
        "harms": curves.two_harms(RATES, [30, 3, 0.4], [0, 0.5, 20], padding),
        "users": curves.against_users(
            [60, 70, 80], {"static": [np.inf, 50.0, 20.0], "continuous": [0.02, 0.02, 0.03]}, 64
        ),
        "live": figures.live_and_predicted(
            ["static", "continuous"], [[0.9, 1.1], [0.1, 0.1]], [[0.9, 0.9], [0.104, 0.104]]
        ),
    }


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("fill", "With 63 users a batch of 64 never starts; with 64 it takes 90 s"),
        ("strip", "Mean wait: static endless for 2 of 4"),
        ("first", "p99 within 1 s: static 10 to 10/s; continuous 0.1 to 1/s"),
        ("speed", "Continuous: 25 tokens/s at most, 2.5 times as many as static"),
        ("harms", "Filling: 30 s at 0.1/s, 0.4 s at 10/s. Waiting for the longest: 60 to 61% of the seats"),
        ("users", "70 users, batches of 64: half wait over 50 s; admitted at every step, 0.02 s"),
        ("live", "Predicted to 10% or better"),
    ],
)
def test_finding_in_a_title_is_computed_from_the_data(name, finding):
    assert finding in said(pictures()[name])


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    # Panels in a row share the axis that is named on the left; the times of the seats stand below.
    shared = {"first": {"yaxis2"}, "demo": {"xaxis"}, "live": {"yaxis"}}
    for name, figure in {"demo": picture.figure(SEVENTY), **pictures()}.items():
        assert unnamed_axes(figure) <= shared.get(name, set()), name


def test_a_strip_draws_who_holds_a_seat_until_the_longest_ends():
    held = figures.strip(ARRIVALS, SOME, kept_together=["static"]).data[2]
    assert [x for x in held.x if x is not None] == [3.0, 5.0, 5.0, 3.0, 3.0]
    assert not len(figures.strip(ARRIVALS, SOME).data[2].x)

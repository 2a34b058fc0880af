"""Three ways to serve without knowing lengths: what each reserves, and what each pays."""

import numpy as np
import pytest

from course_lib.serving import StepCost, Trace
from course_lib.serving.scheduling import schedulers
from course_lib.serving.scheduling.cluster import case_cluster
from course_lib.serving.scheduling.engine import simulate_cluster
from course_lib.serving.scheduling.unknown_length import Feedback, GrowAndPreempt, QuantileReservation

COST = StepCost(0.016, 1.8e-4, 7.7e-7, 0, 1.8e-4)


def view_of(finished, queue=(), free=100):
    place = {"gpus": ["g"], "room": 100, "free": free, "waiting": [], "step": 1.0}
    ended = [{"kind": "", "input": 1, "output": output} for output in finished]
    return {"time": 0.0, "queue": list(queue), "places": {"g": place}, "running": [], "finished": ended}


def row(generated=0, inputs=7):
    return {"id": 0, "kind": "", "input": inputs, "generated": generated, "arrived": 0.0}


def test_a_quantile_of_what_was_seen_is_reserved_and_of_the_longer_ones_for_who_came_back():
    half = QuantileReservation(0.5, first=30)
    assert half.reservation(view_of([]), row()) == 7 + 30
    assert half.reservation(view_of([10, 20, 30]), row()) == 7 + 20
    assert half.reservation(view_of([10, 20, 30]), row(generated=15)) == 7 + 30
    assert half.reservation(view_of([10, 20, 30]), row(generated=40)) == 7 + 80
    assert QuantileReservation(1.0).reservation(view_of([10, 20, 30]), row()) == 7 + 30


def test_a_reservation_never_asks_for_more_room_than_there_is():
    assert QuantileReservation(1.0, first=1000)(view_of([], [row()])) == [[0, "g", 100]]


def test_a_turn_is_as_long_as_its_level_and_who_comes_back_goes_on_in_the_next():
    levels = Feedback((10, 40))
    assert [levels.level(generated) for generated in (0, 9, 10, 49, 50, 900)] == [0, 0, 1, 1, 2, 2]
    assert [levels.turn(generated) for generated in (0, 10, 25, 50, 90)] == [10, 40, 25, 40, 40]


def traffic(rate, n=300, seed=1):
    base = Trace.like_azure("conv", seed=seed, n=n)
    return Trace(base.arrival * n / base.arrival[-1] / rate, base.input_tokens, base.output_tokens)


@pytest.fixture(scope="module")
def runs():
    ways = {
        "longest seen": QuantileReservation(1.0), "half": QuantileReservation(0.5), "grow": GrowAndPreempt(),
        "turns": Feedback(),
    }  # fmt: skip
    trace = traffic(5.0)
    found = {
        name: simulate_cluster(trace, way, case_cluster(), COST, known=False) for name, way in ways.items()
    }
    return found | {"known": simulate_cluster(trace, schedulers.spill, case_cluster(), COST)}


def test_reserving_for_the_longest_waits_for_room_and_growing_computes_again(runs):
    assert runs["longest seen"].wait.mean() > 3 * runs["grow"].wait.mean()
    assert runs["grow"].preemptions > 2 * runs["longest seen"].preemptions
    assert runs["half"].preemptions > 2 * runs["longest seen"].preemptions
    assert runs["known"].recomputed == 0


def test_everybody_is_served_and_every_invariant_holds(runs):
    for result in runs.values():
        assert result.served.all()
        result.check()


def test_turns_bring_short_answers_sooner_at_the_price_of_long_ones():
    # One at a time on a GPU: where the order of the queue is all there is.
    one = Trace(np.arange(30) * 1.0, np.full(30, 10), np.where(np.arange(30) % 5 == 0, 1200, 30))
    turns = simulate_cluster(one, Feedback((64, 256)), _gpu(), StepCost(1 / 64), known=False)
    queue = simulate_cluster(one, QuantileReservation(1.0, first=1500), _gpu(), StepCost(1 / 64), known=False)
    short = one.output_tokens == 30
    assert turns.latency[short].mean() < 0.5 * queue.latency[short].mean()
    assert turns.latency[0] > queue.latency[0]


def _gpu():
    """A single GPU with room for one request of 1,500 tokens."""
    from course_lib.serving.scheduling.cluster import Cluster, ClusterGPU

    return Cluster((ClusterGPU("g", "1", 1510.0 + 1),), 1.0, 1.0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: QuantileReservation(0), "quantile must be above 0 and at most 1, not 0"),
        (lambda: QuantileReservation(0.5, first=0), "first must be at least 1, not 0"),
        (lambda: GrowAndPreempt(0), "block must be at least 1, not 0"),
        (lambda: Feedback(()), "turns must be at least 1 token each"),
    ],
)
def test_what_cannot_be_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()

"""Schedulers made of two plain functions: what they ask, and that growing is the library's own."""

import math

import numpy as np
import pytest

from course_lib.serving import StepCost, Trace
from course_lib.serving.scheduling.cluster import case_cluster
from course_lib.serving.scheduling.engine import simulate_cluster
from course_lib.serving.scheduling.reserve_or_grow import Growing, Reserving
from course_lib.serving.scheduling.unknown_length import GrowAndPreempt

COST = StepCost(0.016, 1.8e-4, 7.7e-7, 0, 1.8e-4)


def reserve(input_tokens, generated, seen, share):
    longer = sorted(length for length in seen if length > generated)
    if not longer:
        return input_tokens + max(1000, 2 * generated)
    return input_tokens + longer[math.ceil(share * len(longer) / 100) - 1]


def grow(request, running, room, block):
    left, back = room - sum(row["reserved"] for row in running), []
    if left == 0:
        newest = max(running, key=lambda row: (row["since"], row["id"]))
        if newest["id"] == request:
            return 0, []
        left, back = newest["reserved"], [newest["id"]]
    return min(block, left), back


def crowd(seed=1, n=200):
    base = Trace.like_azure("conv", seed=seed, n=n)
    return Trace(base.arrival * n / base.arrival[-1] / 5, base.input_tokens, base.output_tokens)


def test_growing_by_a_plain_function_is_growing_and_preempting():
    ours = simulate_cluster(crowd(), Growing(grow), case_cluster(), COST, known=False)
    library = simulate_cluster(crowd(), GrowAndPreempt(), case_cluster(), COST, known=False)
    ours.check()
    assert ours.preemptions > 0
    np.testing.assert_array_equal(ours.finished, library.finished)


def test_more_room_for_an_answer_sends_fewer_back():
    runs = {
        share: simulate_cluster(crowd(), Reserving(reserve, share), case_cluster(), COST, known=False)
        for share in (50, 90, 100)
    }
    for run in runs.values():
        run.check()
        assert run.served.all()
    assert runs[50].preemptions > runs[90].preemptions > runs[100].preemptions


def view_of(free, finished=(), generated=0):
    places = {
        name: {"gpus": [name], "room": room, "free": left, "waiting": [], "step": 1.0}
        for name, (room, left) in free.items()
    }
    row = {"id": 0, "kind": "", "input": 7, "generated": generated, "arrived": 0.0}
    ended = [{"kind": "", "input": 1, "output": output} for output in finished]
    return {"time": 0.0, "queue": [row], "places": places, "running": [], "finished": ended}


def test_reserve_is_told_what_is_known_and_asked_once_for_the_same():
    asked = []

    def noted(*arguments):
        asked.append(arguments)
        return 30

    scheduler = Reserving(noted, 90)
    view = view_of({"small": (20, 20), "large": (50, 40)}, finished=[5, 3], generated=4)
    assert scheduler(view) == scheduler(view) == [[0, "large", 30]]
    assert asked == [(7, 4, [5, 3], 90)]
    assert scheduler(view_of({"large": (50, 29)})) == []


def test_no_more_is_reserved_than_there_is():
    assert Reserving(lambda *_: 900, 90)(view_of({"large": (50, 50)})) == [[0, "large", 50]]


def test_grow_is_told_of_those_on_its_own_place():
    told = []
    view = view_of({"a": (50, 0), "b": (60, 0)}) | {
        "running": [
            {"id": i, "place": place, "kind": "", "input": 1, "generated": 2, "reserved": 9, "since": 1.0}
            for i, place in enumerate("aba")
        ]
    }
    scheduler = Growing(lambda *arguments: told.append(arguments) or (3, [0]), block=8)
    assert scheduler.outgrown(view, view["running"][2]) == (3, [0])
    rows = [{"id": i, "since": 1.0, "reserved": 9} for i in (0, 2)]
    assert told == [(2, rows, 50, 8)]


@pytest.mark.parametrize("make", [lambda: Reserving(50, 50), lambda: Growing(grow, block=0)])
def test_what_is_not_a_function_and_an_empty_block_are_refused(make):
    with pytest.raises((TypeError, ValueError), match=r"reserve|block"):
        make()

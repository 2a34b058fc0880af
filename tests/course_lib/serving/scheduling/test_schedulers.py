"""Who is sent where: each scheduler's rule on views small enough to read."""

import pytest

from course_lib.serving import StepCost, Trace
from course_lib.serving.scheduling import schedulers
from course_lib.serving.scheduling.cluster import case_cluster
from course_lib.serving.scheduling.engine import simulate_cluster

ROOMS = {"C1": 10, "C2": 10, "A1": 30, "A2": 30, "A1+A2": 80}


def view(queue, free=None, running=(), waiting=None):
    places = {
        name: {
            "gpus": name.split("+"), "room": room, "free": room, "step": 1.0,
            "waiting": (waiting or {}).get(name, []),
        }
        for name, room in ROOMS.items()
    }  # fmt: skip
    for name, tokens in (free or {}).items():
        places[name]["free"] = tokens
    rows = [
        {"id": i, "kind": "", "input": inputs, "generated": 0, "arrived": float(i)}
        | ({"output": outputs} if outputs else {})
        for i, (inputs, outputs) in enumerate(queue)
    ]
    return {"time": 9.0, "queue": rows, "places": places, "running": list(running), "finished": []}


def test_homes_are_the_smallest_first_and_both_gpus_only_for_who_fits_no_single_one():
    assert schedulers.homes(view([]), 5) == ["C1", "C2", "A1", "A2"]
    assert schedulers.homes(view([], {"C1": 3}), 5) == ["C2", "C1", "A1", "A2"]
    assert schedulers.homes(view([]), 11) == ["A1", "A2"]
    assert schedulers.homes(view([]), 31) == ["A1+A2"]


def test_fixed_classes_leave_the_large_gpus_idle_and_spilling_does_not():
    busy = {"C1": 0, "C2": 0}
    assert schedulers.fixed_classes(view([(4, 4)], busy)) == []
    assert schedulers.spill(view([(4, 4)], busy)) == [[0, "A1"]]
    assert schedulers.fixed_classes(view([(4, 4), (9, 9)], busy)) == [[1, "A1"]]


def test_who_needs_both_gpus_holds_them_back_from_who_comes_later():
    half = {"C1": 0, "C2": 0, "A1": 0, "A1+A2": 0}
    assert schedulers.spill(view([(40, 9), (4, 4)], half)) == []
    assert schedulers.shortest_first(view([(40, 9), (4, 4)], half)) == [[1, "A2"]]


def test_shortest_and_longest_first_look_at_the_answer_and_without_it_at_the_prompt():
    known, unknown = view([(2, 5), (4, 1), (3, 3)]), view([(2, None), (4, None), (3, None)])
    assert schedulers.shortest_first(known)[0][0] == 1
    assert schedulers.longest_first(known)[0][0] == 0
    assert schedulers.shortest_first(unknown)[0][0] == 0
    assert schedulers.longest_first(unknown)[0][0] == 1


def test_two_choices_send_at_once_to_the_one_with_less_to_do_not_the_one_with_less_in_memory():
    # A1 remembers 25 tokens and has 1 to do; A2 remembers 2 and has 8 to do. Only these two hold 12 tokens.
    running = [
        {"id": 8, "place": "A1", "input": 20, "generated": 5, "output": 6},
        {"id": 9, "place": "A2", "input": 2, "generated": 0, "output": 8},
    ]
    assert schedulers.PowerOfTwo("work")(view([(9, 3)], running=running)) == [[0, "A1"]]
    assert schedulers.PowerOfTwo("memory")(view([(9, 3)], running=running)) == [[0, "A2"]]


def test_two_choices_count_who_already_waits_there():
    chooser = schedulers.PowerOfTwo("work")
    chooser(view([(9, 20)]))
    assert chooser(view([(9, 3), (9, 3)], waiting={"A1": [0]})) in ([[0, "A2"]], [[0, "A1"]])
    later = view([(9, 3)], waiting={"A1": [0]})
    later["queue"][0]["id"] = 1
    assert chooser(later) == [[1, "A2"]]


def test_an_unknown_load_is_refused():
    with pytest.raises(ValueError, match="load must be 'work' or 'memory', not 'room'"):
        schedulers.PowerOfTwo("room")


def test_memory_in_use_is_not_load():
    """A long prompt fills memory and may be done after a few tokens; who chooses by memory is misled."""
    trace = Trace.poisson(
        4, 500, lambda random, n: (random.integers(100, 5000, n), random.integers(1, 400, n))
    )
    cost = StepCost(0.016, 1.8e-4, 7.7e-7, 0, 1.8e-4)
    waits = {
        load: simulate_cluster(trace, schedulers.PowerOfTwo(load), case_cluster(), cost).wait.mean()
        for load in ("work", "memory")
    }
    assert waits["memory"] > 1.2 * waits["work"]

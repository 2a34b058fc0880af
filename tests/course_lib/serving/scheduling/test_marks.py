"""Points for schedulers: all for a good one, none for fixed classes; a failure costs its instance."""

import pytest

from course_lib.serving.scheduling import marks, schedulers
from course_lib.serving.scheduling.cluster import case_cluster
from course_lib.serving.scheduling.marks import mark_online, mark_plans
from course_lib.serving.scheduling.regret import instance, serve

CLUSTER = case_cluster()
INSTANCES = [instance(seed, n=12) for seed in (1, 2)]


def test_using_all_gpus_earns_points_and_fixed_classes_nothing(capsys):
    earned = [
        mark_online("T", scheduler, INSTANCES, CLUSTER, points=2)
        for scheduler in (schedulers.fixed_classes, schedulers.longest_first, schedulers.spill)
    ]
    assert earned[0] == 0
    assert 0 < earned[1] <= earned[2] == 2
    assert "0% of what can be won; 50% earn nothing, 80% all: 0 of 2 points" in capsys.readouterr().out


def test_enough_of_the_gap_earns_all_points_exactly():
    assert mark_online("T", schedulers.spill, INSTANCES, CLUSTER, points=1.5) == 1.5


def test_a_run_that_fails_counts_as_fixed_classes_and_says_why(capsys, monkeypatch):
    monkeypatch.setattr(marks, "ONLINE", (0.0, 1.0))
    calls = []

    def fails_once(view):
        calls.append(view["time"])
        if len(calls) == 1:
            return [[99, "C1"]]
        return schedulers.spill(view)

    whole = mark_online("T", schedulers.spill, INSTANCES, CLUSTER, points=2)
    half = mark_online("T", fails_once, INSTANCES, CLUSTER, points=2)
    assert 0 < half < whole
    said = capsys.readouterr().out
    assert "On 1 of 2 instances it counts as fixed classes: ValueError: request 99 does not wait" in said


def test_leaving_somebody_behind_earns_nothing(capsys):
    assert mark_online("T", lambda view: [], INSTANCES, CLUSTER, points=2) == 0
    assert "request 0 is never served" in capsys.readouterr().out


def test_plans_are_marked_by_the_same_measure(capsys):
    def shortest(prompts, places):
        given = next(
            i for i in INSTANCES if float(i.trace.arrival.sum()) == sum(p["arrived"] for p in prompts)
        )
        result = serve(given, schedulers.shortest_first, CLUSTER, known=True)
        return list(zip(result.place, result.started.tolist(), strict=True))

    assert mark_plans("T", shortest, INSTANCES, CLUSTER, points=1) == 1
    assert mark_plans("T", lambda prompts, places: [["C1", 0.0]] * len(prompts), INSTANCES, CLUSTER, 1) == 0
    assert "On 2 of 2 instances it counts as fixed classes" in capsys.readouterr().out


def test_a_task_not_yet_written_is_said_to_be():
    def missing(*_):
        raise NotImplementedError("T: missing")

    for marker in (mark_plans, mark_online):
        with pytest.raises(NotImplementedError):
            marker("T", missing, INSTANCES, CLUSTER, 1)

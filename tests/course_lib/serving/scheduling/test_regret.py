"""Instances that schedulers are judged on, and the share of what can be won."""

import numpy as np
import pytest

from course_lib.serving.scheduling import schedulers
from course_lib.serving.scheduling.cluster import case_cluster
from course_lib.serving.scheduling.engine import TooSlow
from course_lib.serving.scheduling.planner import Planner
from course_lib.serving.scheduling.regret import (
    COST,
    best_mean_latency,
    instance,
    serve,
    share_won,
    shares_won,
    views,
)
from course_lib.serving.scheduling.view import printed

CLUSTER = case_cluster()


def test_an_instance_is_mostly_short_comes_in_whole_seconds_and_is_the_same_for_a_seed():
    for seed in range(20):
        given = instance(seed)
        total = given.trace.input_tokens + given.trace.output_tokens
        assert 0.9 <= (total <= 5812).mean() < 1
        assert total.max() <= 52315
        for times in (given.trace.arrival, given.trace.output_tokens * COST.s0):
            np.testing.assert_array_equal(times, np.round(times))
        assert len(given.kinds) == len(given.trace) == 30
    assert instance(3).kinds == instance(3).kinds
    assert instance(3).trace.arrival.tolist() != instance(4).trace.arrival.tolist()


def test_what_a_request_is_tells_something_about_its_answer():
    given = [instance(seed) for seed in range(20)]
    kinds = np.concatenate([g.kinds for g in given])
    outputs = np.concatenate([g.trace.output_tokens for g in given])
    means = {kind: outputs[kinds == kind].mean() for kind in ("code", "chat", "document")}
    assert 2 * means["code"] < means["chat"] < means["document"]


def test_some_documents_look_short_until_their_answer_has_grown():
    found = [
        (inputs, inputs + outputs)
        for seed in range(10)
        for inputs, outputs in zip(
            *(getattr(instance(seed).trace, f"{s}_tokens") for s in ("input", "output")), strict=True
        )
    ]
    assert any(inputs <= 5812 < total for inputs, total in found)
    assert any(total > 17438 for _, total in found)


def test_the_share_won_is_one_for_the_optimum_and_nothing_for_the_baseline():
    assert share_won(10, 4, 4) == 1
    assert share_won(10, 10, 4) == 0
    assert share_won(10, 7, 4) == 0.5
    assert share_won(10, 13, 4) == -0.5
    with pytest.raises(ValueError, match="nothing can be won: the baseline's 4 is the best"):
        share_won(4, 5, 4)


def test_spilling_wins_much_shortest_first_more_and_nobody_more_than_the_optimum():
    won = shares_won(
        {"fixed": schedulers.fixed_classes, "spill": schedulers.spill, "shortest": schedulers.shortest_first,
         "ours": Planner(0.0, True, tries=20), "never": lambda view: None},
        schedulers.fixed_classes, [instance(seed, n=20) for seed in (1, 2)], CLUSTER, known=True,
    )  # fmt: skip
    mean = {name: float(np.mean(shares)) for name, shares in won.items()}
    assert mean["never"] == -np.inf
    assert 0 == mean["fixed"] < mean["spill"] < mean["shortest"] <= 1
    assert mean["ours"] > mean["spill"]
    assert max(max(shares) for shares in won.values()) <= 1


def test_nobody_beats_the_optimum_with_any_scheduler():
    given = instance(5, n=16)
    best = best_mean_latency(given, CLUSTER)
    for scheduler in (
        schedulers.spill,
        schedulers.longest_first,
        schedulers.PowerOfTwo(),
        Planner(0.5, True, tries=9),
    ):
        assert serve(given, scheduler, CLUSTER, known=True).latency.mean() >= best - 1e-9


def test_a_decision_has_a_time_limit():
    import time

    with pytest.raises(TooSlow):
        serve(instance(1, n=20), lambda view: time.sleep(0.02), CLUSTER, limit=0.01)


def test_a_load_that_is_none_is_refused():
    with pytest.raises(ValueError, match="load must be greater than 0 and finite, not 0"):
        instance(1, load=0)


def test_the_views_of_a_day_are_what_its_scheduler_was_asked_and_stay_as_they_were():
    seen = views(instance(7), schedulers.spill, CLUSTER)
    assert seen[0]["finished"] == []
    answered = [len(view["finished"]) for view in seen]
    assert answered == sorted(answered)
    assert answered[-1] > 2
    assert [view["time"] for view in seen] == sorted(view["time"] for view in seen)


def test_a_view_is_printed_part_by_part_and_long_lists_are_cut():
    seen = views(instance(7), schedulers.spill, CLUSTER)
    view = max(seen, key=lambda view: len(view["queue"]))
    lines = printed(view, rows=2).split("\n")
    assert lines[0] == f"time      {view['time']:g}"
    assert lines[1] == f"queue     {view['queue'][0]}"
    assert lines[3].split() == ["...", "and", str(len(view["queue"]) - 2), "more"]
    assert sum(line.startswith("places ") for line in lines) == len(CLUSTER.places)

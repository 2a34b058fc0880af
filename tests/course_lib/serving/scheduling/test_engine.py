"""A cluster against one engine bit for bit, against runs worked out by hand, and its invariants."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.serving import Continuous, Memory, StepCost, Trace, simulate
from course_lib.serving.scheduling import schedulers as s
from course_lib.serving.scheduling.cluster import Cluster, ClusterGPU, case_cluster
from course_lib.serving.scheduling.engine import simulate_cluster
from course_lib.serving.scheduling.unknown_length import Feedback, GrowAndPreempt
from tests.course_lib.serving.scheduling.runs import (
    KNOWN,
    MOMENTS,
    ONE,
    SMALL,
    UNKNOWN,
    costs,
    oldest_on,
    requests,
    run,
)


@settings(max_examples=100, deadline=None)
@given(requests, costs, st.booleans())
def test_one_gpu_in_order_of_arrival_is_the_engine_bit_for_bit(columns, cost, exclusive):
    trace = Trace(columns[0] / 4, columns[1] * 90, columns[2])
    mine = simulate_cluster(trace, oldest_on("g"), ONE, cost, exclusive=exclusive)
    theirs = simulate(trace, Continuous(1 if exclusive else 99), cost, Memory(2e9, 344_064))
    for moment in MOMENTS:
        np.testing.assert_array_equal(getattr(mine, moment), getattr(theirs, moment))
    assert (mine.busy, mine.steps, mine.tokens) == (theirs.busy, theirs.steps, theirs.tokens)


def test_a_closed_trace_is_the_engine_bit_for_bit_too():
    trace = Trace.closed(9, 2.0, 4, (900, 30), seed=3)
    cost = StepCost(0.01, 1e-4, 1e-7, 2e-3, 1e-5)
    mine = simulate_cluster(trace, oldest_on("g"), ONE, cost)
    theirs = simulate(trace, Continuous(99), cost, Memory(2e9, 344_064))
    for moment in MOMENTS:
        np.testing.assert_array_equal(getattr(mine, moment), getattr(theirs, moment))


@settings(max_examples=60, deadline=None)
@given(requests, costs, st.sampled_from(sorted(KNOWN)), st.booleans(), st.booleans())
def test_known_lengths_keep_every_invariant_and_serve_everybody(columns, cost, name, exclusive, replicas):
    cluster = replace(SMALL, pair="replicas") if replicas else SMALL
    inputs, outputs = columns[1].copy(), columns[2]
    if replicas:
        inputs = np.minimum(inputs, 15)
    runs = [
        run(columns[0], inputs, outputs, KNOWN[name](), cluster, cost, exclusive=exclusive) for _ in range(2)
    ]
    result = runs[0]
    assert result.served.all()
    assert result.preemptions == 0
    # Independent of the engine's own books: tokens of those who overlap.
    for place, spells in by_place(result).items():
        for spell in spells:
            beside = [o for o in spells if o.start <= spell.start < o.end]
            held = sum(int(inputs[o.request] + outputs[o.request]) for o in beside)
            assert held <= cluster.places[place].room
            assert not exclusive or len(beside) == 1
    for moment in MOMENTS:
        np.testing.assert_array_equal(getattr(runs[0], moment), getattr(runs[1], moment))


@settings(max_examples=60, deadline=None)
@given(requests, costs, st.sampled_from(sorted(UNKNOWN)))
def test_unknown_lengths_keep_every_invariant_and_serve_everybody(columns, cost, name):
    result = run(*columns, UNKNOWN[name](), SMALL, cost, known=False)
    assert result.served.all()
    assert len(result.spells) <= len(result) + result.preemptions


@settings(max_examples=30, deadline=None)
@given(requests, st.sampled_from(["fixed", "spill", "shortest"]))
def test_one_at_a_time_without_lengths_keeps_every_invariant(columns, name):
    result = run(*columns, KNOWN[name](), known=False, exclusive=True)
    assert result.served.all()


def by_place(result):
    found = {}
    for spell in result.spells:
        found.setdefault(spell.place, []).append(spell)
    return found


def test_requests_share_while_their_reservations_fit_and_the_next_waits():
    # On c (10 tokens): 0 and 1 reserve 4 + 5, so 2 (3 tokens) waits until 0 ends at 2 s.
    result = run([0, 0, 0], [2, 2, 1], [2, 3, 2], oldest_on("c"))
    assert result.started.tolist() == [0, 0, 2]
    assert result.finished.tolist() == [2, 3, 4]
    assert result.peaks["c"] == 9


def test_alone_on_a_gpu_they_take_turns():
    result = run([0, 0, 0], [2, 2, 1], [2, 3, 2], oldest_on("c"), exclusive=True)
    assert result.finished.tolist() == [2, 5, 7]


def test_the_pair_waits_for_both_gpus_and_holds_back_who_comes_later():
    # 0 is on a until 4 s. 1 (40 tokens) needs a and b; 2, given to b after it, does not overtake it.
    places = {0: "a", 1: "a+b", 2: "b"}
    result = run(
        [0, 1, 2], [1, 38, 1], [4, 2, 1], lambda view: [[r["id"], places[r["id"]]] for r in view["queue"]]
    )
    assert result.started.tolist() == [0, 4, 6]
    assert result.finished.tolist() == [4, 6, 7]
    assert result.place == ["a", "a+b", "b"]
    assert result.gpu_busy() == {"c": 0.0, "a": 6.0, "b": 3.0}
    assert result.busy == pytest.approx((6 + 3) / 3)


def test_large_requests_share_the_pair_while_they_fit():
    result = run([0, 0, 0], [23, 23, 1], [2, 2, 1], oldest_on("a+b"))
    assert result.started.tolist() == [0, 0, 2]


def test_who_joins_while_a_step_runs_waits_for_its_end_and_computes_its_prompt_first():
    # Steps: 0 to 2 is the prompt of 0 (1 + 1/4·4). 1 comes at 2.5 and joins at 3; its prompt takes 1 + 1/4·8.
    cost = StepCost(1.0, p1=0.25)
    result = run([0, 2.5], [4, 8], [4, 1], oldest_on("a"), cost=cost)
    assert result.started.tolist() == [0, 3]
    assert result.first_token.tolist() == [2, 6]
    assert result.finished.tolist() == [7, 6]


def test_a_faster_gpu_takes_shorter_steps():
    fast = Cluster((ClusterGPU("g", "1", 20.0, speed=2.0),), 10.0, 1.0)
    assert run([0], [1], [4], oldest_on("g"), fast).finished.tolist() == [2]


def test_completions_come_before_arrivals_before_decisions():
    seen = []

    def scheduler(view):
        seen.append((view["time"], len(view["finished"]), [row["id"] for row in view["queue"]]))
        return [[row["id"], "c"] for row in view["queue"]]

    run([0, 2, 2], [1, 1, 1], [2, 1, 1], scheduler)
    assert seen == [(0.0, 0, [0]), (2.0, 1, [1, 2])]


def test_one_who_outgrows_the_room_goes_back_with_its_text_and_is_computed_again():
    # c holds 10 tokens: 0 (input 6) has 4 of its answer after 1 + 6/2 + 3 s, and starts again on a: 6 s
    # for the prompt, which gives the fifth token, then the sixth.
    def scheduler(view):
        return [[r["id"], "c" if r["input"] + r["generated"] < 10 else "a"] for r in view["queue"]]

    result = run([0], [6], [6], scheduler, cost=StepCost(1.0, p1=0.5), known=False, exclusive=True)
    assert [tuple(spell)[1:] for spell in result.spells] == [("c", 0.0, 7.0), ("a", 7.0, 14.0)]
    assert result.finished.tolist() == [14]
    assert result.first_token.tolist() == [4]
    assert (result.preemptions, result.recomputed) == (1, 10)


def test_a_grant_of_more_room_lets_it_go_on_without_computing_again():
    class OneMore:
        def __call__(self, view):
            return [[row["id"], "c", row["input"] + 2] for row in view["queue"]]

        def outgrown(self, view, request):
            assert request["generated"] == request["reserved"] - request["input"]
            return 1, []

    result = run([0], [2], [5], OneMore(), known=False)
    assert result.finished.tolist() == [5]
    assert (result.preemptions, result.peaks["c"]) == (0, 7)


def test_the_newest_is_sent_back_when_growing_requests_fill_the_room():
    # Room 10: 0 and 1 begin with 3 + 1 each; when both are full, 2 tokens later, there is no block.
    result = run(
        [0, 0],
        [3, 3],
        [5, 3],
        GrowAndPreempt(1),
        Cluster((ClusterGPU("g", "1", 20.0),), 10.0, 1.0),
        known=False,
    )
    assert result.finished.tolist() == [5, 6]
    assert result.preemptions == 1
    assert result.spells[0][:2] == (1, "g")


def test_a_short_answer_overtakes_a_long_one_whose_turn_is_over():
    # One at a time in 10 tokens: 0 (8 tokens) gives way to 1 after its turn of 2; nobody knows lengths.
    one = Cluster((ClusterGPU("g", "1", 20.0),), 10.0, 1.0)
    result = run([0, 1], [1, 7], [8, 1], Feedback((2, 20)), one, known=False)
    assert result.finished.tolist() == [9, 3]


def test_a_broken_run_is_found_by_its_check():
    result = run([0, 1, 2], [1, 38, 1], [4, 2, 1], s.spill)
    first = result.spells[0]
    with pytest.raises(ValueError, match=f"request {first.request} is at two places at once"):
        replace(result, spells=(*result.spells, first._replace(place="b"))).check()
    with pytest.raises(ValueError, match="serves 2 requests at once"):
        replace(result, spells=(first, first._replace(request=9)), exclusive=True).check()
    with pytest.raises(ValueError, match="c holds 99 tokens, 10 fit"):
        replace(result, peaks=result.peaks | {"c": 99}).check()
    pair = next(spell for spell in result.spells if spell.place == "a+b")
    with pytest.raises(ValueError, match="have a GPU at once"):
        replace(result, spells=(pair, pair._replace(request=2, place="a"))).check()


def test_what_is_simulated_of_the_real_cluster_has_no_migration():
    trace = Trace.like_azure("conv", seed=2, n=150)
    result = simulate_cluster(trace, s.spill, case_cluster(), StepCost(0.016, 1e-4, 7e-7, 0, 1e-4))
    result.check()
    assert len(result.spells) == len(trace)

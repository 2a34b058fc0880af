"""A cluster against one engine bit for bit, against runs worked out by hand, and its invariants."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.serving import Continuous, Memory, StepCost, Trace, simulate
from course_lib.serving.scheduling import schedulers as s
from course_lib.serving.scheduling.cluster import Cluster, ClusterGPU, case_cluster
from course_lib.serving.scheduling.engine import TooSlow, simulate_cluster
from course_lib.serving.scheduling.planner import Planner
from course_lib.serving.scheduling.unknown_length import Feedback, GrowAndPreempt, QuantileReservation

SECOND = StepCost(1.0)
# Rooms in tokens: c 10, a and b 20 each, together 50.
SMALL = Cluster(
    (ClusterGPU("c", "1", 20.0), ClusterGPU("a", "2", 30.0), ClusterGPU("b", "2", 30.0)),
    10.0,
    1.0,
    ("a", "b"),
)
ONE = Cluster((ClusterGPU("g", "1", 8e9),), 6e9, 344_064)
MOMENTS = ("queued", "started", "first_token", "finished")

requests = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 24), st.integers(1, 25)), min_size=1, max_size=14
).map(lambda rows: [np.array(column) for column in zip(*sorted(rows, key=lambda row: row[0]), strict=True)])
costs = st.builds(
    StepCost, st.sampled_from([1.0, 0.25]), st.sampled_from([0.0, 0.125]), st.sampled_from([0.0, 2.0**-8]),
    st.sampled_from([0.0, 0.5]), st.sampled_from([0.0, 0.125]),
)  # fmt: skip
KNOWN = {
    "fixed": lambda: s.fixed_classes,
    "spill": lambda: s.spill,
    "shortest": lambda: s.shortest_first,
    "longest": lambda: s.longest_first,
    "two choices": s.PowerOfTwo,
    "planner": lambda: Planner(tries=4),
}
UNKNOWN = {
    "quantile": lambda: QuantileReservation(0.5, first=4),
    "grow": lambda: GrowAndPreempt(2),
    "feedback": lambda: Feedback((2, 4)),
}


def oldest_on(place):
    return lambda view: [[row["id"], place] for row in view["queue"]]


def run(arrival, inputs, outputs, scheduler, cluster=SMALL, cost=SECOND, **options):
    result = simulate_cluster(Trace(arrival, inputs, outputs), scheduler, cluster, cost, **options)
    result.check()
    return result


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


@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("name", sorted(UNKNOWN))
def test_a_view_is_the_same_whatever_the_answers_that_have_not_ended_will_be(name, exclusive):
    """True lengths cannot be read: runs that differ in them only show equal views until one has ended."""
    random = np.random.default_rng(5)
    n = 12
    arrival, inputs = np.sort(random.integers(0, 10, n)), random.integers(1, 8, n)
    logs = []
    for outputs in (np.full(n, 6), random.integers(6, 12, n)):
        views, scheduler = [], UNKNOWN[name]()

        class Watched:
            def __call__(self, view, views=views, scheduler=scheduler):
                views.append(repr(view))
                return scheduler(view)

            def outgrown(self, view, request, views=views, scheduler=scheduler):
                views.append(repr((view, request)))
                return scheduler.outgrown(view, request)

        result = run(arrival, inputs, outputs, Watched(), known=False, exclusive=exclusive)
        logs.append([view for view in views if float(view.split("'time': ")[1].split(",")[0]) < 6])
        assert not any("output" in view.split("'finished'")[0] for view in views)
        assert result.served.all()
    assert logs[0] == logs[1]
    assert len(logs[0]) > 5


def test_known_lengths_are_in_the_view_and_named_so_by_its_type():
    from course_lib.serving.scheduling.view import Waiting, WaitingKnown

    assert "output" not in Waiting.__annotations__
    assert "output" in WaitingKnown.__annotations__
    seen = []
    run([0], [1], [3], lambda view: seen.append(view) or [[0, "c"]])
    assert seen[0]["queue"][0].keys() == WaitingKnown.__annotations__.keys() | Waiting.__annotations__.keys()


def test_a_view_cannot_be_used_to_change_the_run():
    def meddling(view):
        decisions = [[row["id"], "c"] for row in view["queue"]]
        for row in view["queue"]:
            row["output"] = row["input"] = 1
        view["finished"].append({"kind": "", "input": 1, "output": 1})
        view["places"].clear()
        return decisions

    assert run([0, 1], [2, 2], [5, 1], meddling).finished.tolist() == [5, 2]


def test_a_scheduler_that_never_decides_leaves_them_unserved():
    result = run([0, 1], [2, 2], [5, 3], lambda view: None)
    assert not result.served.any()


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ([7, "c"], "request 7 does not wait in the queue"),
        ([0, "d"], "there is no place 'd'; there are c, a, b, a\\+b"),
        ([0, "c"], "request 0 needs 12 tokens; c holds 10"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_by_name(decision, words):
    with pytest.raises(ValueError, match=words):
        run([0], [9], [3], lambda view: [decision])


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ([0, "c"], "say how many tokens to reserve"),
        ([0, "c", 5], "holds 6 tokens at its next step, not 5"),
        ([0, "c", 11], "request 0 needs 11 tokens; c holds 10"),
    ],
)
def test_without_lengths_a_reservation_must_be_named_and_possible(decision, words):
    with pytest.raises(ValueError, match=words):
        run([0], [5], [3], lambda view: [decision], known=False)


def test_a_request_that_fits_nowhere_is_refused_before_the_run():
    with pytest.raises(ValueError, match="request 1 needs 51 tokens; the largest place holds 50"):
        run([0, 0], [1, 50], [1, 1], oldest_on("c"))


def test_kinds_must_be_as_many_as_requests():
    with pytest.raises(ValueError, match="one for each of 1 requests, not 2"):
        run([0], [1], [1], oldest_on("c"), kinds=["x", "y"])


def test_decisions_that_take_too_long_end_the_run_and_one_is_forgiven():
    import time

    def slow(view, request):
        time.sleep(0.02)
        return [[request, "c"]]

    assert run([0], [1], [1], lambda view: slow(view, 0), limit=0.001).served.all()
    with pytest.raises(TooSlow, match=r"3 decisions took more than 0.001 s, the last 0\.0"):
        run([0, 1, 2], [1] * 3, [1] * 3, lambda view: slow(view, view["queue"][0]["id"]), limit=0.001)


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


@settings(max_examples=40, deadline=None)
@given(requests, costs, st.sampled_from([*sorted(KNOWN), *sorted(UNKNOWN)]), st.booleans())
def test_what_is_looked_up_is_what_would_be_found_by_looking_at_everybody(columns, cost, name, exclusive):
    """Our schedulers look requests up in lines the engine keeps; behind another they get a plain view."""
    known = name in KNOWN
    make = (KNOWN | UNKNOWN)[name]
    options = {"known": known, "exclusive": exclusive and known}

    class Plain:
        def __init__(self):
            self.scheduler = make()
            if hasattr(self.scheduler, "outgrown"):
                self.outgrown = self.scheduler.outgrown

        def __call__(self, view):
            assert type(view) is dict
            return self.scheduler(view)

    looked_up, plain = (run(*columns, one, SMALL, cost, **options) for one in (make(), Plain()))
    assert looked_up.decisions == plain.decisions
    assert looked_up.spells == plain.spells
    for moment in MOMENTS:
        np.testing.assert_array_equal(getattr(looked_up, moment), getattr(plain, moment))


@pytest.mark.parametrize(
    "name",
    ["fixed", "spill", "two choices"]
    + [pytest.param(name, marks=pytest.mark.slow) for name in ("shortest", "longest", *sorted(UNKNOWN))],
)
def test_a_queue_of_hundreds_is_looked_up_as_if_everybody_were_looked_at(name):
    trace = Trace.like_azure("conv", seed=4, n=300)
    make = (KNOWN | UNKNOWN)[name]
    cost = StepCost(0.016, 1e-4, 7e-7, 0, 1e-4)
    looked_up, scheduler = make(), make()

    class Plain:
        def __call__(self, view):
            return scheduler(view)

        def outgrown(self, view, request):
            return scheduler.outgrown(view, request)

    runs = [
        simulate_cluster(trace, one, case_cluster(), cost, known=name in KNOWN)
        for one in (looked_up, Plain())
    ]
    assert runs[0].spells == runs[1].spells
    assert runs[0].finished.tolist() == runs[1].finished.tolist()


@pytest.mark.parametrize(("decisions", "words"), [
    ([[0]], r"a decision must be \[request, place\] or \[request, place, tokens to reserve\], not \[0\]"),
    ([0], "a decision must be"),
    (["0c"], "a decision must be"),
    ([["0", "c"]], "a decision names a request's id and a place"),
    ([[0, 1]], "a decision names a request's id and a place"),
    ([[0, "c", "all"]], "a decision's third part is a number of tokens"),
    (7, "decisions must be a list"),
    ({"0": "c"}, "decisions must be a list"),
])  # fmt: skip
def test_an_answer_that_is_no_decision_is_told_what_one_is(decisions, words):
    with pytest.raises(ValueError, match=words):
        run([0], [2], [3], lambda view: decisions, known=False)


def test_an_outgrown_that_says_nothing_is_told_what_to_say():
    class Silent:
        def __call__(self, view):
            return [[row["id"], "c", row["input"] + row["generated"] + 1] for row in view["queue"]]

        def outgrown(self, view, request):
            return None

    with pytest.raises(ValueError, match="outgrown must return more tokens and a list of requests"):
        run([0], [2], [3], Silent(), known=False)

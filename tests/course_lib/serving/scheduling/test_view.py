"""What a scheduler sees: no answer's length before it has ended, and looked up as by reading all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.serving import StepCost, Trace
from course_lib.serving.scheduling.cluster import case_cluster
from course_lib.serving.scheduling.engine import simulate_cluster
from tests.course_lib.serving.scheduling.runs import KNOWN, MOMENTS, SMALL, UNKNOWN, costs, requests, run


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

"""What is wrong with a plan is said, and what is right is measured as the simulator would."""

import numpy as np
import pytest

from course_lib.serving.scheduling import plans, schedulers
from course_lib.serving.scheduling.cluster import case_cluster
from course_lib.serving.scheduling.regret import instance, serve

PLACES = plans.as_places(case_cluster())
PROMPTS = [
    {"arrived": 0.0, "seconds": 2.0, "tokens": 100},
    {"arrived": 1.0, "seconds": 3.0, "tokens": 9000},
    {"arrived": 1.0, "seconds": 1.0, "tokens": 30000},
]


def test_a_plan_that_can_be_carried_out_has_nothing_wrong():
    assert plans.what_is_wrong([["C1", 0], ["A1", 1.0], ("A1+A2", 4)], PROMPTS, PLACES) == ""


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (None, "the plan must be a list of 3 entries"),
        ([["C1", 0]], "the plan must be a list of 3 entries"),
        ([["C1", 0], ["A1", 1], "A1"], "entry 2 must be [place, start], not 'A1'"),
        ([["C9", 0], ["A1", 1], ["A1+A2", 4]], "prompt 0 goes to 'C9': there is no such place"),
        ([[["C1"], 0], ["A1", 1], ["A1+A2", 4]], "prompt 0 goes to ['C1']: there is no such place"),
        ([["C1", None], ["A1", 1], ["A1+A2", 4]], "prompt 0 starts at None: that is not a time"),
        ([["C1", float("nan")], ["A1", 1], ["A1+A2", 4]], "prompt 0 starts at nan: that is not a time"),
        ([["C1", 0], ["C2", 1], ["A1+A2", 4]], "prompt 1 has 9,000 tokens; C2 has room for 5,812"),
        ([["C1", 0], ["A1", 0.5], ["A1+A2", 4]], "prompt 1 starts at 0.5, before it arrives at 1"),
        ([["C1", 0], ["A1", 1], ["A1+A2", 3]], "A1 has prompts 1 and 2 at once, from 3 to 4"),
        ([["A2", 0], ["A1", 2], ["A1+A2", 1]], "A1 has prompts 2 and 1 at once"),
    ],
)
def test_what_is_wrong_is_said_in_words(plan, words):
    said = plans.what_is_wrong(plan, PROMPTS, PLACES)
    assert said.startswith(words) or (words.startswith("A1 has prompts 2") and "at once" in said)


def test_a_plan_and_a_run_of_the_same_starts_have_the_same_latency():
    given = instance(2, n=12)
    result = serve(given, schedulers.shortest_first, case_cluster(), known=True)
    plan = list(zip(result.place, result.started.tolist(), strict=True))
    prompts = plans.as_prompts(given)
    assert plans.what_is_wrong(plan, prompts, PLACES) == ""
    assert plans.mean_latency(plan, prompts) == pytest.approx(result.latency.mean())


def test_bounds_are_those_of_fixed_classes_and_of_the_optimum():
    instances = [instance(seed, n=10) for seed in (1, 2)]
    baseline, best = plans.bounds(instances, case_cluster(), known=True)
    runs = [
        serve(given, schedulers.fixed_classes, case_cluster(), known=True).latency.mean()
        for given in instances
    ]
    assert baseline == pytest.approx(np.mean(runs))
    assert best < baseline

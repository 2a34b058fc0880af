"""What question 7 asserts holds for other seeds; its own functions equal the simulator."""

import numpy as np
import pytest

from course_lib.hardware import gpu
from course_lib.seeds import stream
from course_lib.serving import Continuous, Greedy, Static, StepCost, Timeout, Trace, simulate, theory
from course_lib.shapes import shape

BATCH, N, RATES = 64, 640, (0.1, 1, 5, 10, 50)
POLICIES = {
    "static": Static(BATCH),
    "timeout": Timeout(BATCH, 2.0),
    "greedy": Greedy(BATCH),
    "continuous": Continuous(BATCH),
}


def card() -> StepCost:
    sheet = StepCost.from_datasheet(shape("llama3-8b"), gpu("A100 80GB"))
    each = sheet.s1 + 1200 * sheet.s2
    return StepCost(sheet.s0, each, p1=each)


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
def test_what_question_7_asserts_of_loads_holds_for_other_seeds(seed):
    tokens = Trace.like_azure("conv", seed=seed).output_tokens[:N]
    gaps = stream("q07", "gaps", seed=seed).exponential(1.0, N)
    runs = {}
    for rate in RATES:
        trace = Trace(np.cumsum(gaps) / rate, np.ones(N, int), tokens)
        for name, policy in POLICIES.items():
            runs[name, rate] = simulate(trace, policy, card())
            runs[name, rate].check()
    idle, full = RATES[0], RATES[-1]
    p95 = {name: runs[name, idle].percentile("ttft", 95) for name in POLICIES}
    assert p95["static"] >= 100
    assert p95["timeout"] <= 4
    assert p95["continuous"] <= 0.05
    best = {name: max(runs[name, rate].throughput for rate in RATES) for name in POLICIES}
    assert best["continuous"] >= 2 * best["static"]
    for rate in RATES:
        run = runs["static", rate]
        assert run.padding / (run.padding + run.tokens) >= 0.5
        assert runs["continuous", rate].padding == 0
    run = runs["timeout", full]
    assert run.padding / (run.padding + run.tokens) >= 0.5
    for rate, low, high in ((idle, 0.85, 1.15), (full, 0, np.inf)):
        arrivals = runs["static", rate].queued
        fill = np.mean(np.repeat(arrivals[BATCH - 1 :: BATCH], BATCH) - arrivals)
        assert low <= fill / theory.fill_wait(BATCH, rate) <= high
        assert rate == idle or fill <= 1


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
def test_what_question_7_asserts_of_users_holds_for_other_seeds(seed):
    think = [
        np.sort(stream("q07", "think", i, seed=seed).exponential(30.0, 70))[BATCH - 1] for i in range(200)
    ]
    assert abs(np.mean(think) - theory.fill_wait_closed(70, BATCH, 30.0)) <= 4
    drawn, median = Trace.like_azure("conv", seed=seed).output_tokens, {}
    for users in (63, 70):
        lengths = lambda random, n: (np.ones(n, int), drawn[:n])  # noqa: E731
        trace = Trace.closed(users, 30.0, 7, lengths, seed=seed)
        for name in ("static", "continuous"):
            run = simulate(trace, POLICIES[name], card())
            median[users, name] = np.median(np.where(run.served, run.ttft, np.inf)[users : 5 * users])
    assert median[63, "static"] == np.inf
    assert median[70, "static"] - median[70, "continuous"] >= 20

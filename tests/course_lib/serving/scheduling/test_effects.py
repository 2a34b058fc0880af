"""What question 11 asserts of near-real traffic holds for other seeds than its own."""

import numpy as np
import pytest

from course_lib import hardware
from course_lib.serving import StepCost, Trace
from course_lib.serving.scheduling import schedulers
from course_lib.serving.scheduling.cluster import case_cluster, case_shape
from course_lib.serving.scheduling.engine import simulate_cluster
from course_lib.serving.scheduling.regret import instance, shares_won
from course_lib.serving.scheduling.reserve_or_grow import Growing, Reserving
from tests.course_lib.serving.scheduling.test_reserve_or_grow import grow, reserve

CLUSTER = case_cluster()
COST = StepCost.from_datasheet(case_shape(), hardware.gpu("RTX 3070 8GB"))


def traffic(rate, seed, n=500):
    base = Trace.like_azure("conv", seed=seed, n=n)
    return Trace(base.arrival * n / base.arrival[-1] / rate, base.input_tokens, base.output_tokens)


def run(rate, seed, scheduler, **options):
    result = simulate_cluster(traffic(rate, seed), scheduler, CLUSTER, COST, **options)
    result.check()
    assert result.served.all()
    return result


def shortest_expected(view):
    """Oldest first among those whose kind has had the shortest answers so far, or is believed to have."""
    believed = {"code": 64, "chat": 256, "document": 512}

    def expected(row):
        seen = [ended["output"] for ended in view["finished"] if ended["kind"] == row["kind"]]
        return np.mean([*seen, believed[row["kind"]]])

    return schedulers.place_in_order(view, sorted(view["queue"], key=expected), schedulers.homes)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_fixed_classes_leave_c4_idle_and_make_prompts_wait(seed):
    fixed, spill = run(2.5, seed, schedulers.fixed_classes), run(2.5, seed, schedulers.spill)
    busy = fixed.gpu_busy()
    total = fixed.input_tokens + fixed.output_tokens
    assert (total <= CLUSTER.places["C1"].room).mean() >= 0.95
    assert (busy["A1"] + busy["A2"]) / 2 / fixed.makespan <= 0.10
    print(f"seed {seed}: waits {fixed.wait.mean():.2f} s and {spill.wait.mean():.3f} s")
    assert fixed.wait.mean() >= 20 * spill.wait.mean()
    assert fixed.wait.mean() - spill.wait.mean() >= 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_memory_in_use_misleads(seed):
    work, memory = (run(4.0, seed, schedulers.PowerOfTwo(load)).wait.mean() for load in ("work", "memory"))
    assert memory >= 2 * work
    assert memory - work >= 2


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_unknown_lengths_cost_room_or_work(seed):
    longest = run(4.5, seed, Reserving(reserve, 100), known=False)
    half = run(4.5, seed, Reserving(reserve, 50), known=False)
    growing = run(4.5, seed, Growing(grow), known=False)
    assert longest.wait.mean() - growing.wait.mean() >= 2
    assert half.recomputed - longest.recomputed >= 0.5 * traffic(4.5, seed).input_tokens.sum()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_order_wins_what_spilling_leaves(seed):
    days = [instance(21 + 10 * seed + day) for day in range(3)]
    known = shares_won(
        {"spill": schedulers.spill, "shortest": schedulers.shortest_first}, schedulers.fixed_classes, days,
        CLUSTER, known=True,
    )  # fmt: skip
    unknown = shares_won({"expected": shortest_expected}, schedulers.fixed_classes, days, CLUSTER)
    mean = {name: float(np.mean(shares)) for name, shares in (known | unknown).items()}
    print(f"seed {seed}: {mean}")
    assert mean["shortest"] >= 0.8
    assert mean["shortest"] > mean["spill"]
    assert mean["expected"] >= 0.5

"""Our scheduler against the exact optimum on random small instances: makespan, and what the mean pays."""

import functools

import numpy as np
import pytest

from course_lib.serving import Trace
from course_lib.serving.scheduling import schedulers
from course_lib.serving.scheduling.cluster import case_cluster
from course_lib.serving.scheduling.engine import simulate_cluster
from course_lib.serving.scheduling.optimal import jobs_of, optimum
from course_lib.serving.scheduling.planner import Planner
from course_lib.serving.scheduling.regret import COST, UNIT_TOKENS

CLUSTER = case_cluster()


def small_instance(seed: int, n: int) -> Trace:
    """All at once: seven in ten short, two medium, one large."""
    random = np.random.default_rng(seed)
    classes = random.choice(3, n, p=[0.7, 0.2, 0.1])
    bounds = np.array([(500, 5800), (6000, 17000), (18000, 50000)])[classes]
    outputs = UNIT_TOKENS * np.where(
        random.random(n) < 0.5, random.integers(1, 3, n), random.integers(3, 9, n)
    )
    return Trace(np.zeros(n), np.maximum(1, random.integers(*bounds.T) - outputs), outputs)


@functools.cache
def solved(seed: int, exclusive: bool) -> tuple[Trace, list[float]]:
    """An instance, and the least makespan and sum of completion times, which several tests compare with."""
    trace = small_instance(seed, (8 + seed % 5) if exclusive else (6 + seed % 4))
    jobs = jobs_of(trace, COST, 1.0)
    return trace, [optimum(jobs, CLUSTER, goal, exclusive).value for goal in ("makespan", "completion")]


def ratios(scheduler, seeds, exclusive):
    """Makespan and sum of completion times over the optimum, for each seed."""
    rows = []
    for seed in seeds:
        trace, least = solved(seed, exclusive)
        result = simulate_cluster(trace, scheduler(), CLUSTER, COST, exclusive=exclusive)
        result.check()
        rows.append((result.makespan / least[0], result.finished.sum() / least[1]))
    return np.array(rows)


@pytest.mark.slow
@pytest.mark.parametrize("exclusive", [True, False], ids=["alone", "shared"])
def test_makespan_is_within_a_tenth_of_the_optimum_on_forty_instances(exclusive):
    makespan, completion = ratios(lambda: Planner(0.75, exclusive), range(40), exclusive).T
    print(
        f"makespan mean {makespan.mean():.3f} worst {makespan.max():.3f}, completion {completion.mean():.3f}"
    )
    assert makespan.min() >= 1 - 1e-12
    assert completion.min() >= 1 - 1e-12
    assert makespan.max() <= 1.10
    assert makespan.mean() <= 1.05


@pytest.mark.slow
def test_the_weight_trades_makespan_against_the_mean():
    found = {
        weight: ratios(lambda w=weight: Planner(w, True), range(20), True).mean(0) for weight in (0, 0.5, 1)
    }
    for weight, (makespan, completion) in found.items():
        print(f"weight {weight}: makespan {makespan:.3f}, completion {completion:.3f}")
    assert found[0][1] < found[0.5][1] < found[1][1]
    assert found[1][0] < found[0.5][0] < found[0][0]


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_handful_of_instances_is_planned_as_well_as_can_be(exclusive):
    makespan, _ = ratios(lambda: Planner(0.75, exclusive, tries=40), range(5), exclusive).T
    assert makespan.max() <= 1.10


def test_it_is_better_than_longest_first_on_a_large_request_among_small_ones():
    trace = Trace([0.0] * 7, [100] * 6 + [20_000], [64 * k for k in (5, 4, 4, 3, 2, 2, 4)])
    ours = simulate_cluster(trace, Planner(1.0, True), CLUSTER, COST, exclusive=True).makespan
    theirs = simulate_cluster(trace, schedulers.spill, CLUSTER, COST, exclusive=True).makespan
    assert ours <= theirs


def test_a_weight_that_is_no_share_is_refused():
    with pytest.raises(ValueError, match="makespan must be from 0 to 1, not 2"):
        Planner(2)


def test_behind_a_backlog_the_first_that_must_wait_has_its_place_kept():
    """Short ones come all the time; the large one needs two GPUs that are never free by chance."""
    count, large = 400, 34
    columns = (0.03 * np.arange(count), np.full(count, 1000), np.full(count, 128))
    trace = Trace(*(np.insert(c, large, new) for c, new in zip(columns, (1.0, 20_000, 64), strict=True)))
    result = simulate_cluster(trace, Planner(ahead=3), CLUSTER, COST)
    result.check()
    assert result.started[large] < np.median(result.started)


@pytest.mark.parametrize("ahead", [3, 12])
def test_a_plan_by_the_live_queue_is_that_by_the_plain_view(ahead):
    trace = Trace.like_azure("conv", seed=3, n=300)

    class Plain(Planner):
        live = False

    live, plain = (
        simulate_cluster(trace, kind(ahead=ahead, tries=5), CLUSTER, COST) for kind in (Planner, Plain)
    )
    assert np.array_equal(live.finished, plain.finished)

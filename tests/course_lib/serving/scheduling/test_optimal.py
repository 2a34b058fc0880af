"""Exact optima against brute force over all orders and places, and against schedules worked out by hand."""

import itertools

import numpy as np
import pytest

from course_lib.serving import StepCost, Trace
from course_lib.serving.scheduling.cluster import Cluster, ClusterGPU, case_cluster
from course_lib.serving.scheduling.optimal import OBJECTIVES, Job, jobs_of, optimum

# Rooms in tokens: c 10, a and b 20 each, together 50.
SMALL = Cluster(
    (ClusterGPU("c", "1", 20.0), ClusterGPU("a", "2", 30.0), ClusterGPU("b", "2", 30.0)),
    10.0,
    1.0,
    ("a", "b"),
)


def may_start(name, start, job, placed, exclusive):
    """Whether the job may run at a place from `start`, unit of time by unit of time."""
    places = SMALL.places
    for t in range(start, start + job.duration):
        there = [(other, where) for other, where, begin in placed if begin <= t < begin + other.duration]
        if any(where != name and set(places[where].gpus) & set(places[name].gpus) for _, where in there):
            return False
        mates = [other for other, where in there if where == name]
        if exclusive and mates:
            return False
        if sum(other.tokens for other in mates) + job.tokens > places[name].room:
            return False
    return True


def brute_force(jobs, objective, exclusive):
    """Every order and every assignment, each job as early as it can: one of them is optimal."""
    fitting = [[name for name, place in SMALL.places.items() if place.room >= job.tokens] for job in jobs]
    best = np.inf
    for order in itertools.permutations(range(len(jobs))):
        for names in itertools.product(*fitting):
            placed, ends = [], []
            for i in order:
                start = next(
                    t
                    for t in itertools.count(jobs[i].arrival)
                    if may_start(names[i], t, jobs[i], placed, exclusive)
                )
                placed.append((jobs[i], names[i], start))
                ends.append(start + jobs[i].duration)
            best = min(best, sum(ends) if objective == "completion" else max(ends))
    return best


def random_jobs(seed, n):
    random = np.random.default_rng(seed)
    tokens = random.choice([2, 4, 6, 9, 12, 15, 19, 24, 40], n)
    return [Job(int(random.integers(0, 4)), int(random.integers(1, 6)), int(t)) for t in tokens]


@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(6))
def test_no_schedule_of_a_tiny_instance_is_better(seed, objective, exclusive):
    jobs = random_jobs(seed, 4)
    assert optimum(jobs, SMALL, objective, exclusive).value == brute_force(jobs, objective, exclusive)


@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(4))
def test_what_is_returned_is_a_schedule_of_that_value(seed, objective, exclusive):
    jobs = random_jobs(seed + 50, 7)
    found = optimum(jobs, SMALL, objective, exclusive)
    placed = []
    for job, name, start in zip(jobs, found.places, found.starts.tolist(), strict=True):
        assert start >= job.arrival
        assert may_start(name, start, job, placed, exclusive)
        placed.append((job, name, start))
    ends = [start + job.duration for job, _, start in placed]
    assert found.value == (sum(ends) if objective == "completion" else max(ends))


def test_by_hand_the_long_job_first_for_the_last_end_and_last_for_the_mean():
    # Five jobs of 1 and one of 4 on three GPUs: the last ends at 4 if the long one begins at once.
    jobs = [Job(0, 1, 1)] * 5 + [Job(0, 4, 1)]
    assert optimum(jobs, SMALL, "makespan").value == 4
    assert optimum(jobs, SMALL, "completion").value == 1 + 1 + 1 + 2 + 2 + 5


def test_by_hand_two_gpus_joined_serve_nobody_else():
    jobs = [Job(0, 3, 40), Job(0, 1, 15), Job(0, 1, 15)]
    assert optimum(jobs, SMALL, "makespan").value == 4
    assert optimum(jobs, SMALL, "completion").value == 1 + 1 + 4


def test_one_copy_of_the_model_holds_three_where_two_gpus_hold_two():
    jobs = [Job(0, 5, 16)] * 3
    assert optimum(jobs, SMALL, "makespan", exclusive=False).value == 5
    assert optimum(jobs, SMALL, "makespan", exclusive=True).value == 10


def test_a_sum_may_gain_from_an_end_later_than_any_greedy_one():
    # Shortest first ends last here, and is best for the sum; the horizon must reach that far.
    jobs = [Job(0, 9, 40), *[Job(t, 1, 15) for t in range(12)]]
    assert optimum(jobs, SMALL).value == sum(t + 1 for t in range(12)) + 12 + 9


def test_requests_become_whole_units():
    trace = Trace([0.0, 2.0], [5, 6], [64, 192])
    assert jobs_of(trace, StepCost(1 / 64), 1.0) == [Job(0, 1, 69), Job(2, 3, 198)]
    with pytest.raises(ValueError, match=r"request 0 comes at 0 and takes 0.5 units: not whole"):
        jobs_of(Trace([0], [5], [32]), StepCost(1 / 64), 1.0)
    with pytest.raises(ValueError, match="only s0 may be above 0"):
        jobs_of(trace, StepCost(1 / 64, p1=0.1), 1.0)


def test_what_has_no_optimum_is_refused():
    with pytest.raises(ValueError, match="objective must be one of completion, makespan, not 'mean'"):
        optimum([Job(0, 1, 1)], SMALL, "mean")
    with pytest.raises(ValueError, match="job 0 needs 51 tokens: it fits no place"):
        optimum([Job(0, 1, 51)], SMALL)
    fast = Cluster((ClusterGPU("f", "1", 20.0, 2.0), ClusterGPU("g", "1", 20.0)), 10.0, 1.0)
    with pytest.raises(ValueError, match="GPUs of equal speed"):
        optimum([Job(0, 1, 1)], fast)


def test_the_case_with_thirty_requests_is_solved():
    random = np.random.default_rng(1)
    jobs = [
        Job(int(t), int(d), 500)
        for t, d in zip(np.sort(random.integers(0, 20, 29)), random.integers(1, 8, 29), strict=True)
    ]
    jobs.append(Job(3, 4, 20_000))
    found = optimum(jobs, case_cluster())
    assert found.places[-1] == "A1+A2"


# As SMALL, and b is twice as fast; nothing is joined.
UNEQUAL = Cluster(
    (ClusterGPU("c", "1", 20.0), ClusterGPU("a", "2", 30.0), ClusterGPU("b", "2", 30.0, speed=2.0)), 10.0, 1.0
)


def least_weighted(jobs, cluster, objective):
    """Every assignment and every order at each GPU, one at a time, each job as early as it can."""
    places, best = cluster.places, np.inf
    for names in itertools.product(*[[n for n, p in places.items() if p.room >= job.tokens] for job in jobs]):
        for order in itertools.permutations(range(len(jobs))):
            free, cost, last = dict.fromkeys(places, 0), 0, 0
            for i in order:
                start = max(free[names[i]], jobs[i].arrival)
                free[names[i]] = end = start + jobs[i].duration / places[names[i]].speed
                cost, last = cost + jobs[i].weight * end, max(last, end)
            best = min(best, cost if objective == "completion" else last)
    return best


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(6))
def test_with_unequal_speeds_and_weights_no_schedule_is_better(seed, objective):
    random = np.random.default_rng(seed)
    jobs = [
        Job(int(random.integers(0, 4)), 2 * int(random.integers(1, 5)), int(random.choice([4, 9, 15])),
            int(random.integers(0, 6)))
        for _ in range(5)
    ]  # fmt: skip
    found = optimum(jobs, UNEQUAL, objective)
    assert found.value == least_weighted(jobs, UNEQUAL, objective)
    ends = [
        start + job.duration / UNEQUAL.places[name].speed
        for job, name, start in zip(jobs, found.places, found.starts.tolist(), strict=True)
    ]
    weighted = sum(job.weight * end for job, end in zip(jobs, ends, strict=True))
    assert found.value == (weighted if objective == "completion" else max(ends))


def test_on_one_gpu_the_most_weight_a_unit_of_time_goes_first():
    """Smith 1956."""
    one = Cluster((ClusterGPU("g", "1", 20.0),), 10.0, 1.0)
    jobs = [Job(0, 4, 1, 1), Job(0, 2, 1, 3), Job(0, 3, 1, 2.5), Job(0, 1, 1, 0)]
    found = optimum(jobs, one)
    assert np.argsort(found.starts).tolist() == [1, 2, 0, 3]
    assert found.value == pytest.approx(3 * 2 + 2.5 * 5 + 1 * 9)


@pytest.mark.parametrize(("make", "said"), [
    (lambda: optimum([], SMALL), "jobs must hold at least one job"),
    (lambda: Job(0, 0, 1), "duration must be at least 1, not 0"),
    (lambda: Job(-1, 1, 1), "arrival must be at least 0, not -1"),
    (lambda: Job(0, 1.5, 1), "duration must be a whole number, not 1.5"),
    (lambda: Job(0, 1, 1, -2), "weight must be at least 0 and finite, not -2"),
    (lambda: jobs_of(Trace([0], [5], [64]), StepCost(1 / 64), 0), "unit must be greater than 0"),
])  # fmt: skip
def test_a_job_that_makes_no_sense_is_named(make, said):
    with pytest.raises(ValueError, match=said):
        make()

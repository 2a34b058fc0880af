"""The best schedule there is when all is known beforehand: exact, by integer programming."""

import heapq
import math
from dataclasses import dataclass

import numpy as np

from course_lib.notebook.reference import reference
from course_lib.serving.cost import StepCost
from course_lib.serving.scheduling.cluster import Cluster
from course_lib.serving.scheduling.time_indexed import TimeIndexed
from course_lib.serving.scheduling.timeline import Timeline
from course_lib.serving.trace import Trace

OBJECTIVES = ("completion", "makespan")


@dataclass(frozen=True)
class Job:
    """A request in whole units of time: when it comes, how long it runs anywhere, its tokens of room."""

    arrival: int
    duration: int
    tokens: int


@dataclass(frozen=True)
class Optimum:
    """Starts (n,) in units and places of each job, and what they come to: the sum of completion times, or the
    last of them. No schedule has less, to HiGHS's tolerance of 1e-6.
    """

    value: int
    starts: np.ndarray
    places: list[str]


def jobs_of(trace: Trace, cost: StepCost, unit: float) -> list[Job]:
    """Requests as jobs of whole units of `unit` seconds: every token takes s0, whoever else is there.

    Raises ValueError for a cost that has more than s0, and for a request that takes no whole number of units.
    """
    if cost.s1 or cost.s2 or cost.p0 or cost.p1:
        raise ValueError("an optimum needs times that do not depend on who else runs: only s0 may be above 0")
    jobs = []
    for request in range(len(trace)):
        times = trace.arrival[request] / unit, trace.output_tokens[request] * cost.s0 / unit
        if any(abs(value - round(value)) > 1e-6 for value in times):
            raise ValueError(
                f"request {request} comes at {times[0]:g} and takes {times[1]:g} units: not whole"
            )
        tokens = int(trace.input_tokens[request] + trace.output_tokens[request])
        jobs.append(Job(round(times[0]), round(times[1]), tokens))
    return jobs


@reference("Q11.3")
def optimum(
    jobs: list[Job], cluster: Cluster, objective: str = "completion", exclusive: bool = True
) -> Optimum:
    """The least sum of completion times, or makespan, over all schedules without preemption.

    A time-indexed program (Sousa and Wolsey 1992), solved by HiGHS. One at a time on each GPU: some 60 jobs
    take seconds. With shared memory GPUs cannot be counted together: some 8 jobs. Raises ValueError for GPUs
    of unequal speed, an unknown objective, and a job that fits no place.
    """
    if objective not in OBJECTIVES:
        raise ValueError(f"objective must be one of {', '.join(OBJECTIVES)}, not {objective!r}")
    places = cluster.places
    if len({place.speed for place in places.values()}) > 1:
        raise ValueError("an optimum needs GPUs of equal speed")
    for number, job in enumerate(jobs):
        if job.tokens > max(place.room for place in places.values()):
            raise ValueError(f"job {number} needs {job.tokens:,} tokens: it fits no place")
    greedy = _greedy(jobs, places, exclusive)
    last = max(start + job.duration for start, job in zip(greedy, jobs, strict=True))
    safe = max(job.arrival for job in jobs) + sum(job.duration for job in jobs)
    # The makespan of any schedule bounds the least one. A sum may gain from a later end, up to some time
    # which a first solution tells.
    horizon = last if objective == "makespan" else min(safe, last + max(job.duration for job in jobs))
    found = TimeIndexed(jobs, places, exclusive, [horizon] * len(jobs)).solve(objective)
    if objective == "completion":
        deadlines = [min(safe, found[0] - rest) for rest in _least_of_others(jobs, places, exclusive)]
        if max(deadlines) > horizon:
            found = TimeIndexed(jobs, places, exclusive, deadlines).solve(objective)
    value, starts, names = found
    return Optimum(value, np.array(starts), names)


def _greedy(jobs, places, exclusive) -> list[int]:
    """Starts of some schedule: shortest first, each as early as it can."""
    timeline, starts = Timeline(places, exclusive), [0] * len(jobs)
    for i in sorted(range(len(jobs)), key=lambda i: (jobs[i].duration, i)):
        job = jobs[i]
        options = [
            (timeline.earliest(name, job.arrival, job.duration, job.tokens), place.room, name)
            for name, place in places.items()
            if place.room >= job.tokens
        ]
        start, _, name = min(options)
        timeline.put(name, start, start + job.duration, job.tokens)
        starts[i] = start
    return starts


def _least_of_others(jobs, places, exclusive) -> list[int]:
    """For each job, what the others' completion times come to in any schedule, at least.

    It is what one machine as fast as all GPUs together would need if it might interrupt (shortest remaining
    time first, Schrage 1968); with shared memory, what the jobs would need if each were alone.
    """
    machines = len({gpu for place in places.values() for gpu in place.gpus}) if exclusive else 0
    least = []
    for late in range(len(jobs)):
        others = [job for i, job in enumerate(jobs) if i != late]
        rest = (
            _shortest_remaining(others, machines) if machines else sum(j.arrival + j.duration for j in others)
        )
        least.append(math.floor(rest + 1e-6))
    return least


def _shortest_remaining(jobs, machines: int) -> float:
    """Sum of completion times, shortest remaining time first, on one machine `machines` times as fast."""
    coming = sorted((job.arrival, job.duration / machines) for job in jobs)
    now, total, left = 0.0, 0.0, []
    for place, (arrival, duration) in enumerate(coming):
        now = max(now, arrival)
        heapq.heappush(left, duration)
        until = coming[place + 1][0] if place + 1 < len(coming) else np.inf
        while left and now < until:
            work = heapq.heappop(left)
            done = min(work, until - now)
            now += done
            if done < work:
                heapq.heappush(left, work - done)
            else:
                total += now
    return total

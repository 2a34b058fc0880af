"""The best schedule there is when all is known beforehand: exact, by integer programming."""

import heapq
import math
from dataclasses import dataclass

import numpy as np

from course_lib.arguments import a, count, each, instance, not_negative, positive, takes
from course_lib.notebook.reference import reference
from course_lib.serving.cost import StepCost
from course_lib.serving.scheduling.cluster import Cluster, Place
from course_lib.serving.scheduling.time_indexed import TimeIndexed
from course_lib.serving.scheduling.timeline import Timeline
from course_lib.serving.trace import Trace

OBJECTIVES = ("completion", "makespan")


@dataclass(frozen=True)
class Job:
    """A request in whole units of time: when it comes, how long it runs at speed 1, its tokens of room.

    weight: how much its completion time counts in the sum. Raises ValueError for what is not whole, a job
    that takes no time or room, and a negative weight.
    """

    arrival: int
    duration: int
    tokens: int
    weight: float = 1

    def __post_init__(self):
        count(0, 10**9, arrival=self.arrival)
        count(1, 10**9, duration=self.duration)
        count(tokens=self.tokens)
        not_negative(weight=self.weight)

    def units_at(self, place: Place) -> int:
        """Units of time it runs at a place. Raises ValueError where its speed does not make them whole."""
        units = self.duration / place.speed
        if abs(units - round(units)) > 1e-9 * units or round(units) < 1:
            raise ValueError(
                f"a job of {self.duration} units takes {units:g} on {place.name}: durations must be whole "
                "everywhere; take a finer unit, or GPUs of equal speed"
            )
        return round(units)


@dataclass(frozen=True)
class Optimum:
    """Starts (n,) in units and places of each job, and what they come to: the sum of completion times, each
    times its job's weight, or the last of them. No schedule has less, to HiGHS's tolerance of 1e-6.
    """

    value: float
    starts: np.ndarray
    places: list[str]


@takes(trace=a(Trace), cost=a(StepCost))
def jobs_of(trace: Trace, cost: StepCost, unit: float) -> list[Job]:
    """Requests as jobs of whole units of `unit` seconds: every token takes s0, whoever else is there.

    Raises ValueError for a cost that has more than s0, a unit that is not above 0, and a request that takes
    no whole number of units.
    """
    positive(unit=unit)
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
    """The least weighted sum of completion times, or makespan, over all schedules without preemption.

    A time-indexed program (Sousa and Wolsey 1992), solved by HiGHS. One at a time on each GPU: some 60 jobs
    take seconds. With shared memory or unequal speeds, GPUs cannot be counted together: some 8 jobs. Times
    count from 0. Raises ValueError for no jobs, an unknown objective, a job that fits no place, and one that
    does not take whole units at every place's speed.
    """
    instance("cluster", cluster, Cluster)
    if hasattr(jobs, "__len__") and not len(jobs):
        raise ValueError("jobs must hold at least one job")
    each(a(Job))("jobs", jobs)
    instance("objective", objective, str)
    if objective not in OBJECTIVES:
        raise ValueError(f"objective must be one of {', '.join(OBJECTIVES)}, not {objective!r}")
    places = cluster.places
    for number, job in enumerate(jobs):
        if job.tokens > max(place.room for place in places.values()):
            raise ValueError(f"job {number} needs {job.tokens:,} tokens: it fits no place")
    longest = [
        max(job.units_at(place) for place in places.values() if place.room >= job.tokens) for job in jobs
    ]
    last = max(_greedy(jobs, places, exclusive))
    safe = max(job.arrival for job in jobs) + sum(longest)
    # The makespan of any schedule bounds the least one. A sum may gain from a later end, up to some time
    # which a first solution tells.
    horizon = last if objective == "makespan" else min(safe, last + max(longest))
    found = TimeIndexed(jobs, places, exclusive, [horizon] * len(jobs)).solve(objective)
    if objective == "completion":
        rests = _least_of_others(jobs, places, exclusive)
        # Later than so, a job alone would cost more than what is left for it in this first solution.
        deadlines = [
            min(safe, math.floor((found[0] - rest) / job.weight + 1e-6)) if job.weight else safe
            for job, rest in zip(jobs, rests, strict=True)
        ]
        if max(deadlines) > horizon:
            found = TimeIndexed(jobs, places, exclusive, deadlines).solve(objective)
    value, starts, names = found
    return Optimum(value, np.array(starts), names)


@reference("Q11.3", guard=False)
def _greedy(jobs, places, exclusive) -> list[int]:
    """Ends of some schedule: shortest first, each done as early as it can."""
    timeline, ends = Timeline(places, exclusive), [0] * len(jobs)
    for i in sorted(range(len(jobs)), key=lambda i: (jobs[i].duration, i)):
        job = jobs[i]
        options = []
        for name, place in places.items():
            if place.room >= job.tokens:
                units = job.units_at(place)
                start = timeline.earliest(name, job.arrival, units, job.tokens)
                options.append((start + units, place.room, start, name))
        end, _, start, name = min(options)
        timeline.put(name, start, end, job.tokens)
        ends[i] = end
    return ends


def _least_of_others(jobs, places, exclusive) -> list[float]:
    """For each job, what the others' completion times come to in any schedule, at least.

    It is what one machine as fast as all GPUs together would need if it might interrupt (shortest remaining
    time first, Schrage 1968); with shared memory or weights, what the jobs would need if each were alone on
    the fastest.
    """
    fastest = max(place.speed for place in places.values())
    together = sum(place.speed for place in places.values() if len(place.gpus) == 1)
    machines = together if exclusive and all(job.weight == 1 for job in jobs) else 0
    least = []
    for late in range(len(jobs)):
        others = [job for i, job in enumerate(jobs) if i != late]
        rest = (
            _shortest_remaining(others, machines)
            if machines
            else sum(j.weight * (j.arrival + j.duration / fastest) for j in others)
        )
        least.append(rest - 1e-6 * max(1, rest))
    return least


def _shortest_remaining(jobs, machines: float) -> float:
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

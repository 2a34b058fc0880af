"""The simulator beside queueing theory: each case with its closed form, over twenty seeds."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_lib.seeds import stream
from course_lib.serving import Continuous, Greedy, Static, StepCost, Timeout, Trace, simulate, theory

SEEDS, STUDENT = 20, 2.861  # an interval of 99 %: Student's t with 19 degrees of freedom
STEP = 2.0**-30  # seconds of a token; services last about 2^20 of them, so the grid of tokens does not show
SERVICE = 2**20
MEAN = SERVICE * STEP
REQUESTS = 30_000
MORE = 3 * REQUESTS  # where one or two servers remember for long, and the mean is to be settled to 1.5 %
LOADS = (0.5, 0.8, 0.9, 0.95)
FIXED, EACH = 0.5, 0.02  # seconds of a batch, and of each of its members


@dataclass(frozen=True)
class Case:
    """A queue with a known answer, which `formula()` computes. `run(seed)` gives what one run measured and
    its controls.

    A control is a number with known mean 0 that explains a part of the noise (control variates).
    service: seconds of one; sharp: runs of this length settle the mean to 1.5 %; slack: what a run cannot
    show, however many there are.
    """

    name: str
    formula: Callable[[], float]
    run: Callable[[int], tuple[float, list[float]]]
    service: float = 1.0
    sharp: bool = False
    slack: float = 1e-6  # where hardly anybody waits, no run sees one who does
    unit: str = "s"

    @cached_property
    def expected(self) -> float:
        """The known answer."""
        return self.formula()


@dataclass(frozen=True)
class Comparison:
    """What theory expects, what came out, and the half-width of its interval of 99 %."""

    case: Case
    got: float
    half: float

    @property
    def error(self) -> float:
        """Of the mean over all seeds, relative."""
        return self.got / self.case.expected - 1

    @property
    def agrees(self) -> bool:
        """Whether the interval holds theory's value."""
        return abs(self.got - self.case.expected) <= self.half + self.case.slack


def compare(case: Case) -> Comparison:
    """All seeds of a case."""
    measured, controls = zip(*(case.run(seed) for seed in range(SEEDS)), strict=True)
    measured, controls = np.array(measured), np.array(controls).reshape(SEEDS, -1)
    slope, *_ = np.linalg.lstsq(controls - controls.mean(0), measured - measured.mean(), rcond=None)
    free = measured - controls @ slope
    half = STUDENT * free.std(ddof=1 + controls.shape[1]) / math.sqrt(SEEDS)
    return Comparison(case, float(free.mean()), float(half))


def cases() -> list[Case]:
    """Waits by Erlang, by Pollaczek and Khinchine, in batches, and answers a second in a closed loop."""
    found = [_several_servers(servers, load) for servers in (1, 2, 5, 12, 64) for load in LOADS]
    found += [_any_service(cv, load) for cv in (0.0, 0.5, 2.0) for load in LOADS]
    found += [_shared_server(load) for load in LOADS]
    policies = (Greedy(1), Greedy(8), Greedy(64), Static(8), Static(64))
    found += [_in_batches(policy, load) for policy in policies for load in LOADS]
    found += [_with_timeout(seconds) for seconds in (0.5, 2.0, 20.0)]
    return found + [_closed_loop(users, think) for users, think in ((1, 3.0), (5, 4.0), (40, 12.0))]


def _arrivals(rate: float, seed: int, n: int) -> tuple[np.ndarray, float]:
    """Poisson arrivals on the grid of tokens, and how far the mean gap is from its expectation, relative."""
    gaps = stream("theory", "gaps", seed=seed).exponential(1 / rate, n)
    return np.rint(np.cumsum(gaps) / STEP) * STEP, gaps.mean() * rate - 1


def _settled(waits: np.ndarray) -> float:
    """Their mean; the first twentieth is still filling up."""
    return float(waits[len(waits) // 20 :].mean())


def _several_servers(servers: int, load: float) -> Case:
    rate, sharp = load * servers / MEAN, load <= 0.8
    requests = MORE if servers <= 2 and sharp else REQUESTS

    def run(seed):
        services = stream("theory", "services", servers, seed=seed).geometric(1 / SERVICE, requests)
        arrival, gap = _arrivals(rate, seed, requests)
        trace = Trace(arrival, np.ones(requests, int), services)
        result = simulate(trace, Continuous(servers), StepCost(STEP))
        return _settled(result.wait), [gap, services.mean() / SERVICE - 1]

    def formula():
        return theory.mmc_wait(rate, MEAN, servers)

    return Case(f"M/M/{servers}, load {load}: wait", formula, run, MEAN, sharp)


def _any_service(cv: float, load: float) -> Case:
    # Long services make long memories: no run of this length is sharp with a variation of 2.
    rate, sharp = load / MEAN, load <= 0.8 and cv < 1
    requests = MORE if sharp else REQUESTS

    def run(seed):
        draw = stream("theory", "any", seed=seed)
        services = np.full(requests, SERVICE)
        if cv:
            services = np.maximum(1, np.rint(draw.gamma(cv**-2, cv**2 * SERVICE, requests))).astype(int)
        arrival, gap = _arrivals(rate, seed, requests)
        result = simulate(Trace(arrival, np.ones(requests, int), services), Continuous(1), StepCost(STEP))
        squares = (services / SERVICE) ** 2
        controls = [gap, services.mean() / SERVICE - 1, squares.mean() - 1 - cv**2] if cv else [gap]
        return _settled(result.wait), controls

    name = "M/D/1" if not cv else f"M/G/1, variation {cv}"
    return Case(f"{name}, load {load}: wait", lambda: theory.mg1_wait(rate, MEAN, cv), run, MEAN, sharp)


def _shared_server(load: float) -> Case:
    """Every step gives each sequence a token and takes as long as there are sequences: all share equally.

    The mean does not depend on how lengths vary, so they need not.
    """
    rate = load / MEAN

    def run(seed):
        arrival, gap = _arrivals(rate, seed, REQUESTS)
        trace = Trace(arrival, np.ones(REQUESTS, int), np.full(REQUESTS, SERVICE))
        result = simulate(trace, Continuous(10_000), StepCost(0.0, s1=STEP))
        return _settled(result.latency), [gap]

    def formula():
        return theory.processor_sharing_latency(rate, MEAN)

    return Case(f"M/D/1, processor shared, load {load}: latency", formula, run, 0.0, load <= 0.8)


def _in_batches(policy: Greedy | Static, load: float) -> Case:
    def service(size):
        return FIXED + EACH * size

    longest = service(policy.batch)
    rate = load * policy.batch / longest

    def formula():
        if isinstance(policy, Greedy):
            return theory.greedy_batch_wait(rate, policy.batch, service)
        return theory.static_batch_wait(rate, policy.batch, longest)

    def run(seed):
        arrival, gap = _arrivals(rate, seed, REQUESTS)
        ones = np.ones(REQUESTS, int)
        result = simulate(Trace(arrival, ones, ones), policy, StepCost(1e-9, p0=FIXED, p1=EACH))
        return _settled(result.wait[result.served]), [gap]

    kind = type(policy).__name__.lower()
    return Case(f"{kind} batch of {policy.batch}, load {load}: wait", formula, run, longest, load <= 0.8)


def _with_timeout(seconds: float) -> Case:
    def run(seed):
        arrival, gap = _arrivals(4.0, seed, REQUESTS)
        ones = np.ones(REQUESTS, int)
        result = simulate(Trace(arrival, ones, ones), Timeout(16, seconds), StepCost(1e-9))
        return _settled(result.wait), [gap]

    name = f"batch of 16 or {seconds:g} s, 4 requests/s: wait"
    return Case(name, lambda: theory.timeout_wait(16, seconds, 4.0), run, sharp=True)


def _closed_loop(users: int, think: float) -> Case:
    """Seconds here are a thousand times the service time of the other cases' grid."""
    rounds, step = max(200, 20_000 // users), 2.0**-20

    def run(seed):
        exponential = lambda random, n: (np.ones(n, int), random.geometric(step, n))  # noqa: E731
        trace = Trace.closed(users, think, rounds, exponential, seed)
        result = simulate(trace, Continuous(1), StepCost(step))
        # The last users finish alone: only the time in which all are there counts.
        whole = min(result.finished[-users:])
        return float((result.finished <= whole).sum() / whole), []

    name = f"repairman, {users} user{'s' * (users > 1)}, thinking {think:g} s: answers"
    # The count of whole answers in a stretch of time is one too few or too many.
    return Case(name, lambda: theory.repairman_throughput(users, think, 1.0), run, slack=1e-3, unit="/s")

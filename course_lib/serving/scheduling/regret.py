"""How much of what could be won over a baseline a scheduler wins, on instances whose optimum is known."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.arguments import FINITE, INTEGER, NUMBER, between, takes
from course_lib.seeds import stream
from course_lib.serving.cost import StepCost
from course_lib.serving.scheduling.cluster import Cluster
from course_lib.serving.scheduling.engine import simulate_cluster
from course_lib.serving.scheduling.optimal import Job, jobs_of, optimum
from course_lib.serving.scheduling.result import ClusterResult
from course_lib.serving.scheduling.view import Scheduler
from course_lib.serving.trace import Trace

UNIT_TOKENS = 64
COST = StepCost(1 / UNIT_TOKENS)  # a second for 64 tokens, wherever and beside whomever
KINDS = {"code": 0.35, "chat": 0.6, "document": 0.05}  # shares of what comes
DOCUMENTS = (
    (5500, 5700),
    (6000, 16000),
    (18000, 50000),
)  # tokens of their prompts; answers are of 384 at least
LIMIT = 1.0  # seconds for a decision; see FORGIVEN in engine


@dataclass(frozen=True)
class Instance:
    """Requests on one day, their kinds, and what GPUs that serve one at a time make of them."""

    trace: Trace
    kinds: list[str]


@takes(seed=INTEGER, n=between(1, 10**6), load=NUMBER)
def instance(seed: int, n: int = 30, load: float = 2.0) -> Instance:
    """`n` requests, some 95 % short, in the time that five GPUs would need for 1 / `load` of their work.

    Inputs and answers of "code" and "chat" have the distributions of the two Azure traces 2023
    (Trace.like_azure; answers rounded up to whole seconds); a "document" is medium or large, or looks short
    until its answer has grown. Times are whole seconds, so that the optimum is exact. Raises ValueError for
    no requests, and a load that is not above 0.
    """
    if not 0 < load < np.inf:
        raise ValueError(f"load must be greater than 0 and finite, not {load}")
    random = stream("scheduling instance", n, seed=seed)
    kinds = random.permutation(np.repeat(list(KINDS), _shares(n)))
    inputs, units = np.empty(n, int), np.empty(n, int)
    for kind in KINDS:
        mine = np.flatnonzero(kinds == kind)
        if kind == "document":
            drawn = random.permutation(len(DOCUMENTS))[np.arange(len(mine)) % len(DOCUMENTS)]
            inputs[mine] = [random.integers(*DOCUMENTS[which]) for which in drawn]
            units[mine] = random.integers(6, 12, len(mine))
            continue
        twin = Trace.like_azure({"code": "code", "chat": "conv"}[kind], seed=seed, n=max(1, len(mine)))
        inputs[mine] = np.minimum(twin.input_tokens[: len(mine)], 4000)
        units[mine] = -(-twin.output_tokens[: len(mine)] // UNIT_TOKENS)
    span = units.sum() / (5 * load)
    arrival = np.sort(random.integers(0, max(1, round(span)), n))
    return Instance(Trace(arrival, inputs, units * UNIT_TOKENS), kinds.tolist())


def _shares(n: int) -> list[int]:
    counts = [round(share * n) for share in KINDS.values()]
    counts[1] += n - sum(counts)
    return counts


def serve(
    given: Instance, scheduler: Scheduler, cluster: Cluster, known: bool = False, limit: float | None = LIMIT
) -> ClusterResult:
    """The instance under `scheduler`, one at a time on each GPU. Raises as simulate_cluster does."""
    return simulate_cluster(
        given.trace, scheduler, cluster, COST, known=known, exclusive=True, kinds=given.kinds, limit=limit
    )


def views(given: Instance, scheduler: Scheduler, cluster: Cluster) -> list[dict]:
    """What `scheduler` sees each time it is asked on that day, in order. Raises as simulate_cluster does."""
    seen = []

    def watched(view):
        seen.append(view)
        return scheduler(view)

    serve(given, watched, cluster)
    return seen


def best_mean_latency(given: Instance, cluster: Cluster) -> float:
    """Mean seconds from arrival to the last token, of the best schedule for one who knows all beforehand."""
    value = _least_sum(tuple(jobs_of(given.trace, COST, 1.0)), cluster)
    return (value - given.trace.arrival.sum()) / len(given.trace)


@functools.lru_cache(maxsize=256)
def _least_sum(jobs: tuple[Job, ...], cluster: Cluster) -> int:
    return optimum(list(jobs), cluster).value


@takes(baseline=FINITE, yours=NUMBER, best=FINITE)
def share_won(baseline: float, yours: float, best: float) -> float:
    """(baseline - yours) / (baseline - best): 1 for the optimum, 0 for the baseline, below 0 for worse.

    Raises ValueError where nothing can be won, and for what is not a number.
    """
    if yours == -np.inf:
        raise ValueError("yours must be greater than minus infinity")
    if not baseline > best:
        raise ValueError(f"nothing can be won: the baseline's {baseline:g} is the best there is")
    return (baseline - yours) / (baseline - best)


def shares_won(
    schedulers: Mapping[str, Scheduler],
    baseline: Scheduler,
    instances: Sequence[Instance],
    cluster: Cluster,
    known: bool = False,
) -> dict[str, list[float]]:
    """For each scheduler, the share it wins of the mean latency that can be won, instance by instance.

    A rule that leaves somebody unserved wins minus infinity.
    """
    won: dict[str, list[float]] = {name: [] for name in schedulers}
    for given in instances:
        best = best_mean_latency(given, cluster)
        base = serve(given, baseline, cluster, known).latency.mean()
        for name, scheduler in schedulers.items():
            result = serve(given, scheduler, cluster, known)
            yours = result.latency.mean() if result.served.all() else np.inf
            won[name].append(share_won(base, yours, best))
    return won

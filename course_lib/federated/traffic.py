"""What a training costs a client: local steps, rounds until it is good enough, and bytes over the network."""

import math
from collections.abc import Sequence

import numpy as np

from course_lib.arguments import count, not_negative, one_of, row, same_length, share
from course_lib.costs import collectives
from course_lib.notebook.reference import reference

KINDS = ("federated", "data_parallel")


@reference("Lab7.5")
def local_updates(epochs: int, sizes: Sequence[int], batch: int) -> np.ndarray:
    """Steps of SGD (clients,) that each client takes in one round: epochs · ceil(size / batch)."""
    count(epochs=epochs, batch=batch)
    sizes = row("sizes", sizes, least=1, whole=True)
    return (epochs * -(-sizes.astype(int) // batch)).astype(int)


@reference("Lab7.5")
def bytes_per_client(kind: str, rounds: float, parameters: int, clients: int, each: int = 4) -> float:
    """Bytes that one client sends and receives in so many rounds (or steps), a parameter being `each` bytes.

    "federated": it receives the server's model and sends its own. "data_parallel": a ring all-reduce of the
    gradient, of which it sends 2(n - 1)/n and receives as much. Raises ValueError for another kind.
    """
    one_of("kind", kind, KINDS)
    not_negative(rounds=rounds)
    count(parameters=parameters, clients=clients, each=each)
    model = parameters * each
    sent = model if kind == "federated" else collectives.bytes_sent("all_reduce", model, clients)
    return rounds * 2 * sent


@reference("Lab7.6")
def rounds_to(accuracy: Sequence[float], target: float, at: Sequence[float] | None = None) -> float:
    """When the best accuracy so far first reaches the target, between two measurements by a straight line.

    accuracy (m,): measured after `at` (m,) rounds, 0, 1, 2, ... unless given. Infinity where the target is
    never reached. McMahan et al. 2017, section 3: curves are made monotonic by the best value up to then.
    """
    share(target=target)
    best = np.maximum.accumulate(row("accuracy", accuracy))
    at = np.arange(len(best)) if at is None else row("at", at)
    same_length(accuracy=best, at=at)
    reached = int(np.searchsorted(best, target))
    if reached == len(best):
        return math.inf
    if reached == 0:
        return float(at[0])
    low, high = best[reached - 1 : reached + 1]
    return float(at[reached - 1] + (at[reached] - at[reached - 1]) * (target - low) / (high - low))

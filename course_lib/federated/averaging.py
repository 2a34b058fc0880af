"""One round of federated averaging: some clients train from the server's model, the server averages theirs.

Algorithm 1 of McMahan et al. 2017 (arXiv:1602.05629). Weights are lists of arrays, as in network.py.
"""

from collections.abc import Callable, Sequence

import numpy as np

from course_lib import seeds
from course_lib.arguments import count, positive, row, share
from course_lib.federated.network import Weights, gradient
from course_lib.notebook.reference import reference

Client = tuple[np.ndarray, np.ndarray]  # inputs x (n, in) and classes y (n,)
Update = Callable[[Weights, np.ndarray, np.ndarray, np.ndarray, int, float], Weights]
Average = Callable[[Sequence[Weights], Sequence[int]], Weights]


@reference("Lab7.2")
def local_update(
    weights: Weights, x: np.ndarray, y: np.ndarray, order: np.ndarray, batch: int, rate: float
) -> Weights:
    """A client's own model after SGD on x (n, in) and y (n,); the weights that are given stay as they were.

    order (epochs, n): which examples come one after the other in each epoch. An epoch's last batch may be
    smaller. Raises ValueError for a client without examples, a batch below 1 or a rate not above 0.
    """
    count(batch=batch)
    positive(rate=rate)
    if len(x) == 0 or len(x) != len(y):
        raise ValueError(f"a client needs as many classes as inputs, at least 1: {len(y)} and {len(x)}")
    own = [part.copy() for part in weights]
    for epoch in order:
        for start in range(0, len(epoch), batch):
            chosen = epoch[start : start + batch]
            for part, slope in zip(own, gradient(own, x[chosen], y[chosen]), strict=True):
                part -= rate * slope
    return own


@reference("Lab7.3")
def federated_average(models: Sequence[Weights], sizes: Sequence[int]) -> Weights:
    """Mean of the clients' models, each weighted by its share of all examples: size / sum of sizes.

    Summed in float64 and given back in the models' own precision. Raises ValueError for no models, models of
    different shapes, and sizes that are not one for each model or not above 0.
    """
    if not len(models):
        raise ValueError("an average needs at least one model")
    sizes = row("sizes", sizes)
    if len(sizes) != len(models) or not (sizes > 0).all():
        raise ValueError(f"{len(models)} models need as many sizes above 0, not {sizes.tolist()}")
    shapes = [[part.shape for part in model] for model in models]
    for place, found in enumerate(shapes):
        if found != shapes[0]:
            raise ValueError(f"model {place} has arrays of shapes {found}, model 0 of {shapes[0]}")
    shares = sizes / sizes.sum()
    return [
        sum(part.astype(float) * one for part, one in zip(parts, shares, strict=True)).astype(parts[0].dtype)
        for parts in zip(*models, strict=True)
    ]


@reference("Lab7.4")
def federated_round(
    weights: Weights,
    clients: Sequence[Client],
    answered: Sequence[int],
    orders: Sequence[np.ndarray],
    batch: int,
    rate: float,
    update: Update = local_update,
    average: Average = federated_average,
) -> Weights:
    """The server's next model: the average of what those of the clients who answered made of this one.

    answered: their numbers; orders: for each of all clients, the order (epochs, n) of its examples. If nobody
    answered, the model stays. Raises ValueError for a number that is no client's, or that comes twice.
    """
    unknown = [client for client in answered if not 0 <= client < len(clients)]
    if unknown or len(set(answered)) < len(answered):
        raise ValueError(
            f"answered must hold different numbers from 0 to {len(clients) - 1}, not {list(answered)}"
        )
    if not len(answered):
        return [part.copy() for part in weights]
    models = [update(weights, *clients[client], orders[client], batch, rate) for client in answered]
    return average(models, [len(clients[client][1]) for client in answered])


def drawn_orders(clients: Sequence[Client], epochs: int, turn: int, seed: int = 0) -> list[np.ndarray]:
    """For each client the order (epochs, n) of its examples in round `turn`, each epoch in another order."""
    count(0, epochs=epochs)
    return [
        _shuffled(len(y), epochs, seeds.stream("federated", "order", client, turn, seed=seed))
        for client, (_, y) in enumerate(clients)
    ]


def _shuffled(n: int, epochs: int, random: np.random.Generator) -> np.ndarray:
    return random.permuted(np.tile(np.arange(n), (epochs, 1)), axis=1)


def answering(clients: int, fraction: float, rounds: int, seed: int = 0) -> list[np.ndarray]:
    """For each round the clients who are asked, drawn at random: max(fraction · clients, 1) of them, rounded.

    McMahan et al. 2017, C in Algorithm 1. Raises ValueError for a fraction outside of 0 to 1.
    """
    count(clients=clients)
    count(0, rounds=rounds)
    share(fraction=fraction)
    asked = max(round(fraction * clients), 1)
    random = seeds.stream("federated", "answering", seed=seed)
    return [np.sort(random.permutation(clients)[:asked]) for _ in range(rounds)]

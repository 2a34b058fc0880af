"""Data-parallel SGD on the same clients: gradients are averaged after every single step."""

from collections.abc import Sequence

import numpy as np

from course_lib.arguments import count, positive
from course_lib.datasets import Split
from course_lib.federated import network
from course_lib.federated.averaging import drawn_orders
from course_lib.federated.network import Weights, gradient
from course_lib.federated.rounds import History, clients_of, measured


def train(
    data: Split,
    split: Sequence[np.ndarray],
    steps: int,
    *,
    batch: int = 10,
    rate: float = 0.1,
    every: int = 1,
    weights: Weights | None = None,
    seed: int = 0,
) -> History:
    """SGD whose steps take about `batch` examples of every client; measured before and after `every` steps.

    In each epoch every client cuts its own shuffled examples into as many pieces as there are steps, so that
    each example comes once. The mean of the clients' gradients, weighted by the sizes of their pieces, is the
    gradient on all pieces together, which is what is computed here. Raises ValueError for numbers that are
    not above 0.
    """
    count(steps=steps, batch=batch, every=every)
    positive(rate=rate)
    clients = clients_of(data, split)
    weights = (
        network.initial((data.x_train.shape[1], *network.WIDTHS[1:]), seed) if weights is None else weights
    )
    weights = [part.copy() for part in weights]
    total = sum(len(part) for part in split)
    steps_an_epoch = -(-total // (batch * len(split)))
    at, seen = [0], [measured(weights, data)]
    for step in range(steps):
        epoch, place = divmod(step, steps_an_epoch)
        if place == 0:
            orders = drawn_orders(clients, 1, epoch, seed)
            cuts = [
                np.array_split(part[order[0]], steps_an_epoch)
                for part, order in zip(split, orders, strict=True)
            ]
        chosen = np.concatenate([cut[place] for cut in cuts])
        slopes = gradient(weights, data.x_train[chosen], data.y_train[chosen])
        for part, slope in zip(weights, slopes, strict=True):
            part -= rate * slope
        if (step + 1) % every == 0:
            at.append(step + 1)
            seen.append(measured(weights, data))
    accuracy, loss = np.array(seen).T
    return History(np.array(at), accuracy, loss, weights)

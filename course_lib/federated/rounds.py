"""Federated training from the first model to the last, on digits or whatever is split."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.arguments import COUNT, POSITIVE, check_fields
from course_lib.datasets import Split
from course_lib.federated import network
from course_lib.federated.averaging import (
    Average,
    Client,
    Update,
    drawn_orders,
    federated_average,
    federated_round,
    local_update,
)
from course_lib.federated.network import Weights
from course_lib.notebook.progress import Progress


@dataclass(frozen=True)
class Setting:
    """How long and how fast: rounds, local epochs per round, examples of a local batch, rate of SGD.

    Raises ValueError for numbers that are not above 0.
    """

    rounds: int = 10
    epochs: int = 5
    batch: int = 10
    rate: float = 0.1

    def __post_init__(self):
        check_fields(self, rounds=COUNT, epochs=COUNT, batch=COUNT, rate=POSITIVE)


# The run of a student's report on federated averaging: two clients with half of the images each.
REPORT, REPORT_CLIENTS = Setting(rounds=2, epochs=2, batch=32, rate=0.1), 2


@dataclass(frozen=True)
class History:
    """What a training saw on the test images before its first round (or step) and after those measured.

    at (m,): after how many rounds (or steps); accuracy (m,) from 0 to 1 and loss (m,), the mean
    cross-entropy; weights: the last model.
    """

    at: np.ndarray
    accuracy: np.ndarray
    loss: np.ndarray
    weights: Weights


def clients_of(data: Split, split: Sequence[np.ndarray]) -> list[Client]:
    """Each client's own training examples, x (n, in) and y (n,), by a split of them.

    Raises ValueError for a client that has none.
    """
    for client, part in enumerate(split):
        if not len(part):
            raise ValueError(f"client {client} has no examples")
    return [(data.x_train[part], data.y_train[part]) for part in split]


def train(
    data: Split,
    split: Sequence[np.ndarray],
    setting: Setting = Setting(),
    *,
    answered: Sequence[Sequence[int]] | None = None,
    update: Update = local_update,
    average: Average = federated_average,
    weights: Weights | None = None,
    seed: int = 0,
    on_round: Callable[[int, float], None] | None = None,
    progress: bool = False,
) -> History:
    """Federated averaging on the clients of a split; what the server's model is worth after each round.

    answered: the clients of each round (all of them unless given; see `answering`). update(weights, x, y,
    order, batch, rate) and average(models, sizes) may be one's own. The same seed gives the same first model
    and the same orders. on_round(round, accuracy) is called after each. Raises ValueError as a round does,
    and unless `answered` has an entry for each round.
    """
    clients = clients_of(data, split)
    answered = [range(len(clients))] * setting.rounds if answered is None else answered
    if len(answered) != setting.rounds:
        raise ValueError(f"answered must say who answers in {setting.rounds} rounds, not in {len(answered)}")
    weights = (
        network.initial((data.x_train.shape[1], *network.WIDTHS[1:]), seed) if weights is None else weights
    )
    seen = [measured(weights, data)]
    with Progress(setting.rounds, "rounds", show=progress) as bar:
        for turn, now in enumerate(answered):
            orders = drawn_orders(clients, setting.epochs, turn, seed)
            weights = federated_round(
                weights, clients, now, orders, setting.batch, setting.rate, update, average
            )
            seen.append(measured(weights, data))
            bar.update(1, f"accuracy {seen[-1][0]:.1%}")
            if on_round:
                on_round(turn, seen[-1][0])
    accuracy, loss = np.array(seen).T
    return History(np.arange(len(seen)), accuracy, loss, weights)


def measured(weights: Weights, data: Split) -> tuple[float, float]:
    """Accuracy and mean loss on the test images."""
    accuracy = network.accuracy(weights, data.x_test, data.y_test)
    return accuracy, float(network.losses(weights, data.x_test, data.y_test).mean())

"""Training is rounds one after the other, and with one full batch a round a step of data-parallel SGD."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import datasets
from course_lib.federated import averaging, data_parallel, network, rounds, splits
from course_lib.federated.rounds import Setting

ONE = Setting(rounds=1, epochs=1, batch=10_000, rate=0.5)


def small(n=60):
    """The first images of the digits, 30 of them to test on, in float64 where rounding would hide a fault."""
    data = datasets.digits()
    return datasets.Split(
        data.x_train[:n].astype(float), data.y_train[:n], data.x_test[:30].astype(float), data.y_test[:30]
    )


def first(seed=0):
    return [part.astype(float) for part in network.initial(seed=seed)]


def close(found, expected, tolerance=1e-10):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_training_is_one_round_after_the_other():
    data, setting = small(), Setting(3, 2, 7, 0.1)
    split = splits.iid(data.y_train, 4)
    asked, seen = [[0, 1], [3], []], []
    found = rounds.train(
        data, split, setting, answered=asked, weights=first(), on_round=lambda *now: seen.append(now)
    )
    clients, weights = rounds.clients_of(data, split), first()
    accuracy, loss = [rounds.measured(weights, data)[0]], [rounds.measured(weights, data)[1]]
    for turn, now in enumerate(asked):
        orders = averaging.drawn_orders(clients, 2, turn)
        weights = averaging.federated_round(weights, clients, now, orders, 7, 0.1)
        accuracy.append(network.accuracy(weights, data.x_test, data.y_test))
        loss.append(network.losses(weights, data.x_test, data.y_test).mean())
    close(found.weights, weights, 0)
    assert found.at.tolist() == [0, 1, 2, 3]
    assert found.accuracy.tolist() == accuracy
    assert found.loss.tolist() == loss
    assert seen == list(enumerate(accuracy[1:]))


def test_same_seed_repeats_a_training_and_the_first_weights_stay_as_they_were():
    data, start = small(), first()
    split = splits.iid(data.y_train, 3)
    again = [rounds.train(data, split, Setting(2, 1, 8), weights=start, seed=seed) for seed in (1, 1, 2)]
    close(again[0].weights, again[1].weights, 0)
    assert not np.array_equal(again[0].weights[0], again[2].weights[0])
    close(start, first(), 0)
    data_parallel.train(data, split, 3, weights=start)
    close(start, first(), 0)


@given(st.integers(1, 6), st.integers(0, 9))
def test_one_full_batch_round_is_one_data_parallel_step(clients, seed):
    data = small(40)
    split = splits.by_label(data.y_train, clients, 1, seed)
    federated = rounds.train(data, split, ONE, weights=first(), seed=seed)
    parallel = data_parallel.train(data, split, 1, batch=10_000, rate=0.5, weights=first(), seed=seed)
    close(federated.weights, parallel.weights)


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 6))
def test_data_parallel_step_is_the_average_of_the_ranks_steps(clients, batch, steps):
    """A rank's step is a local update of one batch; the mean of the models is the mean gradient's step."""
    data = small(40)
    split = splits.iid(data.y_train, clients)
    total = -(-40 // (batch * clients))
    weights = first()
    for step in range(steps):
        epoch, place = divmod(step, total)
        ordered = averaging.drawn_orders(rounds.clients_of(data, split), 1, epoch)
        pieces = [
            np.array_split(part[order[0]], total)[place] for part, order in zip(split, ordered, strict=True)
        ]
        pieces = [piece for piece in pieces if len(piece)]
        models = [
            averaging.local_update(weights, data.x_train[piece], data.y_train[piece],
                                   np.arange(len(piece))[None], len(piece), 0.2)
            for piece in pieces
        ]  # fmt: skip
        weights = averaging.federated_average(models, [len(piece) for piece in pieces])
    found = data_parallel.train(data, split, steps, batch=batch, rate=0.2, weights=first())
    close(found.weights, weights)


def test_data_parallel_is_measured_before_and_as_often_as_asked():
    data = small()
    found = data_parallel.train(data, splits.iid(data.y_train, 3), 7, every=3, weights=first())
    assert found.at.tolist() == [0, 3, 6]
    assert len(found.accuracy) == len(found.loss) == 3
    start = rounds.measured(first(), data)
    assert (found.accuracy[0], found.loss[0]) == start


def test_the_reports_run_is_two_clients_for_two_rounds_of_two_epochs():
    data = small()
    split = splits.iid(data.y_train, rounds.REPORT_CLIENTS)
    calls = []

    def update(weights, x, y, order, batch, rate):
        calls.append((len(order), batch, rate))
        return averaging.local_update(weights, x, y, order, batch, rate)

    found = rounds.train(data, split, rounds.REPORT, update=update)
    assert calls == [(2, 32, 0.1)] * 4
    assert found.at.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: rounds.train(small(), [np.arange(3), np.arange(0)]), "client 1 has no examples"),
        (lambda: rounds.train(small(), [np.arange(3)], ONE, answered=[[0], [0]]), "in 1 rounds, not in 2"),
        (lambda: Setting(rounds=0), "rounds must be at least 1"),
        (lambda: Setting(epochs=1.5), "epochs must be a whole number"),
        (lambda: Setting(batch=0), "batch must be at least 1"),
        (lambda: Setting(rate=0), "rate must be greater than 0"),
        (lambda: data_parallel.train(small(), [np.arange(3)], 0), "steps must be at least 1"),
        (lambda: data_parallel.train(small(), [np.arange(3), []], 1), "client 1 has no examples"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_is_refused_in_one_line(ask, said):
    with pytest.raises(ValueError, match=said) as error:
        ask()
    assert "\n" not in str(error.value)

"""A round is Algorithm 1 of the paper: against float64 loops, plain SGD, and what holds of any mean."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import datasets, seeds, training
from course_lib.federated import averaging, network
from tests.course_lib.federated.test_network import examples, model

SIZES = st.lists(st.integers(1, 50), min_size=1, max_size=6)
WIDTHS = [5, 4, 3]
STEPS = {"batch": 4, "rate": 0.1}


def same(first, second):
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(first, second, strict=True))


def close(first, second, tolerance):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def orders(clients, epochs=1):
    return [np.tile(np.arange(len(y)), (epochs, 1)) for _, y in clients]


@given(SIZES, st.integers(0, 99))
def test_average_is_the_weighted_mean_number_by_number(sizes, seed):
    models = [model(WIDTHS, seed + i) for i in range(len(sizes))]
    found = averaging.federated_average(models, sizes)
    for place, part in enumerate(found):
        for index in np.ndindex(part.shape):
            mean = sum(n * m[place][index] for n, m in zip(sizes, models, strict=True)) / sum(sizes)
            assert part[index] == pytest.approx(mean, rel=1e-12, abs=1e-12)


@given(SIZES, st.randoms(use_true_random=False))
def test_clients_may_come_in_any_order(sizes, random):
    models = [model(WIDTHS, i) for i in range(len(sizes))]
    places = list(range(len(sizes)))
    random.shuffle(places)
    shuffled = averaging.federated_average([models[i] for i in places], [sizes[i] for i in places])
    close(averaging.federated_average(models, sizes), shuffled, 1e-14)


@given(SIZES, st.sampled_from([np.float32, np.float64]))
def test_average_of_equal_models_is_the_model(sizes, dtype):
    one = model(WIDTHS, dtype=dtype)
    found = averaging.federated_average([one] * len(sizes), sizes)
    assert all(part.dtype == dtype for part in found)
    close(found, one, 4 * np.finfo(dtype).eps)
    assert len(sizes) > 1 or same(found, one)


@given(SIZES, st.integers(2, 1000))
def test_only_the_proportions_of_the_sizes_count(sizes, factor):
    models = [model(WIDTHS, i) for i in range(len(sizes))]
    larger = averaging.federated_average(models, [factor * n for n in sizes])
    close(averaging.federated_average(models, sizes), larger, 1e-14)


def test_average_lies_between_the_models_and_nearer_to_the_larger_client():
    first, second = model(WIDTHS, 0), model(WIDTHS, 1)
    found = averaging.federated_average([first, second], [1, 3])
    close(found, [0.25 * a + 0.75 * b for a, b in zip(first, second, strict=True)], 1e-14)


@given(st.integers(1, 23), st.integers(1, 30), st.integers(0, 3), st.integers(0, 99))
def test_local_update_is_torchs_sgd_with_its_short_last_batch(n, batch, epochs, seed):
    weights, (x, y) = model(WIDTHS, seed), examples(n, WIDTHS, seed)
    order = seeds.stream("test", "order", seed=seed).permuted(np.tile(np.arange(n), (epochs, 1)), axis=1)
    net = training.mlp(WIDTHS).double()
    with torch.no_grad():
        for parameter, part in zip(net.parameters(), weights, strict=True):
            parameter.copy_(torch.tensor(part))
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    for epoch in order.reshape(epochs, n):
        for chosen in torch.tensor(epoch).split(batch):
            sgd.zero_grad()
            torch.nn.functional.cross_entropy(
                net(torch.tensor(x)[chosen]), torch.tensor(y)[chosen]
            ).backward()
            sgd.step()
    found = averaging.local_update(weights, x, y, order, batch, 0.1)
    close(found, [parameter.detach().numpy() for parameter in net.parameters()], 1e-9)


def test_local_update_on_the_digits_is_the_training_loops_sgd():
    data = datasets.digits()
    x, y = data.x_train[:205], data.y_train[:205]
    net = training.mlp(network.WIDTHS, seed=2)
    training.train(net, x, y, epochs=3, batch_size=10, lr=0.1, optimizer="sgd", seed=2, progress=False)
    drawn = seeds.torch_stream("training", "order", seed=2)
    order = np.stack([torch.randperm(205, generator=drawn).numpy() for _ in range(3)])
    found = averaging.local_update(network.initial(seed=2), x, y, order, 10, 0.1)
    close(found, [parameter.detach().numpy() for parameter in net.parameters()], 1e-4)


def test_local_update_leaves_the_servers_model_alone():
    weights, (x, y) = model(WIDTHS), examples(9, WIDTHS)
    before = [part.copy() for part in weights]
    found = averaging.local_update(weights, x, y, np.arange(9)[None], **STEPS)
    assert same(weights, before)
    assert not same(found, before)


@given(st.integers(1, 20), st.integers(1, 7), st.integers(1, 3), st.sampled_from([np.float32, np.float64]))
def test_one_client_alone_is_plain_sgd_bit_for_bit(n, batch, epochs, dtype):
    weights, (x, y) = model(WIDTHS, dtype=dtype), examples(n, WIDTHS)
    client = (x.astype(dtype), y)
    federated, all_orders = weights, []
    for turn in range(3):
        drawn = averaging.drawn_orders([client], epochs, turn)
        federated = averaging.federated_round(federated, [client], [0], drawn, batch, 0.1)
        all_orders.append(drawn[0])
    assert same(federated, averaging.local_update(weights, *client, np.concatenate(all_orders), batch, 0.1))


@given(SIZES, st.integers(0, 99))
def test_a_full_batch_step_of_each_client_averages_to_a_step_on_all_data(sizes, seed):
    weights = model(WIDTHS, seed)
    clients = [examples(n, WIDTHS, seed + i) for i, n in enumerate(sizes)]
    x, y = (np.concatenate(parts) for parts in zip(*clients, strict=True))
    found = averaging.federated_round(
        weights, clients, range(len(clients)), orders(clients), batch=100, rate=0.5
    )
    step = averaging.local_update(weights, x, y, np.arange(len(y))[None], len(y), 0.5)
    close(found, step, 1e-10)


def test_equal_weights_are_far_from_a_step_on_all_data():
    """What holds the weights in their place where the last accuracy would not."""
    clients = [examples(n, WIDTHS, i) for i, n in enumerate((2, 40))]
    weights = model(WIDTHS)
    models = [
        averaging.local_update(weights, *client, np.arange(len(client[1]))[None], 100, 0.5)
        for client in clients
    ]
    right = averaging.federated_average(models, [2, 40])
    wrong = averaging.federated_average(models, [1, 1])
    assert max(np.abs(a - b).max() for a, b in zip(right, wrong, strict=True)) > 0.01


def test_those_who_do_not_answer_change_nothing_and_do_not_count():
    clients = [examples(n, WIDTHS, i) for i, n in enumerate((5, 9, 3))]
    weights = model(WIDTHS)
    some = averaging.federated_round(weights, clients, [2, 0], orders(clients), **STEPS)
    others = [clients[0], clients[2]]
    close(some, averaging.federated_round(weights, others, [0, 1], orders(others), **STEPS), 1e-14)
    nobody = averaging.federated_round(weights, clients, [], orders(clients), **STEPS)
    assert same(nobody, weights)
    assert nobody[0] is not weights[0]


def test_ones_own_update_and_average_are_called_with_plain_data():
    clients, seen = [examples(n, WIDTHS, i) for i, n in enumerate((5, 9))], []

    def update(weights, x, y, order, batch, rate):
        seen.append((len(x), order.shape, batch, rate))
        return [part + len(x) for part in weights]

    def average(models, sizes):
        seen.append(list(sizes))
        return models[1]

    weights = model(WIDTHS)
    found = averaging.federated_round(weights, clients, [0, 1], orders(clients, 2), 4, 0.1, update, average)
    assert seen == [(5, (2, 5), 4, 0.1), (9, (2, 9), 4, 0.1), [5, 9]]
    assert same(found, [part + 9 for part in weights])


def test_orders_hold_each_example_once_an_epoch_and_differ_by_epoch_round_client_and_seed():
    clients = [examples(30, WIDTHS), examples(30, WIDTHS)]
    drawn = [
        row.tolist()
        for turn in range(2)
        for seed in range(2)
        for order in averaging.drawn_orders(clients, 2, turn, seed)
        for row in order
    ]
    assert all(sorted(row) == list(range(30)) for row in drawn)
    assert len(set(map(tuple, drawn))) == 16


@given(st.integers(1, 30), st.floats(0, 1), st.integers(0, 5))
def test_as_many_clients_are_asked_as_the_fraction_says_and_at_least_one(clients, fraction, rounds):
    asked = averaging.answering(clients, fraction, rounds)
    assert len(asked) == rounds
    for now in asked:
        assert len(now) == max(round(fraction * clients), 1)
        assert list(now) == sorted(set(now.tolist()) & set(range(clients)))


def test_every_client_is_asked_about_as_often():
    counts = np.bincount(np.concatenate(averaging.answering(10, 0.3, 2000)), minlength=10)
    # A count is binomial(2000, 0.3): 5 standard deviations are 102.
    assert np.abs(counts - 600).max() < 102


ONE, OTHER = model(WIDTHS), model([5, 3, 3])
PAIR = [examples(3, WIDTHS), examples(4, WIDTHS)]
NOBODY = (np.zeros((0, 5)), np.zeros(0, int))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: averaging.federated_average([], []), "at least one model"),
        (lambda: averaging.federated_average([ONE, OTHER], [1, 1]), "model 1 has arrays of shapes"),
        (lambda: averaging.federated_average([ONE, ONE[:2]], [1, 1]), "model 1 has arrays of shapes"),
        (lambda: averaging.federated_average([ONE, ONE], [1]), "2 models need as many sizes above 0"),
        (lambda: averaging.federated_average([ONE, ONE], [1, 0]), "sizes above 0, not"),
        (lambda: averaging.federated_average([ONE, ONE], [1, np.nan]), "sizes must hold finite numbers"),
        (lambda: averaging.federated_round(ONE, PAIR, [2], orders(PAIR), 4, 0.1), "from 0 to 1, not"),
        (lambda: averaging.federated_round(ONE, PAIR, [1, 1], orders(PAIR), 4, 0.1), "different numbers"),
        (lambda: averaging.local_update(ONE, *NOBODY, [], 4, 0.1), "at least 1: 0 and 0"),
        (lambda: averaging.local_update(ONE, np.zeros((2, 5)), np.zeros(3, int), [], 4, 0.1), "3 and 2"),
        (lambda: averaging.local_update(ONE, *PAIR[0], [], 0, 0.1), "batch must be at least 1"),
        (lambda: averaging.local_update(ONE, *PAIR[0], [], 4, 0.0), "rate must be greater than 0"),
        (lambda: averaging.answering(10, 1.5, 3), "fraction must be from 0 to 1, not 1.5"),
        (lambda: averaging.answering(10, -0.1, 3), "fraction must be from 0 to 1"),
        (lambda: averaging.answering(0, 0.5, 3), "clients must be at least 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_averaged_or_trained_is_refused_in_one_line(ask, said):
    with pytest.raises(ValueError, match=said) as error:
        ask()
    assert "\n" not in str(error.value)

"""What the course says of federated averaging holds on the digits, with ten clients, for every seed tried."""

import functools

import numpy as np
import pytest

from course_lib import datasets
from course_lib.federated import averaging, data_parallel, line, network, revealed, rounds, splits, traffic
from course_lib.federated.rounds import Setting

SEEDS = (3, 4, 5)  # the notebook asserts the same of its own


def alike(y, seed):
    return splits.iid(y, 10, seed)


def by_label(y, seed):
    return splits.by_label(y, 10, 1, seed)


@functools.cache
def percent(deal, setting=Setting(), **options):
    """Test accuracies (seeds, rounds + 1) in percent; what several tests ask for is trained once."""
    data = datasets.digits()
    runs = [rounds.train(data, deal(data.y_train, s), setting, seed=s, **options) for s in SEEDS]
    return 100 * np.array([run.accuracy for run in runs])


def unweighted(models, sizes):
    return averaging.federated_average(models, [1] * len(models))


@pytest.mark.slow
def test_who_holds_what_decides_how_far_ten_rounds_get():
    even, single = percent(alike), percent(by_label)
    assert even[:, -1].min() >= 94
    assert single[:, -1].max() <= 80
    skewed = percent(lambda y, seed: splits.dirichlet(y, 10, 0.05, seed=seed), Setting(5))
    assert (even[:, 5] - skewed[:, 5]).min() >= 6


@pytest.mark.slow
def test_clients_gone_for_ever_cost_their_classes_only_where_nobody_else_holds_them():
    eight = {"answered": (range(8),) * 10}
    assert (percent(by_label)[:, -1] - percent(by_label, **eight)[:, -1]).min() >= 6
    assert (percent(alike)[:, -1] - percent(alike, **eight)[:, -1]).mean() <= 1.5


@pytest.mark.slow
def test_more_local_epochs_help_at_equal_rounds_and_harm_at_equal_work():
    one_round = {
        deal: percent(deal, Setting(1, 5))[:, -1] - percent(deal, Setting(1, 1))[:, -1]
        for deal in (alike, by_label)
    }
    assert one_round[alike].min() >= 15
    assert one_round[by_label].max() <= 10
    often, once = percent(by_label, Setting(20, 1))[:, -1], percent(by_label, Setting(1, 20))[:, -1]
    assert (often - once).min() >= 40
    assert percent(alike, Setting(1, 20))[:, -1].min() >= 90


@pytest.mark.slow
def test_equal_weights_lose_where_small_clients_know_one_class():
    shares = np.zeros((10, 10))
    shares[range(9), range(1, 10)] = 0.1
    shares[:, 0] = 1 - shares.sum(axis=1)
    setting = Setting(3)

    def deal(y, seed):
        return splits.by_shares(y, shares, seed)

    assert (percent(deal, setting) - percent(deal, setting, average=unweighted))[:, 3].min() >= 5


@pytest.mark.slow
def test_rounds_need_a_tenth_of_the_bytes_of_an_average_after_every_step():
    data, size = datasets.digits(), 50_890
    for seed, accuracy in zip(SEEDS, percent(alike, Setting(3)) / 100, strict=True):
        federated = traffic.bytes_per_client("federated", traffic.rounds_to(accuracy, 0.9), size, 10)
        for rate in (0.1, 0.2):
            run = data_parallel.train(data, alike(data.y_train, seed), 80, rate=rate, seed=seed)
            steps = traffic.rounds_to(run.accuracy, 0.9, run.at)
            assert traffic.bytes_per_client("data_parallel", steps, size, 10) >= 20 * federated


@pytest.mark.slow
def test_average_of_two_models_is_good_from_one_start_and_bad_from_two():
    data = datasets.digits()
    for seed in SEEDS:
        # 240 steps of 50 examples at rate 0.1, as in the paper.
        clients = rounds.clients_of(data, [part[:300] for part in splits.iid(data.y_train, 2, seed)])
        orders = averaging.drawn_orders(clients, 40, 0, seed)

        def above_ends(starts, clients=clients, orders=orders):
            first, second = (
                averaging.local_update(network.initial(seed=start), *client, order, 50, 0.1)
                for start, client, order in zip(starts, clients, orders, strict=True)
            )
            losses = line.loss_along(first, second, data.x_train, data.y_train, [0, 0.5, 1])
            return 2 * losses[1] / (losses[0] + losses[2])

        assert above_ends((seed, seed)) < 1
        assert above_ends((seed, seed + 100)) >= 2


def test_update_of_a_client_with_one_class_tells_which():
    data = datasets.digits()
    for seed in SEEDS:
        clients = rounds.clients_of(data, by_label(data.y_train, seed))
        weights = network.initial(seed=seed)
        for (x, y), order in zip(clients, averaging.drawn_orders(clients, 1, 0, seed), strict=True):
            after = averaging.local_update(weights, x, y, order, 10, 0.1)
            rose = revealed.classes_that_rose(weights, after)
            assert np.bincount(y).argmax() in rose
            assert set(rose) <= set(y)

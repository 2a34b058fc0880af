"""Every example lies with exactly one client, and who holds what is as the papers have it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import datasets, seeds
from course_lib.federated import splits

LABELS = st.lists(st.integers(0, 4), min_size=12, max_size=60).map(np.array)
SEEDS = st.integers(0, 99)


def whole(split, y):
    return sorted(np.concatenate(split).tolist()) == list(range(len(y)))


@given(LABELS, st.integers(1, 12), st.integers(1, 3), SEEDS)
def test_no_example_is_lost_or_held_twice(y, clients, shards, seed):
    dealt = [splits.iid(y, clients, seed)]
    if clients * shards <= len(y):
        dealt.append(splits.by_label(y, clients, shards, seed))
    dealt.append(splits.dirichlet(y, clients, 1e4, 1, seed) if clients < 4 else splits.iid(y, clients))
    for split in dealt:
        assert len(split) == clients
        assert whole(split, y)
        assert min(map(len, split)) >= 1


@given(LABELS, st.integers(1, 4), st.integers(1, 3), SEEDS)
def test_shards_are_runs_of_the_sorted_classes_and_of_one_size(y, clients, shards, seed):
    split = splits.by_label(y, clients, shards, seed)
    size = len(y) / (clients * shards)
    for part in split:
        assert abs(len(part) - shards * size) < shards
    # Shuffling within a class changes no piece's classes.
    pieces = np.array_split(np.sort(y), clients * shards)
    most = max(len(np.unique(piece)) for piece in pieces)
    assert (splits.label_counts(y, split) > 0).sum(axis=1).max() <= shards * most


def test_one_shard_of_the_digits_is_nearly_one_class():
    y = datasets.digits().y_train
    for seed in range(3):
        counts = splits.label_counts(y, splits.by_label(y, 10, 1, seed))
        assert (counts.max(axis=1) / counts.sum(axis=1)).min() > 0.9
        assert sorted(counts.argmax(axis=1)) == list(range(10))


def test_clients_of_an_even_split_see_every_class_about_as_often():
    y = datasets.digits().y_train
    counts = splits.label_counts(y, splits.iid(y, 10))
    expected = np.bincount(y) / 10
    # Hypergeometric, so less spread than Poisson: 5 standard deviations of sqrt(14.4) are 19.
    assert np.abs(counts - expected).max() < 19


@given(LABELS, st.integers(1, 4), SEEDS)
def test_shares_are_kept_to_within_one_example(y, clients, seed):
    classes = len(np.unique(y))
    # Evenly mixed with a draw, so that nobody stays without examples.
    drawn = seeds.stream("test", "shares", seed=seed).dirichlet(np.ones(clients), size=classes)
    shares = (drawn + 1) / (1 + clients)
    split = splits.by_shares(y, shares, seed)
    assert whole(split, y)
    expected = np.unique(y, return_counts=True)[1] * shares.T
    assert np.abs(splits.label_counts(y, split) - expected).max() <= 1


def test_shares_that_give_all_to_one_client_are_a_class_each():
    y = np.array([7, 3, 3, 5, 7, 5, 5])
    split = splits.by_shares(y, np.eye(3)[[1, 0, 2]])
    assert [set(y[part]) for part in split] == [{5}, {3}, {7}]


@pytest.mark.parametrize(("alpha", "least", "most"), [(100.0, 0.0, 0.35), (0.1, 0.55, 1.0)])
def test_small_alpha_leaves_a_class_with_few_clients(alpha, least, most):
    y = datasets.digits().y_train
    for seed in range(3):
        counts = splits.label_counts(y, splits.dirichlet(y, 10, alpha, seed=seed))
        assert counts.sum(axis=1).min() >= 10
        largest = (counts.max(axis=0) / counts.sum(axis=0)).mean()
        assert least <= largest <= most


@pytest.mark.parametrize(
    "deal", [splits.iid, splits.by_label, lambda y, n, seed: splits.dirichlet(y, n, 1.0, seed=seed)]
)
def test_same_seed_gives_the_same_split_and_another_seed_another(deal):
    y = datasets.digits().y_train
    first, again, other = deal(y, 5, seed=1), deal(y, 5, seed=1), deal(y, 5, seed=2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))


FEW = np.array([0, 0, 1, 1, 1])


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: splits.iid(FEW, 6), "5 examples are too few for 6 clients"),
        (lambda: splits.iid(FEW, 0), "clients must be at least 1"),
        (lambda: splits.iid(FEW[None], 1), "one dimension"),
        (lambda: splits.by_label(FEW, 2, 3), "too few for 2 clients with 3 each"),
        (lambda: splits.by_label(FEW, 2, 0), "shards must be at least 1"),
        (lambda: splits.dirichlet(FEW, 2, 0.0), "alpha must be greater than 0"),
        (lambda: splits.dirichlet(FEW, 2, 1.0, least=3), "too few for 2 clients with 3 each"),
        (lambda: splits.dirichlet(np.repeat([0, 1], 50), 10, 1e-3, least=1), "none of 10,000 draws"),
        (lambda: splits.by_shares(FEW, [[0.5, 0.4], [0.5, 0.5]]), "sum to 1, but those of class 0 are"),
        (lambda: splits.by_shares(FEW, [[0.5, 0.5], [1.5, -0.5]]), "class 1 are"),
        (lambda: splits.by_shares(FEW, [[0.5, 0.5], [np.nan, 1.0]]), "class 1 are"),
        (lambda: splits.by_shares(FEW, [[0.5, 0.5]]), "a row for each of 2 classes"),
        (lambda: splits.by_shares(FEW, [[1.0, 0.0], [1.0, 0.0]]), "client 1 gets no examples"),
    ],
)  # fmt: skip
def test_splits_that_cannot_be_are_refused_in_one_line(ask, said):
    with pytest.raises(ValueError, match=said) as error:
        ask()
    assert "\n" not in str(error.value)

"""Steps, rounds and bytes are those of the paper and of what really goes over the network."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.federated import averaging, traffic
from tests.course_lib.federated.test_network import examples, model

ACCURACIES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(st.integers(1, 5), st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(1, 12))
def test_local_updates_are_the_gradients_that_a_client_takes(epochs, sizes, batch):
    weights, taken = model([2, 2]), []
    for n in sizes:
        x, y = examples(n, [2, 2])
        order = np.tile(np.arange(n), (epochs, 1))
        calls = []

        class Counted(np.ndarray):
            def __getitem__(self, index, calls=calls):
                calls.append(index)
                return np.asarray(self)[index]

        averaging.local_update(weights, x.view(Counted), y, order, batch, 0.1)
        taken.append(len(calls))
    assert traffic.local_updates(epochs, sizes, batch).tolist() == taken


def test_local_updates_are_those_of_the_papers_table():
    """McMahan et al. 2017, table 2, MNIST CNN: 600 examples a client; u = E · 600 / B."""
    for epochs, batch, updates in ((5, 600, 5), (1, 50, 12), (20, 600, 20), (1, 10, 60), (5, 50, 60),
                                   (20, 50, 240), (5, 10, 300), (20, 10, 1200)):  # fmt: skip
        assert traffic.local_updates(epochs, [600], batch).tolist() == [updates]


def test_a_federated_client_receives_a_model_and_sends_one():
    assert traffic.bytes_per_client("federated", 3, 50_890, 10) == 3 * 2 * 4 * 50_890
    assert traffic.bytes_per_client("federated", 3, 100, 2, each=2) == 1200


@given(st.integers(1, 12), st.integers(1, 9))
def test_a_ring_moves_what_its_messages_add_up_to(ranks, chunk):
    """Reduce-scatter and all-gather: 2(n - 1) messages of one n-th each, and as many come in."""
    parameters = ranks * chunk
    sent = sum(chunk * 4 for _ in range(2 * (ranks - 1)))
    assert traffic.bytes_per_client("data_parallel", 5, parameters, ranks) == pytest.approx(5 * 2 * sent)


@given(ACCURACIES, st.floats(0, 1))
def test_target_is_reached_where_the_best_so_far_crosses_it(accuracy, target):
    found = traffic.rounds_to(accuracy, target)
    if max(accuracy) < target:
        assert found == math.inf
        return
    first = next(i for i, value in enumerate(accuracy) if value >= target)
    assert max(first - 1, 0) <= found <= first
    best = np.maximum.accumulate(accuracy)
    assert np.interp(found, np.arange(len(best)), best) == pytest.approx(target, abs=1e-9) or found == 0


@given(ACCURACIES, st.floats(0, 1))
def test_a_dip_before_the_target_changes_nothing(accuracy, target):
    """What lies below the best so far may as well be the best so far."""
    smooth = np.maximum.accumulate(accuracy)
    assert traffic.rounds_to(accuracy, target) == traffic.rounds_to(smooth, target)


def test_crossing_after_a_dip_is_told_from_the_best_and_not_from_the_dip():
    assert traffic.rounds_to([0.1, 0.8, 0.4, 0.9], 0.85) == pytest.approx(2.5)  # from the dip: 2.9
    assert traffic.rounds_to([0.1, 0.5], 0.1) == 0
    assert traffic.rounds_to([0.0, 0.5, 0.5, 1.0], 0.75, at=[0, 10, 20, 40]) == pytest.approx(30)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: traffic.local_updates(0, [3], 2), "epochs must be at least 1"),
        (lambda: traffic.local_updates(1, [3, 0], 2), "sizes must hold whole numbers of at least 1"),
        (lambda: traffic.local_updates(1, [3], 0), "batch must be at least 1"),
        (lambda: traffic.bytes_per_client("both", 1, 1, 1), "kind must be one of 'federated', 'data_pa"),
        (lambda: traffic.bytes_per_client("federated", 1, 0, 1), "parameters must be at least 1"),
        (lambda: traffic.bytes_per_client("federated", -1, 1, 1), "rounds must be at least 0"),
        (lambda: traffic.rounds_to([0.5], 1.2), "target must be from 0 to 1"),
        (lambda: traffic.rounds_to([], 0.5), "accuracy must hold at least one number"),
        (lambda: traffic.rounds_to([0.5, 0.6], 0.5, at=[0]), "same length"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused_in_one_line(ask, said):
    with pytest.raises(ValueError, match=said) as error:
        ask()
    assert "\n" not in str(error.value)

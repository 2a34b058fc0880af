"""Each remedy does what its paper says: against torch, and by the properties that hold for every input."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib import seeds
from course_lib.overfitting import remedies

CLASSES = arrays.arrays(np.int64, 12, elements=st.integers(0, 3))


@given(arrays.arrays(np.int8, (3, 12), elements=st.integers(0, 3)), CLASSES, CLASSES)
def test_memorized_means_a_wrong_label_repeated(said, given_labels, true):
    found = remedies.memorized(said, given_labels, true)
    for epoch, i in np.ndindex(3, 12):
        assert found[epoch, i] == (said[epoch, i] == given_labels[i] and given_labels[i] != true[i])


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
def test_dropout_keeps_the_mean_and_scales_what_it_keeps(p):
    h = torch.rand(3, 200, 50) + 0.5
    dropped = remedies.dropping(p)(h, 4)
    kept = dropped != 0
    assert torch.allclose(dropped[kept], h[kept] / (1 - p))
    deviations = ((~kept).float().mean() - p) / max((p * (1 - p) / h.numel()) ** 0.5, 1e-12)
    assert abs(deviations) < 5
    assert torch.equal(dropped, remedies.dropping(p)(h, 4))
    assert p == 0 or not torch.equal(dropped, remedies.dropping(p)(h, 5))


def test_dropout_lets_the_gradient_through_where_it_kept():
    h = torch.ones(40, requires_grad=True)
    dropped = remedies.dropping(0.5)(h, 1)
    dropped.sum().backward()
    assert torch.equal(h.grad, dropped.detach())


@pytest.mark.parametrize("decay", [0.0, 0.3, 2.0])
def test_decoupled_decay_is_torchs_adamw(decay):
    """With Adam's proposal taken from a step without decay, biases left alone."""
    weights = {
        "0.weight": torch.randn(4, 3, dtype=torch.float64),
        "0.bias": torch.randn(4, dtype=torch.float64),
    }
    gradients = {name: torch.randn_like(w) for name, w in weights.items()}
    after = {}
    for used in (0.0, decay):
        copies = {name: w.clone().requires_grad_() for name, w in weights.items()}
        groups = [{"params": [copies["0.weight"]], "weight_decay": used},
                  {"params": [copies["0.bias"]], "weight_decay": 0.0}]  # fmt: skip
        adam = torch.optim.AdamW(groups, lr=0.1)
        for name, w in copies.items():
            w.grad = gradients[name]
        adam.step()
        after[used] = copies
    updates = {name: (weights[name] - after[0.0][name].detach()) / 0.1 for name in weights}
    stepped = remedies.decaying(decay)(weights, updates, 0.1)
    for name, w in after[decay].items():
        assert torch.allclose(stepped[name], w.detach(), rtol=1e-12, atol=1e-12)


@given(st.integers(1, 30), st.integers(2, 7), st.integers(2, 7), st.integers(0, 3), st.integers(0, 99))
def test_moved_image_is_the_image_moved_and_zeros_come_in(n, rows, columns, most, seed):
    x = seeds.stream("test", "moving", seed=seed).uniform(1, 2, (n, rows, columns))
    moved = remedies.moving(most)(x, seed)
    assert moved.shape == x.shape
    padded = np.pad(x, ((0, 0), (most, most), (most, most)))
    for image, wide in zip(moved, padded, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(wide, (rows, columns)).reshape(-1, rows, columns)
        assert (windows == image).all(axis=(1, 2)).any()


def test_every_move_comes_up_about_as_often():
    x = np.zeros((5000, 9, 9))
    x[:, 4, 4] = 1
    counts = remedies.moving(2)(x, 0).sum(axis=0)
    assert counts[2:7, 2:7].sum() == 5000
    # A count is binomial(5000, 1/25): 5 standard deviations are 69.
    assert np.abs(counts[2:7, 2:7] - 200).max() < 69


@given(st.lists(st.integers(0, 6), min_size=1, max_size=25), st.integers(1, 6))
def test_the_kept_epoch_is_the_first_best_of_those_before_the_stop(history, patience):
    (kept,) = remedies.best_epochs(np.array(history)[:, None], patience)
    seen = history[: kept + patience + 1]
    assert history[kept] == max(seen)
    assert history.index(max(seen)) == kept
    # Up to there no wait was as long as the patience.
    bests = [i for i in range(kept + 1) if i == 0 or history[i] > max(history[:i])]
    assert all(later - earlier <= patience for earlier, later in itertools.pairwise(bests))


def test_each_network_stops_for_itself():
    histories = np.array([[0.1, 0.9], [0.5, 0.2], [0.4, 0.3], [0.3, 0.4], [0.9, 0.95]])
    assert remedies.best_epochs(histories, 3).tolist() == [4, 0]
    assert remedies.best_epochs(histories, 2).tolist() == [1, 0]

"""The network, its loss and its gradient by hand are torch's."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import seeds, training
from course_lib.federated import network

WIDTHS = st.lists(st.integers(1, 6), min_size=2, max_size=4)


def model(widths, seed=0, dtype=np.float64):
    random = seeds.stream("test", "model", seed=seed)
    return [
        part.astype(dtype)
        for inputs, outputs in itertools.pairwise(widths)
        for part in (random.normal(size=(outputs, inputs)), random.normal(size=outputs))
    ]


def examples(n, widths, seed=0):
    random = seeds.stream("test", "examples", seed=seed)
    return random.normal(size=(n, widths[0])), random.integers(0, widths[-1], n)


@given(WIDTHS, st.integers(1, 9), st.integers(0, 99))
def test_gradient_by_hand_is_torchs(widths, n, seed):
    weights, (x, y) = model(widths, seed), examples(n, widths, seed)
    leaves = [torch.tensor(part, requires_grad=True) for part in weights]
    h = torch.tensor(x)
    for weight, bias in zip(leaves[:-2:2], leaves[1:-2:2], strict=True):
        h = torch.relu(h @ weight.T + bias)
    outputs = h @ leaves[-2].T + leaves[-1]
    loss = torch.nn.functional.cross_entropy(outputs, torch.tensor(y))
    loss.backward()
    np.testing.assert_allclose(network.scores(weights, x), outputs.detach(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(network.losses(weights, x, y).mean(), loss.item(), rtol=1e-12)
    for found, leaf in zip(network.gradient(weights, x, y), leaves, strict=True):
        np.testing.assert_allclose(found, leaf.grad, rtol=1e-10, atol=1e-12)


def test_gradient_leaves_weights_and_inputs_as_they_were():
    weights, (x, y) = model([5, 4, 3]), examples(7, [5, 4, 3])
    before = [part.copy() for part in (*weights, x, y)]
    network.gradient(weights, x, y)
    for part, then in zip((*weights, x, y), before, strict=True):
        assert np.array_equal(part, then)


def test_outputs_in_the_thousands_give_a_finite_loss_and_gradient():
    weights, (x, y) = model([5, 4, 3]), examples(7, [5, 4, 3])
    huge = [1e4 * part for part in weights]
    assert np.isfinite(network.losses(huge, x, y)).all()
    assert all(np.isfinite(part).all() for part in network.gradient(huge, x, y))


def test_first_weights_and_accuracy_are_those_of_the_training_loop():
    made = training.mlp((784, 64, 10), seed=3)
    weights = network.initial(seed=3)
    assert network.parameters(weights) == 50_890
    x = seeds.stream("test", "images").uniform(size=(50, 784)).astype(np.float32)
    y = np.arange(50) % 10
    assert network.accuracy(weights, x, y) == pytest.approx(training.accuracy(made, x, y))
    assert not np.array_equal(weights[0], network.initial(seed=4)[0])

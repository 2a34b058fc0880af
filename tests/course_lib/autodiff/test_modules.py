"""Modules compute, start, are named and are saved as torch's."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import seeds
from course_lib.autodiff import Tensor, functional, no_grad
from course_lib.autodiff.modules import (
    Dropout,
    Embedding,
    LayerNorm,
    Linear,
    Module,
    Parameter,
    ReLU,
    Sequential,
    count_parameters,
)


def random(*names):
    return seeds.stream("autodiff", "modules", *names)


def network(rng) -> Sequential:
    return Sequential(
        Embedding(11, 6, rng=rng),
        LayerNorm(6),
        Linear(6, 8, rng=rng),
        ReLU(),
        Linear(8, 4, bias=False, rng=rng),
    )


def torchs_network() -> nn.Sequential:
    return nn.Sequential(
        nn.Embedding(11, 6), nn.LayerNorm(6), nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4, bias=False)
    )


def test_a_network_with_torchs_weights_has_torchs_results_and_gradients():
    ours, theirs = network(random()), torchs_network()
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    ids, targets = random("ids").integers(0, 11, (5, 3)), random("targets").integers(0, 4, (5, 3))
    loss = functional.cross_entropy(ours(ids), targets)
    expected = nn.functional.cross_entropy(
        theirs(torch.tensor(ids)).flatten(0, 1), torch.tensor(targets).flatten()
    )
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    loss.backward()
    expected.backward()
    for (name, mine), (other, wanted) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == other
        np.testing.assert_allclose(mine.grad.numpy(), wanted.grad.numpy(), rtol=1e-4, atol=1e-7)
    ours.zero_grad()
    assert all(parameter.grad is None for parameter in ours.parameters())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda rng: Linear(64, 512, rng=rng), lambda: nn.Linear(64, 512)),
        (lambda rng: Embedding(300, 200, rng=rng), lambda: nn.Embedding(300, 200)),
        (lambda rng: LayerNorm(512), lambda: nn.LayerNorm(512)),
    ],
    ids=["Linear", "Embedding", "LayerNorm"],
)
def test_parameters_start_with_torchs_distribution(ours, theirs):
    """Quantiles: of a wrong deviation, shape or bound, at least one would be off by more."""
    started = dict(ours(random("start")).named_parameters())
    torch.manual_seed(0)
    module = theirs()
    for name, wanted in module.named_parameters():
        mine = started[name]
        assert mine.shape == tuple(wanted.shape)
        assert mine.dtype == np.float32
        assert mine.requires_grad
        expected = wanted.detach().numpy()
        spread = expected.std()
        quantiles = np.linspace(0.05, 0.95, 7)
        tolerance = 0.25 if expected.size < 1000 else 0.06
        np.testing.assert_allclose(
            np.quantile(mine.data, quantiles), np.quantile(expected, quantiles), atol=tolerance * spread
        )
        if isinstance(module, nn.Linear):
            assert 0.95 / 8 < np.abs(mine.data).max() <= 1 / 8


def test_a_state_goes_round_and_is_a_copy():
    first, second = network(random("first")), network(random("second"))
    state = first.state_dict()
    second.load_state_dict(state)
    ids = [[1, 2, 10]]
    np.testing.assert_array_equal(first(ids).data, second(ids).data)
    kept = copy.deepcopy(state)
    for parameter in second.parameters():
        parameter.data[...] = 7
    for name, array in state.items():
        np.testing.assert_array_equal(array, kept[name])
    np.testing.assert_array_equal(first(ids).data, first(ids).data)


def test_a_state_that_does_not_fit_is_refused_and_changes_nothing():
    model = Sequential(Linear(2, 3, rng=random()), Linear(3, 1, rng=random()))
    before = model.state_dict()
    with pytest.raises(KeyError, match=r"1\.bias"):
        model.load_state_dict({name: value for name, value in before.items() if name != "1.bias"})
    with pytest.raises(ValueError, match=r"1\.weight has shape \(1, 3\), not \(3, 1\)"):
        model.load_state_dict(before | {"0.bias": np.ones(3), "1.weight": np.ones((3, 1))})
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


class Tied(Module):
    def __init__(self):
        self.layers = [Linear(3, 3, rng=random()), LayerNorm(3)]
        self.again = self.layers[0]
        self.scale = Parameter([2.0])
        self.constant = Tensor([5.0])

    def forward(self, x):
        return self.again(self.layers[1](self.layers[0](x))) * self.scale


def test_lists_of_modules_are_found_and_what_is_shared_counts_once():
    model = Tied()
    names = ["scale", "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]
    assert [name for name, _ in model.named_parameters()] == names
    assert len(model.parameters()) == 5
    assert set(model.state_dict()) == {*names, "again.weight", "again.bias"}
    assert model(Tensor(np.ones((1, 3), np.float32))).shape == (1, 3)


def test_numbers_that_are_learned_are_counted_and_shared_ones_once():
    assert count_parameters(network(random())) == 11 * 6 + 2 * 6 + (6 + 1) * 8 + 8 * 4
    assert count_parameters(Tied()) == 3 * 3 + 3 + 2 * 3 + 1
    assert count_parameters(ReLU()) == 0


def test_without_a_generator_parameters_have_a_shape_and_take_no_memory_until_they_get_values():
    model, ids = network(None), [[1, 2, 10]]
    drawn = network(random())
    assert [(name, each.shape, each.dtype) for name, each in model.named_parameters()] == [
        (name, each.shape, each.dtype) for name, each in drawn.named_parameters()
    ]
    matrices = [each.data for each in model.parameters() if each.ndim == 2]
    assert len(matrices) == 3
    assert all(set(matrix.strides) == {0} and not matrix.any() for matrix in matrices)
    assert count_parameters(Linear(10**6, 10**6, rng=None)) == 10**12 + 10**6
    np.testing.assert_array_equal(model(ids).data, 0)
    model.load_state_dict(drawn.state_dict())
    np.testing.assert_array_equal(model(ids).data, drawn(ids).data)


def test_dropout_zeros_a_share_scales_the_rest_and_rests_in_eval():
    model = Sequential(Dropout(0.25, rng=random("drops")))
    x = Tensor(np.ones((200, 200)), requires_grad=True)
    y = model(x)
    assert set(np.unique(y.data)) == {0, 1 / 0.75}
    assert (y.data == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert not np.array_equal(y.data, model(x).data)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, y.data)
    assert not model.eval()[0].training
    np.testing.assert_array_equal(model(x).data, x.data)
    assert model.train()[0].training
    for p in (-0.1, 1.0):
        with pytest.raises(ValueError, match="p must be"):
            functional.dropout(x, p, True, random())


def test_ids_and_targets_that_do_not_fit_are_refused():
    embedding, logits = Embedding(4, 2, rng=random()), Tensor(np.zeros((2, 3), np.float32))
    for ids in ([4], [-1]):
        with pytest.raises(ValueError, match="0 to 3"):
            embedding(ids)
    with pytest.raises(TypeError, match="whole numbers"):
        embedding([0.5])
    with pytest.raises(TypeError, match="whole numbers"):
        embedding(Tensor([1.0]))
    with pytest.raises(ValueError, match="none of the 3 classes"):
        functional.cross_entropy(logits, [0, 3])
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        functional.cross_entropy(logits, [0, 1, 2])
    with pytest.raises(TypeError, match="targets"):
        functional.cross_entropy(logits, [0.0, 1.0])
    with no_grad():
        assert np.isnan(functional.cross_entropy(logits, [9, 9], ignore_index=9).item())

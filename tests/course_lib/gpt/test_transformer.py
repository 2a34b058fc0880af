"""Modules have torch's values and gradients with torch's weights; masks give exact zeros and never nan."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from course_lib import seeds, shapes
from course_lib.autodiff import Tensor, functional, no_grad
from course_lib.autodiff.modules import count_parameters
from course_lib.gpt.transformer import (
    DecoderLM,
    FeedForward,
    MultiHeadAttention,
    TransformerLayer,
    causal_mask,
)
from tests.course_lib.gpt.torchs import (
    TOLERANCE,
    WITH_CROSS,
    drawn,
    gelu,
    same,
    same_gradients,
    started,
    take_over,
)

WIDTH, HEADS, HIDDEN = 24, 3, 40
both_dtypes = pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)


def random(*names):
    return seeds.stream("gpt", "test_transformer", *names)


MASKS = {
    "none": None,
    "causal": causal_mask(5),
    "each sentence its own": (drawn("mask", shape=(2, 5, 5)) > 0) | np.eye(5, dtype=bool),
    "padding": np.arange(5) < np.array([3, 5])[:, None, None],
}


def forbidden(mask: np.ndarray | None, shape: tuple[int, int, int]) -> torch.Tensor | None:
    """The mask as torch's attention takes it: True where it forbids, one matrix a head and sentence."""
    if mask is None:
        return None
    return torch.tensor(~np.broadcast_to(mask, shape)).repeat_interleave(HEADS, 0)


@both_dtypes
@pytest.mark.parametrize("name", MASKS)
def test_attention_has_torchs_values_weights_and_gradients(name, dtype):
    ours = started(MultiHeadAttention(WIDTH, HEADS, rng=random()), dtype)
    theirs = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    take_over(theirs, ours, {})
    x, above = (drawn(each, shape=(2, 5, WIDTH), dtype=dtype) for each in ("x", "above"))
    mine, its = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    mask, tolerance = MASKS[name], TOLERANCE[dtype]
    expected, weights = theirs(
        its, its, its, attn_mask=forbidden(mask, (2, 5, 5)), average_attn_weights=False
    )
    result = ours(mine, mask=mask)
    same(result.numpy(), expected, tolerance)
    same(ours.weights(mine, mask=mask).numpy(), weights, tolerance)
    result.backward(above)
    expected.backward(torch.tensor(above))
    same(mine.grad.numpy(), its.grad, tolerance)
    same_gradients(ours, theirs, tolerance, {})


@both_dtypes
def test_attention_to_another_source_has_torchs_values_and_gradients(dtype):
    ours = started(MultiHeadAttention(WIDTH, HEADS, rng=random()), dtype)
    theirs = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    take_over(theirs, ours, {})
    x, source = drawn("x", shape=(2, 3, WIDTH), dtype=dtype), drawn("s", shape=(2, 7, WIDTH), dtype=dtype)
    mask = drawn("mask", shape=(2, 3, 7)) > -0.5
    mine = [Tensor(each, requires_grad=True) for each in (x, source)]
    its = [torch.tensor(each, requires_grad=True) for each in (x, source)]
    expected, weights = theirs(
        its[0], its[1], its[1], attn_mask=forbidden(mask, (2, 3, 7)), average_attn_weights=False
    )
    result = ours(*mine, mask)
    assert ours.weights(*mine, mask).shape == tuple(weights.shape) == (2, HEADS, 3, 7)
    same(result.numpy(), expected, TOLERANCE[dtype])
    (result * result).sum().backward()
    (expected * expected).sum().backward()
    for one, other in zip(mine, its, strict=True):
        same(one.grad.numpy(), other.grad, TOLERANCE[dtype])
    same_gradients(ours, theirs, TOLERANCE[dtype], {})


@both_dtypes
@pytest.mark.parametrize("name", ["none", "causal"])
def test_a_layer_has_torchs_values_and_gradients(name, dtype):
    ours = started(TransformerLayer(WIDTH, HEADS, HIDDEN, rng=random()), dtype)
    theirs = nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, 0, gelu, batch_first=True, norm_first=True)
    take_over(theirs, ours, {})
    x, above = (drawn(each, shape=(2, 5, WIDTH), dtype=dtype) for each in ("x", "above"))
    mine, its = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    result, expected = ours(mine, MASKS[name]), theirs(its, forbidden(MASKS[name], (2, 5, 5)))
    same(result.numpy(), expected, TOLERANCE[dtype])
    result.backward(above)
    expected.backward(torch.tensor(above))
    same(mine.grad.numpy(), its.grad, TOLERANCE[dtype])
    same_gradients(ours, theirs, TOLERANCE[dtype], {})


@both_dtypes
def test_a_layer_with_cross_attention_has_torchs_values_and_gradients(dtype):
    ours = started(TransformerLayer(WIDTH, HEADS, HIDDEN, cross=True, rng=random()), dtype)
    theirs = nn.TransformerDecoderLayer(WIDTH, HEADS, HIDDEN, 0, gelu, batch_first=True, norm_first=True)
    take_over(theirs, ours, WITH_CROSS)
    x, memory = drawn("x", shape=(2, 5, WIDTH), dtype=dtype), drawn("m", shape=(2, 7, WIDTH), dtype=dtype)
    mine = [Tensor(each, requires_grad=True) for each in (x, memory)]
    its = [torch.tensor(each, requires_grad=True) for each in (x, memory)]
    result = ours(mine[0], causal_mask(5), mine[1])
    expected = theirs(its[0], its[1], tgt_mask=forbidden(causal_mask(5), (2, 5, 5)))
    same(result.numpy(), expected, TOLERANCE[dtype])
    (result * result).sum().backward()
    (expected * expected).sum().backward()
    for one, other in zip(mine, its, strict=True):
        same(one.grad.numpy(), other.grad, TOLERANCE[dtype])
    same_gradients(ours, theirs, TOLERANCE[dtype], WITH_CROSS)


class TorchsGPT(nn.Module):
    """GPT-2 of torch's modules: learned positions, pre-norm layers, a norm at the end, a tied head."""

    def __init__(self, vocabulary: int, positions: int, width: int, heads: int, layers: int, hidden: int):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(positions, width)
        layer = nn.TransformerEncoderLayer(width, heads, hidden, 0, gelu, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, ids, causal: bool = True):
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
        later = nn.Transformer.generate_square_subsequent_mask(ids.shape[1], dtype=x.dtype)
        return self.body(x, later if causal else None) @ self.tokens.weight.T


@both_dtypes
@pytest.mark.parametrize("causal", [True, False])
def test_the_model_has_torchs_loss_and_gradients(causal, dtype):
    sizes = 31, 9, WIDTH, HEADS, 3, HIDDEN
    ours, theirs = started(DecoderLM(*sizes, rng=random()), dtype), TorchsGPT(*sizes)
    names = {r"^(layers|norm)\.": r"body.\1."}
    take_over(theirs, ours, names)
    ids, targets = random("ids").integers(0, 31, (4, 7)), random("targets").integers(-1, 31, (4, 7))
    logits, expected = ours(ids, causal), theirs(torch.tensor(ids), causal)
    same(logits.numpy(), expected, TOLERANCE[dtype])
    loss = functional.cross_entropy(logits, targets, ignore_index=-1)
    wanted = nn.functional.cross_entropy(
        expected.flatten(0, 1), torch.tensor(targets).flatten(), ignore_index=-1
    )
    assert loss.item() == pytest.approx(wanted.item(), rel=TOLERANCE[dtype])
    loss.backward()
    wanted.backward()
    same_gradients(ours, theirs, TOLERANCE[dtype], names)


def test_a_causal_mask_allows_a_token_itself_and_those_before_it():
    assert causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True, True, True]]
    assert causal_mask(3).dtype == bool


def test_later_tokens_change_no_logit_before_them_unless_the_mask_is_left_out():
    model = started(DecoderLM(31, 9, WIDTH, HEADS, 2, rng=random()), np.float32)
    ids = random("ids").integers(0, 31, (3, 8))
    other = ids.copy()
    other[:, 5:] = (other[:, 5:] + 1) % 31
    np.testing.assert_array_equal(model(ids).numpy()[:, :5], model(other).numpy()[:, :5])
    assert not np.isclose(model(ids).numpy()[:, 5:], model(other).numpy()[:, 5:]).all(-1).any()
    early = [model(each, causal=False).numpy()[:, :5] for each in (ids, other)]
    assert not np.isclose(*early).all(-1).any()


@settings(max_examples=40, deadline=None)
@given(arrays(bool, (2, 3, 4)), st.sampled_from([1.0, 50.0, 1e4]))
def test_forbidden_weights_and_gradients_are_0_and_the_rest_is_a_softmax_of_what_is_left(mask, size):
    """Also of rows in which nothing is allowed, which torch's own attention of boolean masks gives zeros."""
    attention = started(MultiHeadAttention(8, 2, rng=random()), np.float32)
    x, source = (
        Tensor(drawn(each, shape=shape) * np.float32(size), requires_grad=True)
        for each, shape in (("x", (2, 3, 8)), ("source", (2, 4, 8)))
    )
    weights = attention.weights(x, source, mask)
    np.testing.assert_array_equal(weights.numpy().swapaxes(0, 1)[:, ~mask], 0)
    np.testing.assert_allclose(
        weights.numpy().sum(-1), np.repeat(mask.any(-1)[:, None], 2, 1).astype(float), rtol=1e-5
    )
    left = attention.weights(x, source).numpy().astype(float) * mask[:, None]
    total = left.sum(-1, keepdims=True)
    rows = total[..., 0] > 1e-3  # what is left of smaller ones has no digits
    np.testing.assert_allclose(weights.numpy()[rows], (left[rows] / total[rows]), rtol=1e-3, atol=1e-6)

    result = attention(x, source, mask)
    nothing = ~mask.any(-1)
    bias = np.broadcast_to(attention.output.bias.numpy(), result.shape)
    np.testing.assert_array_equal(result.numpy()[nothing], bias[nothing])
    (result * drawn("above", shape=result.shape)).sum().backward()
    for tensor in (x, source, *attention.parameters()):
        assert np.isfinite(tensor.grad.numpy()).all()
    np.testing.assert_array_equal(x.grad.numpy()[nothing], 0)
    np.testing.assert_array_equal(source.grad.numpy()[~mask.any(1)], 0)


def test_the_weights_of_every_layer_are_those_with_which_it_computes():
    model = started(DecoderLM(31, 9, WIDTH, HEADS, 2, rng=random()), np.float32)
    ids = random("ids").integers(0, 31, (3, 8))
    for causal in (True, False):
        found = model.attention(ids, causal)
        assert [each.shape for each in found] == [(3, HEADS, 8, 8)] * 2
        with no_grad():
            x = model.tokens(ids) + model.positions(np.arange(8))
            for weights, layer in zip(found, model.layers, strict=True):
                values = layer.attention.value(layer.norm1(x)).numpy().reshape(3, 8, HEADS, -1)
                mixed = np.einsum("bhts,bshd->bthd", weights, values).reshape(3, 8, WIDTH)
                x = x + layer.attention.output(Tensor(mixed))
                x = x + layer.feed_forward(layer.norm2(x))
            logits = model.norm(x) @ model.tokens.weight.T
        np.testing.assert_allclose(logits.numpy(), model(ids, causal).numpy(), rtol=1e-4, atol=1e-5)
    assert not any(parameter.grad for parameter in model.parameters())


def test_dropout_is_on_everything_that_is_added_to_x_and_rests_in_eval():
    layer = TransformerLayer(WIDTH, HEADS, HIDDEN, dropout=1 - 1e-9, cross=True, rng=random("drops"))
    x, memory = (Tensor(drawn(each, shape=(2, 5, WIDTH))) for each in ("x", "memory"))
    np.testing.assert_array_equal(layer(x, memory=memory).numpy(), x.numpy())
    assert not np.isclose(layer.eval()(x, memory=memory).numpy(), x.numpy()).all(-1).any()
    model = DecoderLM(31, 9, WIDTH, HEADS, 2, dropout=0.5, rng=random("drops"))
    ids = [[1, 2, 3]]
    assert not np.allclose(model(ids).numpy(), model(ids).numpy())
    np.testing.assert_array_equal(model.eval()(ids).numpy(), model(ids).numpy())


def test_the_model_starts_as_gpt2_does_and_as_its_stream_says():
    model = DecoderLM(300, 200, 64, 4, 8, rng=random("start"))
    deviation = 192**-0.5  # at a width of 768, where GPT-2's is 0.02, it would be 2304**-0.5, or 1/48
    smaller = {"output.weight": deviation / 4, "down.weight": deviation / 4}  # √(2 · 8) is 4
    for name, parameter in model.named_parameters():
        values, last = parameter.numpy(), ".".join(name.split(".")[-2:])
        assert values.dtype == np.float32
        if name.endswith("bias"):
            assert not values.any(), name
        elif "norm" in name:
            assert (values == 1).all(), name
        else:
            wanted = smaller.get(last, deviation)
            assert values.std() == pytest.approx(wanted, rel=0.05), name
            assert abs(values.mean()) < 0.05 * wanted, name
    again = DecoderLM(300, 200, 64, 4, 8, rng=random("start")).state_dict()
    assert all(np.array_equal(value, again[name]) for name, value in model.state_dict().items())


def test_gpt2_small_counts_as_published_in_little_memory():
    tracemalloc.start()
    try:
        model = DecoderLM(50257, 1024, 768, 12, 12, rng=None)
        assert count_parameters(model) == 124_439_808
        assert tracemalloc.get_traced_memory()[1] < 2e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"])
def test_the_modules_have_as_many_parameters_as_follow_from_the_shape(name):
    shape = shapes.shape(name)
    model = DecoderLM(
        shape.vocabulary,
        shape.positions,
        shape.width,
        shape.heads,
        shape.layers,
        shape.feed_forward,
        rng=None,
    )
    assert count_parameters(model) == shapes.parameters(shape)


def test_the_feed_forward_part_meets_each_token_alone():
    part = started(FeedForward(WIDTH, HIDDEN, rng=random()), np.float64)
    x = drawn("x", shape=(2, 5, WIDTH), dtype=np.float64)
    up = torch.tensor(x) @ torch.tensor(part.up.weight.numpy()).T + torch.tensor(part.up.bias.numpy())
    down = gelu(up) @ torch.tensor(part.down.weight.numpy()).T + torch.tensor(part.down.bias.numpy())
    same(part(Tensor(x)).numpy(), down, 1e-12)


def test_what_does_not_fit_is_refused_in_a_line():
    for heads in (5, 0):
        with pytest.raises(ValueError, match=f"{heads} heads do not divide a width of 24"):
            MultiHeadAttention(24, heads, rng=None)
    model = DecoderLM(31, 9, WIDTH, HEADS, 1, rng=None)
    with pytest.raises(ValueError, match="a sentence of 12 tokens does not fit 9 positions"):
        model(np.zeros((1, 12), int))
    with pytest.raises(ValueError, match="a sentence of 10 tokens does not fit 9 positions"):
        model.attention(np.zeros((1, 10), int))
    for ids in ([[0, 31]], [[-1]]):
        with pytest.raises(ValueError, match="ids go from 0 to 30"):
            model(ids)
    with pytest.raises(ValueError, match="not of 1 dimensions"):
        model([1, 2])
    x = Tensor(np.zeros((1, 3, WIDTH), np.float32))
    with pytest.raises(ValueError, match=r"a mask is boolean, .* not float64"):
        model.layers[0](x, np.tri(3))
    for cross, memory in ((False, x), (True, None)):
        with pytest.raises(ValueError, match="needs a memory"):
            TransformerLayer(WIDTH, HEADS, HIDDEN, cross=cross, rng=None)(x, memory=memory)

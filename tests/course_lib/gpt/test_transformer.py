"""Modules have torch's values and gradients with torch's weights; masks give exact zeros and never nan."""

import functools
import tracemalloc

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import seeds
from course_lib.autodiff import Tensor
from course_lib.autodiff.modules import Module, count_parameters
from course_lib.gpt.transformer import (
    DecoderLM,
    MultiHeadAttention,
    causal_mask,
)

WIDTH, HEADS, HIDDEN = 24, 3, 40
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
gelu = functools.partial(nn.functional.gelu, approximate="tanh")


def random(*names):
    return seeds.stream("gpt", "transformer", *names)


def drawn(*names: str, shape) -> np.ndarray:
    return random(*names).normal(size=shape)


def started(module: Module, dtype) -> Module:
    """All parameters drawn, so that no bias is 0 and no norm's weight 1."""
    for name, parameter in module.named_parameters():
        value = drawn("start", name, shape=parameter.shape) * 0.3 + name.endswith(("norm", "1.weight"))
        parameter.data = value.astype(dtype)
    return module


# How torch names what we name; of a packed matrix, query, key and value stand below each other.
TORCHS = {
    "attention.": "self_attn.", "cross.": "multihead_attn.", "output.": "out_proj.",
    "feed_forward.up.": "linear1.", "feed_forward.down.": "linear2.",
}  # fmt: skip
PACKED = ("query", "key", "value")


def in_torchs_words(name: str, norms: dict[str, str]) -> str:
    for ours, theirs in (TORCHS | norms).items():
        name = name.replace(ours, theirs)
    return name


def packed(values: dict[str, np.ndarray], norms: dict[str, str]) -> dict[str, np.ndarray]:
    """Arrays by our names as arrays by torch's."""
    result, parts = {}, {}
    for name, value in values.items():
        *front, layer, kind = name.split(".")
        if layer in PACKED:
            parts.setdefault(".".join([*front, f"in_proj_{kind}"]), {})[layer] = value
        else:
            result[name] = value
    result |= {name: np.concatenate([three[each] for each in PACKED]) for name, three in parts.items()}
    return {in_torchs_words(name, norms): value for name, value in result.items()}


def take_over(theirs: nn.Module, ours: Module, norms=None) -> None:
    state = packed(ours.state_dict(), norms or {})
    theirs.to(torch.float64 if ours.parameters()[0].dtype == np.float64 else torch.float32)
    theirs.load_state_dict({name: torch.tensor(value) for name, value in state.items()})


def same(given, expected, tolerance: float, what: str = "") -> None:
    """Equal to that share of the norm."""
    expected = expected.detach().numpy() if isinstance(expected, torch.Tensor) else expected
    assert given.shape == expected.shape, what
    assert np.isfinite(given).all(), what
    assert np.linalg.norm(given - expected) <= tolerance * np.linalg.norm(expected), what


def same_gradients(ours: Module, theirs: nn.Module, tolerance: float, norms=None) -> None:
    gradients = packed({name: p.grad.numpy() for name, p in ours.named_parameters()}, norms or {})
    expected = {name: p.grad.numpy() for name, p in theirs.named_parameters()}
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        # Adding to all keys changes no weight: the gradient of a key's bias is 0 in both, but for rounding.
        if name.endswith("in_proj_bias"):
            size = len(gradient) // 3
            rounding = tolerance * np.linalg.norm(expected[name])
            np.testing.assert_allclose(gradient[size : 2 * size], 0, atol=rounding)
        same(gradient, expected[name], tolerance, name)


MASKS = {
    "none": lambda: None,
    "causal": lambda: causal_mask(5),
    "each sentence its own": lambda: drawn("mask", shape=(2, 5, 5)) + np.eye(5) * 9 > 0,
}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", MASKS)
def test_attention_has_torchs_values_weights_and_gradients(name, dtype):
    mask, x = MASKS[name](), drawn("x", shape=(2, 5, WIDTH)).astype(dtype)
    ours = started(MultiHeadAttention(WIDTH, HEADS, rng=random()), dtype)
    theirs = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    take_over(theirs, ours)
    mine, given = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    forbidden = None if mask is None else torch.tensor(~np.broadcast_to(mask, (2, 5, 5)))
    forbidden = None if mask is None else forbidden.repeat_interleave(HEADS, 0)
    expected, weights = theirs(given, given, given, attn_mask=forbidden, average_attn_weights=False)
    result, tolerance = ours(mine, mask=mask), TOLERANCE[dtype]
    same(result.numpy(), expected, tolerance)
    same(ours.weights(mine, mask=mask).numpy(), weights, tolerance)
    above = drawn("above", shape=(2, 5, WIDTH)).astype(dtype)
    result.backward(above)
    expected.backward(torch.tensor(above))
    same(mine.grad.numpy(), given.grad, tolerance)
    same_gradients(ours, theirs, tolerance)


def test_gpt2_small_counts_as_published_in_little_memory():
    tracemalloc.start()
    try:
        model = DecoderLM(50257, 1024, 768, 12, 12, rng=None)
        assert count_parameters(model) == 124_439_808
        assert tracemalloc.get_traced_memory()[1] < 2e6
    finally:
        tracemalloc.stop()

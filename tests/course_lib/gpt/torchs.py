"""Our modules beside torch's with the same weights: our names in torch's words, and what counts as equal."""

import re
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from course_lib import seeds
from course_lib.autodiff.modules import Module

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
PACKED = ("query", "key", "value")  # torch keeps these below each other in one matrix
NAMES = {
    r"(^|\.)attention\.": r"\1self_attn.", r"(^|\.)cross\.": r"\1multihead_attn.", r"output\.": "out_proj.",
    r"feed_forward\.up\.": "linear1.", r"feed_forward\.down\.": "linear2.",
}  # fmt: skip
# A decoder layer of torch has its cross-attention's norm in the middle.
WITH_CROSS = {r"norm2\.": "norm3.", r"cross_norm\.": "norm2."}


def gelu(x: torch.Tensor) -> torch.Tensor:
    return nn.functional.gelu(x, approximate="tanh")


def drawn(*names: str, shape, dtype=np.float32) -> np.ndarray:
    return seeds.stream("gpt", "torchs", *names).normal(size=shape).astype(dtype)


def started(module: Module, dtype) -> Module:
    """Every parameter drawn, so that no bias is 0 and no weight of a norm 1."""
    for name, parameter in module.named_parameters():
        around = 1 if "norm" in name and name.endswith("weight") else 0
        away = 0.3 * drawn("start", name, shape=parameter.shape, dtype=np.float64)
        parameter.data = (around + away).astype(dtype)
    return module


def in_torchs_words(values: Mapping[str, np.ndarray], names: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Arrays by our names as arrays by torch's; `names` are further patterns and what stands for them."""
    result: dict[str, np.ndarray] = {}
    packed: dict[str, dict[str, np.ndarray]] = {}
    for name, value in values.items():
        *front, last, kind = name.split(".")
        if last in PACKED:
            packed.setdefault(".".join([*front, f"in_proj_{kind}"]), {})[last] = value
        else:
            result[name] = value
    result |= {name: np.concatenate([parts[each] for each in PACKED]) for name, parts in packed.items()}
    for pattern, theirs in (NAMES | dict(names)).items():
        result = {re.sub(pattern, theirs, name): value for name, value in result.items()}
    return result


def take_over(theirs: nn.Module, ours: Module, names: Mapping[str, str]) -> None:
    """Give torch's module our weights, in our dtype."""
    state = in_torchs_words(ours.state_dict(), names)
    theirs.to(torch.tensor(ours.parameters()[0].numpy()).dtype)
    theirs.load_state_dict({name: torch.tensor(value) for name, value in state.items()})


def same(given: np.ndarray, expected: torch.Tensor, tolerance: float, what: str = "") -> None:
    """Equal to that share of the norm."""
    wanted = expected.detach().numpy()
    assert given.shape == wanted.shape, what
    assert given.dtype == wanted.dtype, what
    error = np.linalg.norm(given - wanted)
    assert error <= tolerance * np.linalg.norm(wanted), f"{what}: {error / np.linalg.norm(wanted)}"


def same_gradients(ours: Module, theirs: nn.Module, tolerance: float, names: Mapping[str, str]) -> None:
    """Of every parameter. A key's bias has gradient 0 in both but for rounding: it adds to all of a row."""
    gradients = in_torchs_words({name: p.grad.numpy() for name, p in ours.named_parameters()}, names)
    expected = {name: p.grad for name, p in theirs.named_parameters()}
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        same(gradient, expected[name], tolerance, name)
        if "in_proj" in name:
            parts = zip(PACKED, np.split(gradient, 3), expected[name].chunk(3), strict=True)
            for part, mine, wanted in parts:
                if (part, name[-4:]) != ("key", "bias"):
                    same(mine, wanted, tolerance, f"{name} of the {part}")

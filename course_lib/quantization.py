"""Uniform quantization: grids and codes for matrices, calibration, and networks whose weights are codes.

A matrix (rows, columns) is cut into blocks that share one grid: all of it ("tensor"), a row ("channel"),
or a run of `group` columns in a row ("group"). Formulas follow Jacob et al. 2018 (arXiv:1712.05877, section
2.1) and Nagel et al. 2021 (arXiv:2106.08295, section 2).
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from course_lib.notebook.reference import reference

GRANULARITIES = ("tensor", "channel", "group")
CALIBRATIONS = ("minmax", "percentile", "least_squares")
FORMATS = {"fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Quantized:
    """A matrix as integer codes, with the grid of each of its blocks.

    codes (rows, columns): 0 .. 2^bits - 1, or -(2^(bits-1) - 1) .. 2^(bits-1) - 1 when symmetric;
    scale and zero_point (1 or rows, blocks in a row); `group`: columns in a block.
    """

    codes: np.ndarray
    scale: np.ndarray
    zero_point: np.ndarray
    bits: int
    group: int
    symmetric: bool

    @reference("Q2.2")
    def dequantize(self) -> np.ndarray:
        """The values the codes stand for, float32 (rows, columns): scale · (code - zero point)."""
        columns = self.codes.shape[1]
        scale, zero_point = (
            np.repeat(grid, self.group, axis=1)[:, :columns] for grid in (self.scale, self.zero_point)
        )
        return (scale * (self.codes.astype(np.int64) - zero_point)).astype(np.float32)

    @reference("Q2.5")
    def nbytes(self, scale_bits: int = 16) -> int:
        """Bytes when packed: codes, a scale per block, and unless symmetric a zero point of `bits` bits."""
        block_bits = scale_bits + (0 if self.symmetric else self.bits)
        return math.ceil(self.codes.size * self.bits / 8) + math.ceil(self.scale.size * block_bits / 8)


def _blocks(x: np.ndarray, granularity: str, group: int) -> np.ndarray:
    """x (rows, columns) as (1 or rows, blocks, columns in a block), the last block filled up with NaN."""
    rows, columns = x.shape
    if granularity == "tensor":
        return x.reshape(1, 1, -1)
    width = columns if granularity == "channel" else min(group, columns)
    filled = np.full((rows, math.ceil(columns / width) * width), np.nan)
    filled[:, :columns] = x
    return filled.reshape(rows, -1, width)


@reference("Q2.1")
def _grid(lo, hi, bits: int, symmetric: bool):
    """Scale and zero point for ranges [lo, hi] widened to hold zero; nothing but zero gets scale 1."""
    lo, hi = np.minimum(lo, 0), np.maximum(hi, 0)
    scale = np.maximum(-lo, hi) / (2 ** (bits - 1) - 1) if symmetric else (hi - lo) / (2**bits - 1)
    scale = np.where(scale > 0, scale, 1.0)
    zero_point = np.zeros_like(scale) if symmetric else np.clip(np.rint(-lo / scale), 0, 2**bits - 1)
    return scale, zero_point.astype(np.int64)


@reference("Q2.2")
def _codes(x, scale, zero_point, bits: int, symmetric: bool):
    """Nearest codes, ties to even as `np.rint` and CUDA's `rintf`, clipped to the grid; NaN stays NaN."""
    most = 2 ** (bits - 1) - 1
    low, high = (-most, most) if symmetric else (0, 2**bits - 1)
    return np.clip(np.rint(x / scale) + zero_point, low, high)


def _calibrated(blocks: np.ndarray, bits: int, symmetric: bool, calibration: str, percentile: float):
    """The range (lo, hi) of each block's grid, each (rows, blocks, 1)."""
    if calibration == "percentile":
        return tuple(
            np.nanpercentile(blocks, side, axis=-1, keepdims=True) for side in (100 - percentile, percentile)
        )
    lo, hi = np.nanmin(blocks, axis=-1, keepdims=True), np.nanmax(blocks, axis=-1, keepdims=True)
    if calibration == "minmax":
        return lo, hi
    best = np.full(lo.shape, np.inf)
    best_lo, best_hi = lo, hi
    # Both ends shrink together, as in most tools; 40 steps of 2.5 % are finer than the error's minimum.
    for share in np.linspace(1, 0.025, 40):
        scale, zero_point = _grid(share * lo, share * hi, bits, symmetric)
        codes = _codes(blocks, scale, zero_point, bits, symmetric)
        error = np.nansum((scale * (codes - zero_point) - blocks) ** 2, axis=-1, keepdims=True)
        better = error < best
        best = np.where(better, error, best)
        best_lo, best_hi = np.where(better, share * lo, best_lo), np.where(better, share * hi, best_hi)
    return best_lo, best_hi


@reference("Q2.4")
def quantize(
    x,
    bits: int,
    granularity: str = "tensor",
    *,
    group: int = 32,
    symmetric: bool = True,
    calibration: str = "minmax",
    percentile: float = 99.9,
) -> Quantized:
    """Quantize a matrix (rows, columns) to 2..16 bits, with one grid for each block of it.

    calibration chooses a block's range: "minmax" clips nothing, "percentile" keeps the middle of the values
    up to that percentile on each side, "least_squares" searches the clipped range with the least squared
    error. Raises ValueError for another shape, an empty matrix, NaN or infinity, or an unknown option.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or x.size == 0:
        raise ValueError(
            f"quantize takes a matrix (rows, columns) with at least one value, not shape {x.shape}"
        )
    if not np.isfinite(x).all():
        raise ValueError("NaN or infinity has no code: clean the matrix before you quantize it")
    if bits not in range(2, 17):
        raise ValueError(f"bits must be a whole number from 2 to 16, not {bits!r}")
    if granularity not in GRANULARITIES or calibration not in CALIBRATIONS:
        raise ValueError(
            f"granularity is one of {GRANULARITIES} and calibration one of {CALIBRATIONS}, "
            f"not {granularity!r} and {calibration!r}"
        )
    if group < 1 or not 50 < percentile <= 100:
        raise ValueError(
            f"group must be at least 1 and percentile in (50, 100], not {group} and {percentile}"
        )
    blocks = _blocks(x, granularity, group)
    scale, zero_point = _grid(*_calibrated(blocks, bits, symmetric, calibration, percentile), bits, symmetric)
    codes = _codes(blocks, scale, zero_point, bits, symmetric)
    codes = codes.reshape(x.shape) if granularity == "tensor" else codes.reshape(len(x), -1)[:, : x.shape[1]]
    dtype = np.min_scalar_type(-(2 ** (bits - 1)) if symmetric else 2**bits - 1)
    width = x.shape[1] if granularity == "tensor" else blocks.shape[-1]
    return Quantized(codes.astype(dtype), scale[..., 0], zero_point[..., 0], bits, width, symmetric)


def cast(x, form: str) -> np.ndarray:
    """x as float32 after a trip through "fp16" or "bf16"; beyond 65,504 fp16 gives infinity."""
    if form not in FORMATS:
        raise ValueError(f"a cast goes to one of {sorted(FORMATS)}, not {form!r}")
    return torch.as_tensor(x, dtype=torch.float32).to(FORMATS[form]).float().numpy()


@reference("Q2.3")
def signal_to_noise(x, approximation, axis=None) -> np.ndarray:
    """Signal-to-quantization-noise ratio in dB along `axis`: 10·log10(Σx² / Σ(x - approximation)²).

    Infinite where the two are equal, minus infinity where only the signal is zero.
    """
    x, approximation = np.asarray(x, dtype=np.float64), np.asarray(approximation, dtype=np.float64)
    signal, noise = (x**2).sum(axis), ((x - approximation) ** 2).sum(axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(noise == 0, np.inf, 10 * np.log10(signal / noise))


class QuantizedLinear(torch.nn.Module):
    """A linear layer that stores codes and scales and multiplies by the weight they stand for.

    With `activation_bits` the input is quantized too, symmetrically with a scale per row, and the product is
    one of integers (int32), as on int8 hardware; the weight then has one symmetric scale per tensor or
    channel.
    """

    def __init__(self, weight: Quantized, bias: torch.Tensor | None, activation_bits: int | None = None):
        super().__init__()
        if activation_bits is not None and (weight.scale.shape[1] != 1 or not weight.symmetric):
            raise ValueError(
                "an integer product needs one symmetric scale for each tensor or channel of the weight"
            )
        self.quantized, self.activation_bits = weight, activation_bits
        self.register_buffer("codes", torch.as_tensor(weight.codes))
        self.register_buffer("scale", torch.as_tensor(weight.scale, dtype=torch.float32))
        self.register_buffer("bias", None if bias is None else bias.detach().clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (n, in) -> (n, out)
        if self.activation_bits is None:
            return torch.nn.functional.linear(x, torch.as_tensor(self.quantized.dequantize()), self.bias)
        rows = quantize(x.detach().numpy(), self.activation_bits, "channel")
        product = torch.as_tensor(rows.codes).int() @ self.codes.int().T  # (n, out)
        y = product * torch.as_tensor(rows.scale, dtype=torch.float32) * self.scale.T
        return y if self.bias is None else y + self.bias


def quantize_network(
    model: torch.nn.Sequential, bits: int, granularity: str = "tensor", *, activation_bits=None, **options
) -> torch.nn.Sequential:
    """A copy of the network in which every Linear is a QuantizedLinear; `options` go to `quantize`."""
    layers = []
    for layer in model:
        if isinstance(layer, torch.nn.Linear):
            weight = quantize(layer.weight.detach().numpy(), bits, granularity, **options)
            layers.append(QuantizedLinear(weight, layer.bias, activation_bits))
        else:
            layers.append(copy.deepcopy(layer))
    return torch.nn.Sequential(*layers)


def with_weights(
    model: torch.nn.Sequential, transform: Callable[[np.ndarray], np.ndarray]
) -> torch.nn.Sequential:
    """A copy of the network whose weight matrices (out, in) went through `transform`; biases stay."""
    changed = copy.deepcopy(model)
    with torch.no_grad():
        for layer in changed:
            if isinstance(layer, torch.nn.Linear):
                layer.weight.copy_(torch.as_tensor(transform(layer.weight.numpy().copy())))
    return changed


def rescale_unit(model: torch.nn.Sequential, factor: float, unit: int | None = None) -> torch.nn.Sequential:
    """The same function in other weights: what enters a unit of the first layer times f, what leaves over f.

    Exact (up to rounding) for ReLU, which lets a positive factor through: relu(f·a) / f = relu(a). Nagel et
    al. 2019 (arXiv:1906.04721) use it the other way, to even ranges out. Without `unit`, the one with the
    largest incoming weight, because a unit that hardly fires can grow far before it is the largest. Raises
    ValueError unless factor > 0.
    """
    if not factor > 0:
        raise ValueError(f"ReLU lets only a positive factor through, not {factor}")
    changed = copy.deepcopy(model)
    first, second = [layer for layer in changed if isinstance(layer, torch.nn.Linear)][:2]
    with torch.no_grad():
        if unit is None:
            unit = int(first.weight.abs().amax(dim=1).argmax())
        first.weight[unit] *= factor
        first.bias[unit] *= factor
        second.weight[:, unit] /= factor
    return changed


def error_through_depth(
    weights: Sequence[np.ndarray], x: np.ndarray, rebuild: Callable[[np.ndarray], np.ndarray]
) -> list[float]:
    """Relative error ‖h - ĥ‖ / ‖h‖ after each ReLU layer, when `rebuild` takes every weight (out, in) to Ŵ.

    h (n, width) runs through the exact weights and ĥ through the rebuilt ones, from the same x (n, in).
    """
    exact = rough = np.asarray(x, dtype=np.float64)
    errors = []
    for weight in weights:
        exact = np.maximum(exact @ weight.T, 0)
        rough = np.maximum(rough @ rebuild(weight).T, 0)
        errors.append(float(np.linalg.norm(exact - rough) / np.linalg.norm(exact)))
    return errors

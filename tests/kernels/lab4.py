"""The kernels of lab 4 on trial: launches with what must come out, and what may be read and written.

The solutions stand in the notebook and not in `kernels/`, which students get.
"""

import functools
from dataclasses import dataclass, field

import numpy as np

from benchmarks import lab4
from course_lib import cuda
from course_lib.cuda.module import Module
from course_lib.cuda.traffic import shortfalls
from course_lib.seeds import stream
from tests.kernels.references import softmax

KERNELS = (
    "attention_softmax", "attention_softmax_short", "softmax_backward", "residual_layernorm",
    "layernorm_backward",
)  # fmt: skip
EPSILON = 1e-5
SUM = "sum"


def source(kernel: str) -> str:
    """The text of a kernel's solution."""
    return lab4.sources()[kernel]


@functools.cache
def _module(text: str, compiler) -> Module:
    if compiler:
        return Module(text, "kernel.cu", "host", time_limit=10, compiler=compiler)
    return cuda.compile(text, device="host", lasting=True)


@dataclass
class Trial:
    """One launch: its arguments in order, and for each output what it must be and how far off it may be.

    Outputs are poisoned, unless they are inputs, too. `scales`: by what size an output's error is measured,
    where that is not the output's own norm. `warps_alone`: without shared memory and barriers.
    """

    kernel: str
    grid: int | tuple
    block: int | tuple
    shared_mem: int
    args: dict
    expected: dict[str, np.ndarray]
    reads: dict[str, int]
    writes: dict[str, int]
    most_reads: dict[str, int] = field(default_factory=dict)
    tolerance: float = 1e-5
    scales: dict[str, float] = field(default_factory=dict)
    warps_alone: bool = False

    def faults(self, text: str, inspected: bool = True, compiler=None) -> list[str]:
        """What is wrong with a kernel's source, a sentence each: values, findings, traffic."""
        module, args = _module(text, compiler), self._arrays()
        launch = self.grid, self.block, tuple(args.values())
        found = ["a barrier is used"] if self.warps_alone and "__syncthreads" in text else []
        if inspected:
            report = module.inspect(self.kernel, *launch, shared_mem=self.shared_mem)
            found += [str(finding) for finding in report.findings]
            found += shortfalls(report, self.reads, self.writes, most_reads=self.most_reads)
            if self.warps_alone and any(array.space == "shared" for array in report.arrays):
                found.append("shared memory is used")
            if not report.ended:
                return found
        else:
            module[self.kernel](*launch, shared_mem=self.shared_mem)
        return found + list(filter(None, (self._wrong(name, args[name]) for name in self.expected)))

    def _arrays(self) -> dict:
        copies = {id(value): value.copy() for value in self.args.values() if isinstance(value, np.ndarray)}
        for name in self.expected:  # an array that is input, too, is handed over as it is
            users = [value for value in self.args.values() if value is self.args[name]]
            if len(users) == 1:
                copies[id(self.args[name])][...] = np.nan
        return {name: copies.get(id(value), value) for name, value in self.args.items()}

    def _wrong(self, name: str, value: np.ndarray) -> str:
        expected = self.expected[name]
        scale = self.scales.get(name) or float(np.linalg.norm(expected)) or 1.0
        values = value.astype(np.float64)
        if values.ndim > expected.ndim:  # parts: which rows are whose is the kernel's choice
            values = values.sum(0)
        error = float(np.linalg.norm(values - expected)) / scale
        return "" if error <= self.tolerance else f"{name} is off by {error:.2g} of its norm"


def normal(name: str, *shape, seed: int = 0) -> np.ndarray:
    return stream("lab 4", name, seed, *shape).normal(size=shape).astype(np.float32)


def visible_keys(shape: tuple[int, ...], lengths, causal: bool) -> np.ndarray:
    """True where a query of scores (batch, heads, queries, keys) sees a key."""
    batch, _, queries, keys = shape
    key, query = np.arange(keys), np.arange(queries)[:, None]
    seen = key <= query + keys - queries if causal else np.ones((queries, keys), bool)
    ends = np.full(batch, keys) if lengths is None else np.asarray(lengths)
    return np.broadcast_to(seen & (key < ends[:, None, None, None]), shape)


def attention_softmax(
    batch=1,
    heads=1,
    queries=1,
    keys=1,
    lengths=None,
    causal=False,
    scale=1.0,
    size=1.0,
    shift=0.0,
    warps=2,
    seed=0,
) -> Trial:
    """A block a row, the row in dynamic shared memory; scores of that size, around `shift`."""
    trial = _attention(batch, heads, queries, keys, lengths, causal, scale, size, shift, seed)
    trial.kernel, trial.shared_mem = "attention_softmax", 4 * keys
    trial.grid, trial.block = batch * heads * queries, 32 * warps
    return trial


def attention_softmax_short(
    batch=1,
    heads=1,
    queries=1,
    keys=1,
    lengths=None,
    causal=False,
    scale=1.0,
    size=1.0,
    shift=0.0,
    warps=4,
    seed=0,
) -> Trial:
    """A warp a row, `warps` rows a block, the batch in the grid's y."""
    trial = _attention(batch, heads, queries, keys, lengths, causal, scale, size, shift, seed)
    trial.kernel = "attention_softmax_short"
    trial.grid, trial.block = (-(-heads * queries // warps), batch), (32, warps)
    trial.warps_alone = True
    return trial


def _attention(batch, heads, queries, keys, lengths, causal, scale, size, shift, seed) -> Trial:
    scores = np.float32(size) * normal("scores", batch, heads, queries, keys, seed=seed) + np.float32(shift)
    seen = visible_keys(scores.shape, lengths, causal)
    rows = seen.any(-1)
    # The scale is multiplied in float32, as by the kernel: with large scores, its rounding is visible.
    scaled = (np.float32(scale) * scores).astype(np.float64)
    expected = np.zeros(scores.shape)
    expected[rows] = softmax(np.where(seen, scaled, -np.inf)[rows])
    args = {
        "scores": scores,
        "lengths": None if lengths is None else np.array(lengths, np.int32),
        "y": np.empty_like(scores),
        "heads": heads, "queries": queries, "keys": keys, "scale": scale, "causal": int(causal),
    }  # fmt: skip
    return Trial("", 1, 1, 0, args, {"y": expected}, {"scores": int(seen.sum()), "y": 0},
                 {"y": scores.size, "scores": 0}, {"scores": 1})  # fmt: skip


def softmax_backward(rows=1, columns=1, scale=1.0, in_place=False, warps=2, seed=0) -> Trial:
    """A block a row; in place, dx is dy."""
    y = softmax(normal("y", rows, columns, seed=seed)).astype(np.float32)
    dy = normal("dy", rows, columns, seed=seed)
    dot = (y.astype(np.float64) * dy).sum(-1, keepdims=True)
    args = {"y": y, "dy": dy, "dx": dy if in_place else np.empty_like(dy), "columns": columns, "scale": scale}
    # A row of one value has the gradient 0: the error is measured by what was subtracted.
    cancels = float(np.linalg.norm(scale * y * (np.abs(dy) + np.abs(dot))))
    read, written = ({"dy": dy.size}, {"dy": dy.size}) if in_place else ({"dy": dy.size}, {"dx": dy.size})
    return Trial("softmax_backward", rows, 32 * warps, 8 * columns, args,
                 {"dx": scale * y * (dy - dot)}, {"y": y.size, **read}, {"y": 0, **written},
                 scales={"dx": cancels})  # fmt: skip


def residual_layernorm(
    rows=1, columns=1, mean=0.0, spread=1.0, eps=EPSILON, blocks=2, warps=2, seed=0, tolerance=1e-5
) -> Trial:
    """Any number of blocks of whole warps; the sum's rows have about this mean and spread."""
    x = mean + np.float32(spread) * normal("x", rows, columns, seed=seed)
    residual = normal("residual", rows, columns, seed=seed)
    gamma, beta = normal("gamma", columns, seed=seed), normal("beta", columns, seed=seed)
    total = x + residual
    wide = total.astype(np.float64)
    center, variance = wide.mean(-1), wide.var(-1)
    rstd = 1 / np.sqrt(variance + eps)
    y = gamma * (wide - center[:, None]) * rstd[:, None] + beta
    args = {
        "x": x, "residual": residual, "gamma": gamma, "beta": beta, SUM: np.empty_like(x),
        "y": np.empty_like(x), "mean": np.empty(rows, np.float32), "rstd": np.empty(rows, np.float32),
        "rows": rows, "columns": columns, "eps": eps,
    }  # fmt: skip
    reads = {"x": x.size, "residual": x.size, SUM: 0, "y": 0}
    reads |= dict.fromkeys(("gamma", "beta"), blocks * columns)
    return Trial("residual_layernorm", blocks, 32 * warps, 12 * columns, args,
                 {SUM: wide, "y": y, "mean": center, "rstd": rstd},
                 reads, {SUM: x.size, "y": x.size, "mean": rows, "rstd": rows}, tolerance=tolerance,
                 scales={"mean": float(np.linalg.norm(np.abs(wide).mean(-1)))})  # fmt: skip


def layernorm_backward(rows=1, columns=1, mean=0.0, blocks=2, warps=2, seed=0) -> Trial:
    """Any number of blocks of whole warps; a block adds up its rows' part of dgamma and dbeta."""
    x, dy = mean + normal("x", rows, columns, seed=seed), normal("dy", rows, columns, seed=seed)
    gamma = normal("gamma", columns, seed=seed)
    wide = x.astype(np.float64)
    center = wide.mean(-1).astype(np.float32)
    rstd = (1 / np.sqrt(wide.var(-1) + EPSILON)).astype(np.float32)
    h, g = (wide - center[:, None]) * rstd[:, None], dy.astype(np.float64) * gamma
    dx = rstd[:, None] * (g - g.mean(-1, keepdims=True) - h * (g * h).mean(-1, keepdims=True))
    args = {
        "x": x, "dy": dy, "gamma": gamma, "mean": center, "rstd": rstd, "dx": np.empty_like(x),
        "partial_gamma": np.empty((blocks, columns), np.float32),
        "partial_beta": np.empty((blocks, columns), np.float32), "rows": rows, "columns": columns,
    }  # fmt: skip
    size = float(np.linalg.norm(dy) * np.sqrt(rows))
    return Trial(
        "layernorm_backward", blocks, 32 * warps, 20 * columns, args,
        {"dx": dx, "partial_gamma": (dy * h).sum(0), "partial_beta": dy.sum(0, dtype=np.float64)},
        {"x": x.size, "dy": x.size, "dx": 0, "partial_gamma": 0, "partial_beta": 0},
        {"dx": x.size, "partial_gamma": blocks * columns, "partial_beta": blocks * columns},
        scales={"dx": float(np.linalg.norm(rstd[:, None] * g)), "partial_gamma": size, "partial_beta": size},
    )  # fmt: skip


def trials(kernel: str) -> list[Trial]:
    """A few launches that tell a right kernel from each of the mistakes in tests/mutants/lab4."""
    if kernel.startswith("attention"):
        make = attention_softmax if kernel == "attention_softmax" else attention_softmax_short
        longest = 150 if kernel == "attention_softmax" else 30
        return [
            make(1, 1, 3, longest),
            make(2, 2, 5, longest, [longest, 0], False, 0.3),
            make(2, 3, 7, longest // 2, [3, 11], True, 0.3, warps=3),
            make(2, 2, 9, 6, [6, 2], True),
            make(1, 1, 4, longest, size=300.0),
            make(1, 1, 4, longest, scale=-1.0, size=300.0),
            make(1, 1, 4, longest, shift=-300.0),
        ]
    if kernel == "softmax_backward":
        return [
            softmax_backward(3, 150, 0.3),
            softmax_backward(3, 150, 0.3, in_place=True),
        ]
    if kernel == "residual_layernorm":
        return [
            residual_layernorm(5, 150),
            residual_layernorm(3, 40, eps=0.5),
            residual_layernorm(2, 768, 1000.0, tolerance=1e-4),
        ]
    return [
        layernorm_backward(5, 150),
        layernorm_backward(2, 100, mean=1.0, blocks=4),
        layernorm_backward(3, 600, warps=1),  # more than 8 values a thread, which the library's kernel holds
    ]

"""Softmax and layer normalization as chains: one launch of `kernels/chains.cu` for each operation.

This is what a fused kernel replaces. A chain is made for arrays of NumPy or of CuPy, to be run, inspected or
measured; nothing is launched before.

    chain = softmax(scores, scale=0.125, causal=True)
    moved = sum(report.global_bytes for report in chain.inspect(cuda.load("chains")))
    chain.results["y"]
"""

from typing import NamedTuple

import numpy as np

from course_lib.autodiff.backends import Array
from course_lib.cuda import Module, Report

_THREADS = 256
_ROW_THREADS = 128


class Launch(NamedTuple):
    """One launch, as a module takes it."""

    kernel: str
    grid: int
    block: int | tuple[int, int]
    args: tuple


class Chain:
    """Launches in their order; `results` has by name the arrays that hold something once they have run."""

    def __init__(self, x: Array):
        """For rows as those of x (..., columns), in arrays of its library."""
        self._like, self.columns = x, x.shape[-1]
        self.rows = x.size // self.columns if self.columns else 0
        self.launches: list[Launch] = []
        self.results: dict[str, Array] = {}

    def run(self, module: Module) -> None:
        """Launch all of it; the module is that of `kernels/chains.cu`."""
        for kernel, *launch in self.launches:
            module[kernel](*launch)

    def inspect(self, module: Module) -> list[Report]:
        """Launch all of it under the inspector: a report for each launch."""
        return [module.inspect(*launch) for launch in self.launches]

    def each(self, kernel: str, *inputs, after: tuple = ()) -> Array:
        """A kernel with one thread for each value of its first input; `after` are what it takes behind n."""
        x = inputs[0]
        out = self._empty(x.shape)
        self._add(kernel, -(-x.size // _THREADS), _THREADS, (*inputs, out, x.size, *after))
        return out

    def with_rows(self, kernel: str, x: Array, numbers: Array) -> Array:
        """A kernel that takes a number of each row, or of each column, to every value."""
        return self.each(kernel, x, numbers, after=(self.columns,))

    def by_row(self, kernel: str, x: Array) -> Array:
        """A kernel that makes a number of each row."""
        out = self._empty((self.rows,))
        self._add(kernel, self.rows, _ROW_THREADS, (x, out, self.columns))
        return out

    def by_column(self, x: Array) -> Array:
        """The sum of each column."""
        out = self._empty((self.columns,))
        self._add("column_sum", -(-self.columns // 32), (32, 8), (x, out, self.rows, self.columns))
        return out

    def _empty(self, shape: tuple[int, ...]) -> Array:
        return np.empty_like(self._like, order="C", shape=shape)

    def _add(self, kernel: str, grid: int, block, args: tuple) -> None:
        if grid:
            self.launches.append(Launch(kernel, grid, block, args))


def softmax(scores: Array, lengths: Array | None = None, scale: float = 1.0, causal: bool = False) -> Chain:
    """Attention's softmax of scale * scores (batch, heads, queries, keys): `y`.

    Sequence b of the batch has lengths[b] keys (int32); causal hides the keys after a query's own, where the
    last query stands at the last key. What is neither scaled nor hidden is not launched for.
    """
    _, heads, queries, keys = scores.shape
    chain = Chain(scores)
    x = scores if scale == 1 else chain.each("scale", scores, after=(scale,))
    if causal or lengths is not None:
        x = chain.each("hide_by_index", x, lengths, after=(heads, queries, keys, int(causal)))
    return _softmax(chain, x)


def softmax_by_bytes(scores: Array, mask: Array) -> Chain:
    """Softmax of each row of scores (..., columns) where mask (rows or fewer, columns; uint8) is not 0: `y`.

    A mask of fewer rows is used again from its first one.
    """
    chain = Chain(scores)
    return _softmax(chain, chain.each("hide_by_bytes", scores, mask, after=(chain.columns, len(mask), 1)))


def _softmax(chain: Chain, x: Array) -> Chain:
    lower = chain.with_rows("subtract_rows", x, chain.by_row("row_max", x))
    powers = chain.each("exponential", lower)
    chain.results["y"] = chain.with_rows("divide_rows", powers, chain.by_row("row_sum", powers))
    return chain


def softmax_backward(y: Array, dy: Array, scale: float = 1.0) -> Chain:
    """The gradient `dx` of the scores from y = softmax(scale * scores) and its gradient dy (..., columns)."""
    chain = Chain(y)
    dot = chain.by_row("row_sum", chain.each("multiply", y, dy))
    dx = chain.each("multiply", chain.with_rows("subtract_rows", dy, dot), y)
    chain.results["dx"] = dx if scale == 1 else chain.each("scale", dx, after=(scale,))
    return chain


def layernorm(x: Array, gamma: Array, beta: Array, residual: Array | None = None, eps: float = 1e-5) -> Chain:
    """LayerNorm of x, or of x + residual (rows, columns): `sum`, `y`, `rstd`.

    `h` is y before gamma and beta, which the way back needs.
    """
    chain = Chain(x)
    total = x if residual is None else chain.each("add", x, residual)
    away = chain.with_rows("subtract_rows", total, chain.by_row("row_mean", total))
    variance = chain.by_row("row_mean", chain.each("square", away))
    rstd = chain.each("reciprocal_root", variance, after=(eps,))
    h = chain.with_rows("multiply_rows", away, rstd)
    y = chain.with_rows("add_columns", chain.with_rows("multiply_columns", h, gamma), beta)
    chain.results.update(sum=total, y=y, h=h, rstd=rstd)
    return chain


def layernorm_backward(h: Array, dy: Array, gamma: Array, rstd: Array) -> Chain:
    """The gradients `dx`, `dgamma`, `dbeta` from dy (rows, columns), and h, rstd as `layernorm` left them."""
    chain = Chain(dy)
    dgamma, dbeta = chain.by_column(chain.each("multiply", dy, h)), chain.by_column(dy)
    g = chain.with_rows("multiply_columns", dy, gamma)
    mean_g = chain.by_row("row_mean", g)
    mean_gh = chain.by_row("row_mean", chain.each("multiply", g, h))
    centered = chain.with_rows("subtract_rows", g, mean_g)
    along_h = chain.with_rows("multiply_rows", h, mean_gh)
    dx = chain.with_rows("multiply_rows", chain.each("subtract", centered, along_h), rstd)
    chain.results.update(dx=dx, dgamma=dgamma, dbeta=dbeta)
    return chain

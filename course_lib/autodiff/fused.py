"""Attention's softmax and residual + LayerNorm on tensors, each in one kernel of one's own.

    kernels = FusedKernels(sources)
    weights = attention_softmax(scores, causal=True, scale=0.125, kernels=kernels)
    total, y = residual_layer_norm(x, residual, weight, bias, kernels=kernels)

Without `kernels` both are computed by the operations of tensors, to the same numbers up to rounding. The
kernels and their parameters, in this order:

    attention_softmax        scores, lengths, y, heads, queries, keys, scale, causal
    attention_softmax_short  the same
    softmax_backward         y, dy, dx, columns, scale
    residual_layernorm       x, residual, gamma, beta, sum, y, mean, rstd, rows, columns, eps
    layernorm_backward       x, dy, gamma, mean, rstd, dx, partial_gamma, partial_beta, rows, columns

In attention_softmax and softmax_backward, a block has one row, which it keeps in dynamic shared memory.
attention_softmax_short takes at most 32 keys: a warp has one row, a block four, and the grid's y counts the
batch. The last two have any number of blocks, which go round the rows; ROW_FLOATS says what each keeps.
Wang et al. 2021, LightSeq, has kernels of this kind.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from course_lib import cuda
from course_lib.autodiff import functional
from course_lib.autodiff.backends import Array, Backend
from course_lib.autodiff.tensor import Tensor, apply

_WARP = 32
_MOST_THREADS = 256
_SHORT_ROWS = 4  # rows of a block of attention_softmax_short
_MOST_BLOCKS = 256  # of the kernels that go round the rows
_MOST_BATCH = 65_535  # the y of a grid
# kernel -> what of a row it keeps in dynamic shared memory, in floats a column
ROW_FLOATS = {
    "attention_softmax": 1,
    "attention_softmax_short": 0,
    "softmax_backward": 2,
    "residual_layernorm": 3,
    "layernorm_backward": 5,
}


class FusedKernels:
    """The five kernels, from `sources` that hold them, in one text or in several.

    `launches` counts what was launched, by kernel. Raises ValueError where a kernel is missing, and as
    `cuda.compile` does.
    """

    def __init__(self, sources: Iterable[str], device: str = "auto"):
        modules = [cuda.compile(source, device, lasting=True) for source in sources]
        self._modules = {name: module for module in modules for name in module.names}
        if missing := [name for name in ROW_FLOATS if name not in self._modules]:
            raise ValueError(f"no source has the kernel {' or '.join(missing)}")
        self.launches: Counter[str] = Counter()

    def attention_softmax(
        self, backend: Backend, scores: Array, lengths: np.ndarray | None, scale: float, causal: bool
    ) -> Array:
        """scores (batch, heads, queries, keys), any strides: the weights, of the same shape."""
        batch, heads, queries, keys = scores.shape
        scores, y = backend.contiguous(scores), backend.empty(scores.shape, scores.dtype)
        if lengths is not None:
            lengths = self._modules["attention_softmax"].array(lengths)
        args = scores, lengths, y, heads, queries, keys, scale, int(causal)
        if keys <= _WARP and batch <= _MOST_BATCH:
            grid = -(-heads * queries // _SHORT_ROWS), batch
            self._launch("attention_softmax_short", grid, (_WARP, _SHORT_ROWS), args, keys, y.size)
        else:
            self._launch("attention_softmax", batch * heads * queries, _threads(keys), args, keys, y.size)
        return y

    def softmax_backward(self, backend: Backend, y: Array, dy: Array, scale: float) -> Array:
        """The gradient of the scores from y (..., columns) and its gradient."""
        dy, dx, columns = backend.contiguous(dy), backend.empty(y.shape, y.dtype), y.shape[-1]
        rows = y.size // columns if columns else 0
        self._launch("softmax_backward", rows, _threads(columns), (y, dy, dx, columns, scale), columns, rows)
        return dx

    def residual_layernorm(
        self, backend: Backend, x: Array, residual: Array, weight: Array, bias: Array, eps: float
    ) -> "Normalized":
        """x + residual (..., columns), its LayerNorm, and what the way back needs."""
        columns = x.shape[-1]
        rows = x.size // columns if columns else 0
        total, y = backend.empty(x.shape, x.dtype), backend.empty(x.shape, x.dtype)
        mean, rstd = backend.empty((rows,), x.dtype), backend.empty((rows,), x.dtype)
        inputs = [backend.contiguous(each) for each in (x, residual, weight, bias)]
        args = *inputs, total, y, mean, rstd, rows, columns, eps
        self._launch("residual_layernorm", min(rows, _MOST_BLOCKS), _threads(columns), args, columns, rows)
        return Normalized(total, y, mean, rstd)

    def layernorm_backward(
        self, backend: Backend, normalized: "Normalized", dy: Array, weight: Array
    ) -> tuple[Array, Array, Array]:
        """The gradient of the sum, and those of weight and bias in parts (blocks, columns) to be added up."""
        x, columns = normalized.total, normalized.total.shape[-1]
        rows = x.size // columns if columns else 0
        blocks = min(rows, _MOST_BLOCKS)
        dx = backend.empty(x.shape, x.dtype)
        parts = [backend.empty((blocks, columns), x.dtype) for _ in range(2)]
        inputs = x, backend.contiguous(dy), backend.contiguous(weight), normalized.mean, normalized.rstd
        args = *inputs, dx, *parts, rows, columns
        self._launch("layernorm_backward", blocks, _threads(columns), args, columns, rows)
        return dx, *parts

    def _launch(self, kernel: str, grid, block, args: tuple, columns: int, size: int) -> None:
        if not size:
            return
        module, floats = self._modules[kernel], ROW_FLOATS[kernel]
        most = module.max_shared // 4 // floats if floats else columns
        if columns > most:
            raise ValueError(
                f"kernel {kernel}, line {module.line(kernel)}: a row of {columns:,} values needs "
                f"{4 * floats * columns:,} bytes of shared memory; a block has {module.max_shared:,}, for "
                f"rows of at most {most:,}"
            )
        module[kernel](grid, block, args, shared_mem=4 * floats * columns)
        self.launches[kernel] += 1


@dataclass(frozen=True)
class Normalized:
    """What residual_layernorm leaves: the sum and y (..., columns), mean and rstd of each row."""

    total: Array
    y: Array
    mean: Array
    rstd: Array


def _threads(columns: int) -> int:
    """Whole warps, as many as a row keeps busy."""
    return min(_MOST_THREADS, _WARP * max(1, -(-columns // _WARP)))


def attention_softmax(
    scores: Tensor,
    lengths=None,
    scale: float = 1.0,
    causal: bool = False,
    kernels: FusedKernels | None = None,
) -> Tensor:
    """softmax(scale * scores) of scores (batch, heads, queries, keys) over the keys that a query sees.

    Sequence b has lengths[b] keys, all where lengths are None; `causal` hides the keys after a query's own,
    where the last query stands at the last key. What is hidden has weight 0, and a query that sees no key
    has zeros alone. Raises ValueError for other shapes, and for a row that does not fit the kernel.
    """
    if scores.ndim != 4:
        raise ValueError(f"scores have four dimensions (batch, heads, queries, keys), not {scores.ndim}")
    if lengths is not None:
        lengths, given = np.asarray(lengths), lengths
        if lengths.shape != scores.shape[:1] or lengths.dtype.kind not in "iu":
            batch = scores.shape[0]
            raise ValueError(f"lengths are {batch} whole numbers, one a sequence, not {str(given)[:40]}")
        lengths = lengths.astype(np.int32)
    if kernels is not None:
        options = {"lengths": lengths, "scale": scale, "causal": causal, "kernels": kernels}
        return apply(_attention_softmax, scores, **options)
    sees = _visible(scores.shape, lengths, causal)
    some = sees.any(-1, keepdims=True)
    # Of a row of -inf alone the softmax would be nan. Such a row stays as it is, and its weights become 0.
    weights = functional.softmax(scores * scale + np.where(sees | ~some, 0, -np.inf))
    return weights if some.all() else weights * some


def _visible(shape: tuple[int, ...], lengths: np.ndarray | None, causal: bool) -> np.ndarray:
    """Boolean (batch or 1, 1, queries or 1, keys): True where a query sees a key."""
    _, _, queries, keys = shape
    sees = np.ones((1, 1, 1, keys), bool)
    if causal:
        sees = sees & np.tri(queries, keys, keys - queries, dtype=bool)
    if lengths is not None:
        sees = sees & (np.arange(keys) < lengths.reshape(-1, 1, 1, 1))
    return sees


def residual_layer_norm(
    x: Tensor,
    residual: Tensor,
    weight: Tensor,
    bias: Tensor,
    eps: float = 1e-5,
    kernels: FusedKernels | None = None,
) -> tuple[Tensor, Tensor]:
    """x + residual, both (..., width), and the LayerNorm of that with weight and bias (width).

    Raises ValueError for x and residual of different shapes, and for a row that does not fit the kernel.
    """
    if x.shape != residual.shape:
        raise ValueError(f"x has shape {x.shape}, and the residual {residual.shape}")
    if kernels is None:
        total = x + residual
        return total, functional.layer_norm(total, weight, bias, eps)
    arrays = (each.data for each in (x, residual, weight, bias))
    done = kernels.residual_layernorm(x.backend, *arrays, eps)
    total = apply(_sum_that_is_there, x, residual, total=done.total)
    return total, apply(_norm_that_is_there, total, weight, bias, done=done, kernels=kernels)


def _attention_softmax(backend, scores, lengths, scale, causal, kernels):
    y = kernels.attention_softmax(backend, scores, lengths, scale, causal)
    return y, lambda g: kernels.softmax_backward(backend, y, g, scale)


def _sum_that_is_there(backend, x, residual, total):
    return total, lambda g: g, lambda g: g


def _norm_that_is_there(backend, x, weight, bias, done, kernels):
    """Its three slopes come from one launch, made for the first of them that is asked for."""
    latest = [None, None]  # a gradient from above, and the three that belong to it

    def back(g, which):
        if latest[0] is not g:
            latest[:] = g, kernels.layernorm_backward(backend, done, g, weight)
        return latest[1][which]

    return done.y, lambda g: back(g, 0), lambda g: back(g, 1), lambda g: back(g, 2)

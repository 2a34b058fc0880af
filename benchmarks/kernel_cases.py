"""The launches that the kernel benchmark measures, on either device, and what NumPy and PyTorch do."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmarks import lab4
from course_lib import cuda
from course_lib.autodiff import chains
from course_lib.seeds import stream


class Launch(NamedTuple):
    """One launch of a kernel."""

    kernel: str
    grid: int | tuple
    block: int | tuple
    args: tuple
    shared_mem: int = 0


@dataclass(frozen=True)
class Case:
    """One rung of a ladder at one size, of one launch or several; its least work in bytes and FLOPs.

    `numpy` takes the first launch's arguments, as NumPy or CuPy arrays. The topic is a file of kernels/ or
    of lab 4; a chain has a name of its own.
    """

    topic: str
    size: str
    launches: Callable[[], list[Launch]]
    bytes: int
    flops: int
    numpy: Callable
    torch: str | None = None  # an expression over torch, F and the first arguments as tensors a, b, c
    chain: str = ""

    @property
    def name(self) -> str:
        """The kernel that is launched first, or the name of a chain."""
        return self.chain or self.launches()[0].kernel

    def module(self, device: str) -> cuda.Module:
        """The kernels that are launched."""
        source = lab4.sources().get(self.topic)
        if source is None:
            return cuda.load(self.topic, device)
        return cuda.Module(source, f"{self.topic}.cu", device)


def _floats(*shape) -> np.ndarray:
    return stream("benchmark", *shape).standard_normal(shape, dtype=np.float32)


def matmul(side: int, tensor_cores: bool) -> list[Case]:
    """The fp32 ladder and, for a GPU, the rung on tensor cores, for square matrices."""
    ladder = {
        "matmul_naive": ((32, 8), 32, 8),
        "matmul_tiled": ((16, 16), 16, 16),
        "matmul_blocked": (256, 64, 64),
        "matmul_vectorized": (256, 128, 128),
    }
    if tensor_cores:
        ladder["matmul_tensor_core"] = (128, 64, 64)

    def launches(kernel, dtype):
        block, width, height = ladder[kernel]
        a, b = _floats(side, side).astype(dtype), _floats(side, side).astype(dtype)
        grid = (-(-side // width), -(-side // height), 1)
        return [Launch(kernel, grid, block, (a, b, np.zeros((side, side), np.float32), side, side, side))]

    cases = []
    for kernel in ladder:
        dtype = np.float16 if "tensor" in kernel else np.float32
        moved = side * side * (2 * np.dtype(dtype).itemsize + 4)
        make = functools.partial(launches, kernel, dtype)
        cases.append(Case("matmul", f"{side} x {side}", make, moved, 2 * side**3, _product, "a @ b"))
    return cases


def _product(a, b, *_):
    return a @ b


def rows(count: int, columns: int) -> list[Case]:
    """Kernels bound by memory, on a matrix of `count` rows: each value read once and written once at best."""
    shape, cells = f"{count} x {columns}", count * columns
    x, gamma = _floats(count, columns), _floats(columns)
    out, vector = np.empty_like(x), np.empty(count, np.float32)
    codes = np.empty(x.shape, np.int8)
    fused_softmax, fused_norm = 32 * max(1, -(-columns // 512)), 32 * max(1, -(-columns // 256))
    norm = (x, gamma, gamma, out, vector, vector.copy())
    across = (-(-columns // 128), min(count, 1024) // 16 or 1)

    def softmax(x, *_):
        e = np.exp(x - x.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def layernorm(x, gamma, beta, *_):
        return gamma * (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5) + beta

    def quantize(x, *_):
        scale = np.abs(x).max(1, keepdims=True) / 127
        return np.rint(x / scale).astype(np.int8)

    def case(topic, kernel, grid, block, args, moved, numpy, torch=None):
        return Case(topic, shape, lambda: [Launch(kernel, grid, block, args)], moved, 0, numpy, torch)

    relu = lambda x, bias, *_: np.maximum(x + bias, 0)  # noqa: E731
    to_softmax, to_norm = (x, None, out, columns, 1, 1), (*norm, columns, 1e-5)
    to_codes, to_bias = (x, codes, vector, columns), (x, gamma, out, count, columns, 0)
    rounded = "(a / (a.abs().amax(1, keepdim=True) / 127)).round().to(torch.int8)"
    return [
        case("softmax", "softmax_block", count, 256, to_softmax, 8 * cells, softmax),
        case("softmax", "softmax_online", count, 256, to_softmax, 8 * cells, softmax),
        case("softmax", "softmax_fused", count, fused_softmax, to_softmax, 8 * cells, softmax,
             "F.softmax(a, dim=1)"),
        case("layernorm", "layernorm_block", count, 256, to_norm, 8 * cells, layernorm),
        case("layernorm", "layernorm_fused", min(count, 1056), fused_norm, (*norm, count, columns, 1e-5),
             8 * cells, layernorm, "F.layer_norm(a, a.shape[1:], b, c)"),
        case("quantize", "quantize_rows", count, 256, to_codes, 5 * cells, quantize),
        case("quantize", "quantize_rows_once", count, 256, to_codes, 5 * cells, quantize, rounded),
        case("activation", "bias_activation", -(-cells // 256), 256, to_bias, 8 * cells, relu),
        case("activation", "bias_activation_vector", across, (32, 8), to_bias, 8 * cells, relu,
             "F.relu(a + b)"),
    ]  # fmt: skip


def decode(sequences: int, keys: int, kv_heads: int, d: int = 128) -> list[Case]:
    """Decode attention over a paged cache whose pages lie in random order, four query heads a key head."""
    page, heads = 16, 4 * kv_heads
    pages = keys // page
    splits = max(1, min(pages, 1024 // (sequences * kv_heads)))
    table = stream("benchmark", "pages", sequences, pages).permutation(sequences * pages).astype(np.int32)
    table, length = table.reshape(sequences, pages), np.full(sequences, keys, np.int32)
    size = f"{sequences} x {keys} x {kv_heads}"

    def launches(kernel):
        q, (key_cache, value_cache) = (
            _floats(sequences, heads, d),
            _floats(2, sequences * pages, page, kv_heads, d),
        )
        out, sizes = np.empty_like(q), (table, length, pages, page, heads, kv_heads, d, d**-0.5)
        if kernel == "decode_attention":
            args = (q, key_cache, value_cache, out, *sizes)
            return [Launch(kernel, (heads, sequences), 256, args, 4 * keys)]
        rows = (splits, sequences, heads)
        parts = np.empty((*rows, d), np.float32), np.empty(rows, np.float32), np.empty(rows, np.float32)
        return [
            Launch(kernel, (kv_heads, sequences, splits), 128, (q, key_cache, value_cache, *parts, *sizes)),
            Launch("combine_splits", (heads, sequences), d, (*parts, out, splits, d)),
        ]

    def attention(q, key_cache, value_cache, *rest):
        table = rest[-8]  # where those arguments lie, as the others do
        grouped = q.reshape(sequences, kv_heads, 4, d)
        k, v = (cache[table].reshape(sequences, keys, kv_heads, d) for cache in (key_cache, value_cache))
        scores = np.einsum("shgd,sjhd->shgj", grouped, k) * d**-0.5
        e = np.exp(scores - scores.max(-1, keepdims=True))
        return np.einsum("shgj,sjhd->shgd", e / e.sum(-1, keepdims=True), v)

    # PyTorch gets the same bytes as one contiguous cache, without a table.
    contiguous = "{}.view(len(a), -1, *{}.shape[2:]).transpose(1, 2)"
    torch = (f"F.scaled_dot_product_attention(a[:, :, None], {contiguous.format('b', 'b')}, "
             f"{contiguous.format('c', 'c')}, enable_gqa=True)")  # fmt: skip
    moved = 2 * 4 * sequences * keys * kv_heads * d
    return [
        Case("kv_cache", size, functools.partial(launches, kernel), moved, 0, attention, torch)
        for kernel in ("decode_attention", "decode_attention_split")
    ]


def fused(count: int, columns: int) -> list[Case]:
    """The kernels of lab 4, each behind the chain that it replaces, on `count` rows.

    The softmax is causal, over heads with `columns` queries, or over one with fewer. gamma is 1 and beta 0,
    as at a network's start. Empty where lab 4 has no solutions.
    """
    if not lab4.sources():
        return []
    size, cells = f"{count} x {columns}", count * columns
    x, other = _floats(count, columns), _floats(1, count, columns)[0]
    queries = min(count, columns)
    heads, scale = count // queries, 0.125
    scores = x.reshape(1, heads, queries, columns)
    ones, zeros = np.ones(columns, np.float32), np.zeros(columns, np.float32)
    of_rows, out, total = np.ones(count, np.float32), np.empty_like(x), np.empty_like(x)
    threads, blocks = min(256, 32 * -(-columns // 32)), min(count, 1056)
    parts = [np.empty((blocks, columns), np.float32) for _ in range(2)]
    seen = 4 * heads * int(np.tri(queries, columns, columns - queries).sum())

    def softmax(scores, *_):
        sees = np.asarray(np.tri(queries, columns, columns - queries, dtype=bool), like=scores)
        scaled = np.where(sees, scores * np.float32(scale), np.float32(-np.inf))
        e = np.exp(scaled - scaled.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    def softmax_backward(y, dy, *_):
        return np.float32(scale) * y * (dy - (y * dy).sum(1, keepdims=True))

    def layernorm(x, residual, *_):
        total = x + residual
        return (total - total.mean(1, keepdims=True)) / np.sqrt(total.var(1, keepdims=True) + 1e-5)

    def from_h(dy, h, *_):
        return dy - dy.mean(1, keepdims=True) - h * (dy * h).mean(1, keepdims=True)

    def from_x(x, dy, gamma, mean, rstd, *_):
        return rstd[:, None] * from_h(dy, (x - mean[:, None]) * rstd[:, None])

    def pair(kernel, grid, args, shared, moved, numpy, chain, by_chain):
        launch = Launch(kernel, grid, threads, args, 4 * shared * columns)
        return [
            Case("chains", size, lambda: chain().launches, moved, 0, by_chain, chain=f"{kernel}, chain"),
            Case(kernel, size, lambda: [launch], moved, 0, numpy),
        ]

    return [
        *pair("attention_softmax", count, (scores, None, out, heads, queries, columns, scale, 1), 1,
              seen + 4 * cells, softmax, lambda: chains.softmax(scores, None, scale, True), softmax),
        *pair("softmax_backward", count, (x, other, out, columns, scale), 2, 12 * cells, softmax_backward,
              lambda: chains.softmax_backward(x, other, scale), softmax_backward),
        *pair("residual_layernorm", blocks,
              (x, other, ones, zeros, total, out, of_rows.copy(), of_rows.copy(), count, columns, 1e-5), 3,
              16 * cells, layernorm, lambda: chains.layernorm(x, ones, zeros, other), layernorm),
        *pair("layernorm_backward", blocks,
              (x, other, ones, 0 * of_rows, of_rows, out, *parts, count, columns), 5, 12 * cells, from_x,
              lambda: chains.layernorm_backward(x, other, ones, of_rows), from_h),
    ]  # fmt: skip

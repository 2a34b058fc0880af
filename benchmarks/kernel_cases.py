"""The launches that the kernel benchmark measures, on either device, and what NumPy and PyTorch do."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_lib.seeds import stream


@dataclass(frozen=True)
class Case:
    """One rung of a ladder at one size: `launch` gives grid, block and arguments; work in bytes and FLOPs."""

    topic: str
    kernel: str
    size: str
    launch: Callable[[], tuple]
    bytes: int
    flops: int
    numpy: Callable | None = None
    torch: str | None = None  # an expression over torch, F and the first arguments as tensors a, b, c


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

    def launch(block, width, height, dtype):
        a, b = _floats(side, side).astype(dtype), _floats(side, side).astype(dtype)
        grid = (-(-side // width), -(-side // height), 1)
        return grid, block, (a, b, np.zeros((side, side), np.float32), side, side, side)

    cases = []
    for kernel, (block, width, height) in ladder.items():
        dtype = np.float16 if "tensor" in kernel else np.float32
        make = lambda block=block, w=width, h=height, dtype=dtype: launch(block, w, h, dtype)  # noqa: E731
        moved = side * side * (2 * np.dtype(dtype).itemsize + 4)
        cases.append(
            Case(
                "matmul",
                kernel,
                f"{side} x {side}",
                make,
                moved,
                2 * side**3,
                lambda a, b, *_: a @ b,
                "a @ b",
            )
        )
    return cases


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
        return Case(topic, kernel, shape, lambda: (grid, block, args), moved, 0, numpy, torch)

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

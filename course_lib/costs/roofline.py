"""Work of inference steps in FLOPs and bytes, and the least time a device takes for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.hardware import GPU
from course_lib.shapes import Shape, kv_bytes_per_token, matrix_parameters


@dataclass(frozen=True)
class Work:
    """Floating-point operations, and bytes that cross the device's memory. Adds, and divides over shards."""

    flops: float
    nbytes: float

    def __add__(self, other: "Work") -> "Work":
        return Work(self.flops + other.flops, self.nbytes + other.nbytes)

    def __truediv__(self, shards: float) -> "Work":
        return Work(self.flops / shards, self.nbytes / shards)

    @property
    def intensity(self) -> float:
        """FLOPs per byte."""
        return self.flops / self.nbytes


@dataclass(frozen=True)
class Device:
    """What computes: operations/s, bytes/s of its memory, and bytes of that memory; peak or measured."""

    rate: float
    bandwidth: float
    memory_bytes: float

    def __post_init__(self):
        for name in ("rate", "bandwidth", "memory_bytes"):
            if not getattr(self, name) > 0:
                raise ValueError(f"a device's {name} must be greater than 0, not {getattr(self, name)!r}")

    @classmethod
    def of(cls, gpu: GPU, precision: str = "fp16") -> "Device":
        """The peaks of a GPU at "fp32", "fp16", "bf16" or "int8"; ValueError where none is stated."""
        return cls(gpu.rate(precision), gpu.memory_bandwidth, gpu.memory_bytes)

    def seconds(self, work: Work) -> float:
        """Least time for the work: the slower of computing and moving, which overlap.

        Williams, Waterman and Patterson 2009 (roofline).
        """
        return max(work.flops / self.rate, work.nbytes / self.bandwidth)

    def limit(self, work: Work) -> str:
        """What the work waits for: "compute" or "memory"."""
        return "compute" if work.flops / self.rate > work.nbytes / self.bandwidth else "memory"


def decode_work(shape: Shape, contexts: Sequence[int], weight_bytes: float = 2, kv_bytes: float = 2) -> Work:
    """One token for each sequence, which attends to contexts[i] tokens, itself included.

    The weights are read once for all sequences, the keys and values of each context for itself alone.
    Activations stay in caches and registers and are left out. Bytes are given per number. Raises
    ValueError for a context below 1, and for a model with an encoder.
    """
    if any(context < 1 for context in contexts):
        raise ValueError(f"a token attends at least to itself: contexts must be at least 1, not {contexts}")
    return _work(shape, len(contexts), len(contexts), sum(contexts), sum(contexts), weight_bytes, kv_bytes)


def prefill_work(shape: Shape, lengths: Sequence[int], weight_bytes: float = 2, kv_bytes: float = 2) -> Work:
    """Prompts of lengths[i] tokens at once, each token attending to those up to itself; one token comes out.

    The scores never cross the memory (Dao et al. 2022); keys and values are written once. Raises
    ValueError for an empty prompt, and for a model with an encoder.
    """
    if any(length < 1 for length in lengths):
        raise ValueError(f"a prompt has at least one token, not {lengths}")
    pairs = sum(map(attended_pairs, lengths))
    return _work(shape, sum(lengths), len(lengths), pairs, sum(lengths), weight_bytes, kv_bytes)


def _work(shape, tokens, sequences, pairs, kv_tokens, weight_bytes, kv_bytes) -> Work:
    if not sequences:
        return Work(0, 0)
    weights = matrix_parameters(shape)
    head = shape.vocabulary * shape.width
    # Only the last token of a sequence goes through the head. Scores and mix: 4 FLOPs a pair and dimension.
    flops = 2 * (weights - head) * tokens + 2 * head * sequences
    flops += 4 * shape.layers * shape.heads * shape.head_dim * pairs
    return Work(flops, weights * weight_bytes + kv_bytes_per_token(shape, kv_bytes) * kv_tokens)


def attended_pairs(length: int, window: int | None = None, stride: int | None = None) -> int:
    """Pairs of a query and a key in causal attention over `length` tokens.

    All: l(l + 1)/2. With a window, the last `window` tokens, itself included (Beltagy et al. 2020). With a
    stride, the last `stride` tokens and of the earlier ones those a multiple of `stride` back (Child et al.
    2019, strided): about 2·l·sqrt(l) for stride sqrt(l). Raises ValueError for a window or stride below 1
    and for both at once.
    """
    if window is not None and stride is not None:
        raise ValueError("give a window or a stride, not both")
    if min(size for size in (window, stride, 1) if size is not None) < 1:
        raise ValueError(f"window and stride must be at least 1, not {window} and {stride}")
    reach = length if window is None and stride is None else min(length, window or stride)
    pairs = reach * (reach + 1) // 2 + (length - reach) * reach
    if stride is not None:
        # Token i sees floor(i / stride) earlier ones a multiple of stride back.
        full, rest = divmod(length, stride)
        pairs += stride * full * (full - 1) // 2 + full * rest
    return pairs

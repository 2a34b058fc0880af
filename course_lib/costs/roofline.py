"""Work of inference steps in FLOPs and bytes, and the least time a device takes for it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.arguments import TEXT, a, count, instance, not_negative, positive, real, takes
from course_lib.arguments import row as numbers
from course_lib.hardware import GPU
from course_lib.notebook.reference import reference
from course_lib.shapes import Shape, attention_flops, kv_bytes_per_token, matrix_parameters


@dataclass(frozen=True)
class Work:
    """Floating-point operations, and bytes that cross the device's memory. Adds, and divides over shards.

    Raises ValueError for negative and infinite numbers.
    """

    flops: float
    nbytes: float

    def __post_init__(self):
        not_negative(flops=self.flops, nbytes=self.nbytes)

    def __add__(self, other: "Work") -> "Work":
        return Work(self.flops + other.flops, self.nbytes + other.nbytes)

    def __truediv__(self, shards: float) -> "Work":
        positive(shards=shards)
        return Work(self.flops / shards, self.nbytes / shards)

    @property
    def intensity(self) -> float:
        """FLOPs per byte; infinite where no byte is moved."""
        return self.flops / self.nbytes if self.nbytes else math.inf


@dataclass(frozen=True)
class Device:
    """What computes: operations/s, bytes/s of its memory, and bytes of that memory; peak or measured.

    Raises ValueError for what is not above 0 and finite.
    """

    rate: float
    bandwidth: float
    memory_bytes: float

    def __post_init__(self):
        for name in ("rate", "bandwidth", "memory_bytes"):
            value = getattr(self, name)
            if not 0 < real(name, value) < math.inf:
                raise ValueError(f"a device's {name} must be greater than 0 and finite, not {value!r}")

    @classmethod
    @takes(precision=TEXT)
    def of(cls, gpu: GPU, precision: str = "fp16") -> "Device":
        """The peaks of a GPU at "fp32", "fp16", "bf16" or "int8". Raises ValueError where none is stated."""
        instance("gpu", gpu, GPU)
        return cls(gpu.rate(precision), gpu.memory_bandwidth, gpu.memory_bytes)

    @takes(work=a(Work))
    def seconds(self, work: Work) -> float:
        """Least time for the work: the slower of computing and moving, which overlap.

        Williams, Waterman and Patterson 2009 (roofline).
        """
        return max(work.flops / self.rate, work.nbytes / self.bandwidth)

    @takes(work=a(Work))
    def limit(self, work: Work) -> str:
        """What the work waits for: "compute" or "memory"."""
        return "compute" if work.flops / self.rate > work.nbytes / self.bandwidth else "memory"


@reference("Q8.4")
def decode_work(shape: Shape, contexts: Sequence[int], weight_bytes: float = 2, kv_bytes: float = 2) -> Work:
    """One token for each sequence, which attends to contexts[i] tokens, itself included.

    The weights are read once for all sequences, the keys and values of each context for itself alone.
    Activations stay in caches and registers and are left out. Bytes are given per number. Raises
    ValueError for a context below 1, and for a model with an encoder.
    """
    for context in numbers("contexts", contexts, empty=True).tolist():
        if not context >= 1:
            raise ValueError(
                f"a token attends at least to itself: contexts must be at least 1, not {contexts}"
            )
    contexts = numbers("contexts", contexts, least=1, whole=True, empty=True).astype(int).tolist()
    pairs = [sum(min(context, reach) for context in contexts) for reach in _reaches(shape)]
    return _work(shape, len(contexts), len(contexts), pairs, pairs, weight_bytes, kv_bytes)


@reference("Q8.4")
def prefill_work(shape: Shape, lengths: Sequence[int], weight_bytes: float = 2, kv_bytes: float = 2) -> Work:
    """Prompts of lengths[i] tokens at once, each token attending to those up to itself; one token comes out.

    The scores never cross the memory (Dao et al. 2022); keys and values are written once. Raises
    ValueError for an empty prompt, and for a model with an encoder.
    """
    for length in numbers("lengths", lengths, empty=True).tolist():
        if not length >= 1:
            raise ValueError(f"a prompt has at least one token, not {lengths}")
    lengths = numbers("lengths", lengths, least=1, whole=True, empty=True).astype(int).tolist()
    pairs = [
        sum(attended_pairs(length, None if reach == math.inf else reach) for length in lengths)
        for reach in _reaches(shape)
    ]
    written = [sum(min(length, reach) for length in lengths) for reach in _reaches(shape)]
    return _work(shape, sum(lengths), len(lengths), pairs, written, weight_bytes, kv_bytes)


def _reaches(shape: Shape) -> list[float]:
    """How far back a token sees in layers without and with a window."""
    instance("shape", shape, Shape)
    return [math.inf, math.inf if shape.window is None else shape.window]


def experts_read(shape: Shape, tokens: int) -> float:
    """Experts of a layer that at least one of `tokens` tokens uses, on average, when all are chosen alike.

    E·(1 - (1 - k/E)^tokens), of E experts k a token. 0 for a shape without experts. Raises ValueError for
    negative tokens.
    """
    instance("shape", shape, Shape)
    count(0, tokens=tokens)
    if not shape.experts:
        return 0
    return shape.experts * (1 - (1 - shape.experts_per_token / shape.experts) ** tokens)


@reference("Q8.4", guard=False)
def _work(shape, tokens, sequences, pairs, kv_tokens, weight_bytes, kv_bytes) -> Work:
    """pairs, kv_tokens: in a layer without a window and in one with."""
    positive(weight_bytes=weight_bytes, kv_bytes=kv_bytes)
    token_bytes = kv_bytes_per_token(shape, kv_bytes)
    if not sequences:
        return Work(0, 0)
    weights = matrix_parameters(shape, shape.experts_per_token)
    head = shape.vocabulary * shape.width
    # Only the last token of a sequence goes through the head.
    flops = 2 * (weights - head) * tokens + 2 * head * sequences
    windowed = 0 if shape.window is None else shape.layers
    if shape.windowed_layers is not None:
        windowed = shape.windowed_layers
    whole = shape.layers - windowed
    flops += attention_flops(shape) * (whole * pairs[0] + windowed * pairs[1])
    if shape.experts:
        weights = matrix_parameters(shape, experts_read(shape, tokens))
    kept = (whole * kv_tokens[0] + windowed * kv_tokens[1]) / shape.layers
    return Work(flops, weights * weight_bytes + token_bytes * kept)


@reference("Lab6.6")
def attended_pairs(length: int, window: int | None = None, stride: int | None = None) -> int:
    """Pairs of a query and a key in causal attention over `length` tokens.

    All: l(l + 1)/2. With a window, the last `window` tokens, itself included (Beltagy et al. 2020). With a
    stride, the last `stride` tokens and of the earlier ones those a multiple of `stride` back (Child et al.
    2019, strided): about 2·l·sqrt(l) for stride sqrt(l). Raises ValueError for a negative length, a window or
    stride below 1 and for both at once.
    """
    if window is not None and stride is not None:
        raise ValueError("give a window or a stride, not both")
    if not all(real("window or stride", size) >= 1 for size in (window, stride) if size is not None):
        raise ValueError(f"window and stride must be at least 1, not {window} and {stride}")
    count(0, length=length)
    count(window=1 if window is None else window, stride=1 if stride is None else stride)
    reach = length if window is None and stride is None else min(length, window or stride)
    pairs = reach * (reach + 1) // 2 + (length - reach) * reach
    if stride is not None:
        # Token i sees floor(i / stride) earlier ones a multiple of stride back.
        full, rest = divmod(length, stride)
        pairs += stride * full * (full - 1) // 2 + full * rest
    return pairs


def attention_traffic(length: int, head_dim: int) -> int:
    """Numbers that cross the memory for one head's attention whose scores are written there and read again.

    Q, K, V read and the output written, 4·l·d; scores and shares written and read, 4·l². Dao et al. 2022,
    algorithm 0. Raises ValueError for what is below 1.
    """
    count(length=length, head_dim=head_dim)
    return 4 * length * head_dim + 4 * length**2


def flash_attention_traffic(length: int, head_dim: int, on_chip: int) -> int:
    """Numbers that cross memory for one head's attention by FlashAttention with `on_chip` numbers of SRAM.

    Keys and values are read once, in blocks of ceil(on_chip / 4d) rows; for each block queries are read, and
    the output and its two statistics per row read and written. Dao et al. 2022, algorithm 1; theorem 2: of
    the order of l²d²/on_chip. Raises ValueError for what is below 1, and for less SRAM than 4d numbers.
    """
    count(length=length, head_dim=head_dim, on_chip=on_chip)
    if on_chip < 4 * head_dim:
        raise ValueError(f"on_chip must be at least 4·head_dim = {4 * head_dim} numbers, not {on_chip}")
    blocks = -(-length // -(-on_chip // (4 * head_dim)))
    return 2 * length * head_dim + blocks * (3 * length * head_dim + 4 * length)

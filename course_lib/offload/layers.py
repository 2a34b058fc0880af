"""A real decode step of a few layers: the cache, or the part that is not kept on the card, in host memory."""

from dataclasses import dataclass

import torch
from torch.nn.functional import relu, rms_norm

from course_lib import seeds
from course_lib.arguments import COUNT, check_fields, count, one_of, real
from course_lib.offload import overlap, quantized
from course_lib.offload.link import PacedCopy
from course_lib.offload.pipeline import Schedule

LARGE_CHANNELS, LARGE = 2, 8.0


@dataclass(frozen=True)
class Size:
    """`layers` layers of width `heads` * `head_dim`; `tokens` cached, attended to by `queries` at once.

    Several queries stand for users who share a long document; they make a layer compute longer. Raises
    ValueError for a number below 1.
    """

    layers: int = 16
    tokens: int = 4096
    heads: int = 4
    head_dim: int = 64
    queries: int = 8

    def __post_init__(self):
        check_fields(self, **dict.fromkeys(("layers", "tokens", "heads", "head_dim", "queries"), COUNT))

    @property
    def width(self) -> int:
        """Numbers of a token between layers."""
        return self.heads * self.head_dim


class OffloadedStep:
    """Layers with random weights and a random cache, of which `cold` tokens lie in host memory.

    A layer attends to hot and cold tokens and ends in a feed-forward part, both with a residual. The cold
    ones are copied into one of a few buffers by `link`, as float32, or as codes of `bits` bits. As in real
    models a few channels of each head's keys are large (Liu et al. 2024, KIVI). Raises ValueError for more
    cold tokens than there are, and other than 32, 8 or 4 bits.
    """

    def __init__(
        self, size: Size, link: PacedCopy, cold: int | None = None, bits: int = 32, device="cpu", seed=0
    ):
        cold = size.tokens if cold is None else cold
        if not 0 <= real("cold", cold) <= size.tokens:
            raise ValueError(f"of {size.tokens} tokens {cold} cannot lie in host memory: cold is too many")
        count(0, cold=cold)
        one_of("bits", bits, (32, 8, 4))
        self.size, self.link, self.cold, self.bits, self.device = size, link, cold, bits, device
        random = seeds.torch_stream("offloaded step", seed=seed)
        shape = (size.layers, 2, size.heads, size.tokens, size.head_dim)
        cache = torch.randn(shape, generator=random)
        cache[:, 0, ..., :LARGE_CHANNELS] *= LARGE
        self.weights = (
            torch.randn(size.layers, 10, size.width, size.width, generator=random) / size.width**0.5
        ).to(device)
        self.inputs = torch.randn(size.queries, size.width, generator=random).to(device)
        self.hot = [layer[:, :, cold:].contiguous().to(device) for layer in cache]
        self.host = [self._stored(layer[:, :, :cold].contiguous()) for layer in cache]
        self.buffers = []

    def _stored(self, kv: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What of a layer's cold keys and values lies in host memory; page-locked where a GPU fetches it."""
        parts = (kv,)
        if self.bits != 32:
            codes = quantized.quantize(kv, self.bits)
            parts = codes.codes.contiguous(), codes.scale.contiguous()
        return tuple(part.pin_memory() for part in parts) if self.device == "cuda" else parts

    @property
    def layer_bytes(self) -> int:
        """Bytes of a layer that cross the link in a step."""
        return sum(part.nbytes for part in self.host[0])

    def run(self, buffers: int) -> Schedule:
        """One step through `buffers` buffers, measured; `outputs` then holds what it computed."""
        while len(self.buffers) < buffers:
            self.buffers.append([torch.empty_like(part, device=self.device) for part in self.host[0]])
        self.outputs = self.inputs
        return overlap.run(self.size.layers, self._copy, self._compute, buffers, self.device)

    def _copy(self, layer: int, buffer: int) -> None:
        for target, source in zip(self.buffers[buffer], self.host[layer], strict=True):
            self.link(target, source)

    def _compute(self, layer: int, buffer: int) -> None:
        arrived = self.buffers[buffer]
        if self.bits == 32:
            keys, values = arrived[0]
        else:
            keys, values = quantized.Codes(*arrived, self.bits, self.size.head_dim).restore()
        hot_keys, hot_values = self.hot[layer]
        weights = self.weights[layer]
        x = rms_norm(self.outputs, (self.size.width,))
        q = (
            (x @ weights[0]).unflatten(-1, (self.size.heads, -1)).transpose(0, 1)
        )  # (heads, queries, head_dim)
        scores = torch.cat((q @ keys.mT, q @ hot_keys.mT), dim=-1) / self.size.head_dim**0.5
        shares = scores.softmax(dim=-1)
        mixed = shares[..., : self.cold] @ values + shares[..., self.cold :] @ hot_values
        x = self.outputs + mixed.transpose(0, 1).flatten(-2) @ weights[1]
        hidden = relu(rms_norm(x, (self.size.width,)) @ weights[2:6].flatten(0, 1).mT)
        self.outputs = x + hidden @ weights[6:10].flatten(0, 1)

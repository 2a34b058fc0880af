"""A decoder-only transformer with pre-norm layers, small enough to run anywhere, with random weights."""

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from course_lib import seeds
from course_lib.arguments import INTEGER, NUMBER, a, between, or_none, takes
from course_lib.kv_cache.cache import Cache
from course_lib.shapes import Shape


@takes(
    layers=NUMBER, width=NUMBER, heads=NUMBER, kv_heads=or_none(NUMBER), feed_forward=or_none(NUMBER),
    vocabulary=NUMBER,
)  # fmt: skip
def decoder_shape(
    layers: int = 4,
    width: int = 256,
    heads: int = 8,
    kv_heads: int | None = None,
    feed_forward: int | None = None,
    vocabulary: int = 512,
) -> Shape:
    """The shape of such a decoder; kv_heads is heads and feed_forward 4 · width unless given.

    No biases, RMSNorm, sinusoidal positions, a head of its own: `course_lib.shapes` counts its parameters
    exactly. Raises ValueError for a width that the heads, or heads that the KV heads, do not divide.
    """
    kv_heads, feed_forward = kv_heads or heads, feed_forward or 4 * width
    if min(layers, width, heads, vocabulary) < 1 or width % heads or heads % kv_heads:
        raise ValueError(
            f"heads must divide the width, KV heads the heads: {width}, {heads}, {kv_heads}, each at least "
            f"1, and layers and vocabulary too: {layers}, {vocabulary}"
        )
    return Shape(
        f"{layers} x {width}", layers, width, heads, kv_heads, width // heads, feed_forward, vocabulary, 0,
        gated=False, biases=False, tied=False, source="decoder_shape",
    )  # fmt: skip


class Block(nn.Module):
    """Attention, then feed-forward, each behind a norm and beside a residual connection."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape, inner = shape, shape.heads * shape.head_dim
        self.norm_attention, self.norm_feed_forward = (nn.RMSNorm(shape.width, eps=1e-6) for _ in range(2))
        self.query = _linear(shape.width, inner)
        self.key, self.value = (_linear(shape.width, shape.kv_heads * shape.head_dim) for _ in range(2))
        self.output = _linear(inner, shape.width)
        self.up, self.down = (
            _linear(shape.width, shape.feed_forward),
            _linear(shape.feed_forward, shape.width),
        )

    def queries_keys_values(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """x (..., width) as q (..., heads, head_dim) and k, v (..., kv_heads, head_dim)."""
        normed, d = self.norm_attention(x), self.shape.head_dim
        return tuple(part(normed).unflatten(-1, (-1, d)) for part in (self.query, self.key, self.value))

    def finish(self, x: torch.Tensor, mixed: torch.Tensor) -> torch.Tensor:
        """The layer's result, from its input x (..., width) and the mixed values (..., heads, head_dim)."""
        x = x + self.output(mixed.flatten(-2))
        return x + self.down(functional.gelu(self.up(self.norm_feed_forward(x))))


class Decoder(nn.Module):
    """A decoder of that shape with seeded random weights, for up to `context` tokens.

    `forward` computes everything from the tokens alone and can be trained; `packed` uses caches. Raises
    ValueError for no context.
    """

    @takes(shape=a(Shape), seed=INTEGER, context=between(1, 10**7))
    def __init__(self, shape: Shape, seed: int = 0, context: int = 4096):
        super().__init__()
        self.shape, self.context = shape, context
        self.embedding = nn.Embedding.from_pretrained(
            torch.empty(shape.vocabulary, shape.width), freeze=False
        )
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=1e-6)
        self.head = _linear(shape.width, shape.vocabulary)
        self.register_buffer("positions", sinusoids(context, shape.width), persistent=False)
        random = seeds.torch_stream("kv_cache", "decoder", seed=seed)
        with torch.no_grad():
            for parameter in self.parameters():
                if parameter.dim() == 1:  # a norm's scale
                    parameter.uniform_(0.8, 1.2, generator=random)
                else:
                    inputs = parameter.shape[1] if parameter is not self.embedding.weight else 1
                    parameter.normal_(0, inputs**-0.5, generator=random)

    @property
    def device(self) -> torch.device:
        return self.positions.device

    @property
    def dtype(self) -> torch.dtype:
        return self.positions.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of the weights, as they are held."""
        held = [*self.parameters(), *(b for name, b in self.named_buffers() if name != "positions")]
        return sum(weight.nbytes for weight in held)

    def weights(self) -> dict:
        """The weights as plain data: tensors (out, in) by name, one dict per layer, and head_dim.

        They are not copied. Raises ValueError after `int8_weights`, whose codes are no weights.
        """
        if not isinstance(self.head, nn.Linear):
            raise ValueError("the weights of this decoder are 8-bit codes")
        return {
            "embedding": self.embedding.weight.detach(),
            "positions": self.positions,
            "layers": [
                {name.removesuffix(".weight"): part.detach() for name, part in block.named_parameters()}
                for block in self.blocks
            ],
            "norm": self.norm.weight.detach(),
            "head": self.head.weight.detach(),
            "head_dim": self.shape.head_dim,
        }

    def forward(self, tokens: torch.Tensor, last: bool = False) -> torch.Tensor:
        """Logits (batch, n, vocabulary) for tokens (batch, n), or (batch, vocabulary) after the last."""
        self.check(tokens, tokens.shape[-1])
        x = self.embedding(tokens) + self.positions[: tokens.shape[1]]  # (batch, n, width)
        for block in self.blocks:
            q, k, v = (part.transpose(1, 2) for part in block.queries_keys_values(x))
            mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
            x = block.finish(x, mixed.transpose(1, 2))
        return self.head(self.norm(x[:, -1] if last else x))

    def packed(self, tokens: Sequence[torch.Tensor], caches: Sequence[Cache]) -> torch.Tensor:
        """Logits (sequences, vocabulary) after the last of each sequence's new tokens, which join its cache.

        Matrices meet the tokens of all sequences in one product; attention goes sequence by sequence. Raises
        ValueError for no tokens, unknown ones or more than `context`, and OutOfMemory where a cache has no
        room; no token has joined any cache then, though some may already hold room for theirs.
        """
        sizes = [len(new) for new in tokens]
        if not sizes or min(sizes) < 1 or len(sizes) != len(caches) or len({*map(id, caches)}) != len(caches):
            raise ValueError("a step needs at least one token per sequence, and a cache of its own for each")
        flat = torch.cat(list(tokens))
        self.check(flat, max(cache.length + n for cache, n in zip(caches, sizes, strict=True)))
        for cache, n in zip(caches, sizes, strict=True):
            cache.reserve(n)
        places = [torch.arange(c.length, c.length + n) for c, n in zip(caches, sizes, strict=True)]
        x = (
            self.embedding(flat) + self.positions[torch.cat(places).to(self.device)]
        )  # (all new tokens, width)
        for layer, block in enumerate(self.blocks):
            parts = zip(*(part.split(sizes) for part in block.queries_keys_values(x)), caches, strict=True)
            mixed = [_mix(cache, layer, q, k, v) for q, k, v, cache in parts]
            x = block.finish(x, torch.cat(mixed))
        for cache, n in zip(caches, sizes, strict=True):
            cache.advance(n)
        last = torch.tensor(sizes).cumsum(0) - 1
        return self.head(self.norm(x[last.to(self.device)]))

    def check(self, tokens: torch.Tensor, length: int) -> None:
        """Raises ValueError for no tokens, unknown ones, and a `length` of more than `context`."""
        if length > self.context:
            raise ValueError(f"{length} tokens are more than this decoder's context of {self.context}")
        if tokens.numel() == 0:
            raise ValueError("there is no token to compute")
        low, high = int(tokens.min()), int(tokens.max())
        if low < 0 or high >= self.shape.vocabulary:
            raise ValueError(f"tokens are 0 to {self.shape.vocabulary - 1}, not {low if low < 0 else high}")


def _mix(cache: Cache, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Values (n, heads, head_dim) mixed for the queries of n new tokens, whose k and v join the cache."""
    keys, values = cache.append(layer, k, v)
    n, square = len(q), len(keys) == len(q)
    plain = n == 1 or (square and cache.causal)
    mask = None if plain else cache.visible(n, len(keys))
    q, keys, values = (part.transpose(0, 1)[None] for part in (q, keys, values))  # (1, heads, ·, head_dim)
    mixed = functional.scaled_dot_product_attention(
        q, keys, values, mask, is_causal=plain and n > 1, enable_gqa=True
    )
    return mixed[0].transpose(0, 1)


@takes(positions=between(0, 10**7), width=between(1, 10**7))
def sinusoids(positions: int, width: int) -> torch.Tensor:
    """Position vectors (positions, width), sines beside cosines. Vaswani et al. 2017, section 3.5.

    Raises ValueError for no width.
    """
    half = (width + 1) // 2
    rates = torch.exp(-math.log(10000) / half * torch.arange(half))
    angles = torch.arange(positions)[:, None] * rates
    return torch.cat((angles.sin(), angles.cos()), 1)[:, :width]


def _linear(inputs: int, outputs: int) -> nn.Linear:
    # As nn.utils.skip_init does it, which imports torch's compiler for that: 0.3 s of a first decoder.
    linear = nn.Linear(inputs, outputs, bias=False, device="meta")
    linear.weight = nn.Parameter(torch.empty(outputs, inputs))
    return linear

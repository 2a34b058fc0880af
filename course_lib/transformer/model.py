"""A transformer in torch of any decoder-only shape, written so that every product and kept tensor shows.

Attention is explicit (scores, softmax, mix): torch's fused one would hide what the lab counts. Letters: b
sequences of l tokens; a head has h numbers, and g query heads share one head of keys and values.
"""

import math
from collections.abc import Collection

import torch
from torch import nn
from torch.nn import functional

from course_lib import seeds
from course_lib.shapes import Shape
from course_lib.shapes.transformer import decoder_only
from course_lib.transformer.checkpointing import through


class Dropout(nn.Module):
    """x · mask / (1 - p) in training mode; the mask has one byte per number, as on a GPU.

    It comes from a generator of its own: one that is wound back gives the same masks once more.
    """

    def __init__(self, p: float, random: torch.Generator):
        super().__init__()
        self.p, self.random = p, random

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x of any shape."""
        if not self.training or not self.p:
            return x
        mask = torch.rand(x.shape, generator=self.random, device=x.device) >= self.p
        return x * mask / (1 - self.p)


class Block(nn.Module):
    """x + attention(norm(x)), then the same with the feed-forward part: x (b, l, width) keeps its shape."""

    def __init__(self, shape: Shape, dropout: Dropout):
        super().__init__()
        self.shape, self.dropout = shape, dropout
        inner, kv_inner = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
        self.norm1, self.norm2 = _norm(shape), _norm(shape)
        qkv = shape.biases or shape.qkv_biases
        self.query = nn.Linear(shape.width, inner, bias=qkv)
        self.key, self.value = (nn.Linear(shape.width, kv_inner, bias=qkv) for _ in range(2))
        self.output = nn.Linear(inner, shape.width, bias=shape.biases)
        self.up = nn.Linear(shape.width, shape.feed_forward, bias=shape.biases)
        self.gate = nn.Linear(shape.width, shape.feed_forward, bias=shape.biases) if shape.gated else None
        self.down = nn.Linear(shape.feed_forward, shape.width, bias=shape.biases)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """A norm stands before each part (pre-norm), as in GPT-2 and Llama."""
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.dropout(self.feed_forward(self.norm2(x)))

    def attention(self, x: torch.Tensor) -> torch.Tensor:
        """Causal attention over x (b, l, width), through the output projection."""
        b, l, _ = x.shape  # noqa: E741
        kv, h = self.shape.kv_heads, self.shape.head_dim
        g = self.shape.heads // kv
        q = self.query(x).view(b, l, kv, g, h).permute(0, 2, 3, 1, 4).reshape(b, kv, g * l, h)
        k, v = (layer(x).view(b, l, kv, h).transpose(1, 2) for layer in (self.key, self.value))
        scores = (q @ k.transpose(2, 3) / math.sqrt(h)).view(b, kv, g, l, l)
        ahead = torch.full((l, l), -math.inf, dtype=x.dtype, device=x.device).triu(1)
        shares = self.dropout(torch.softmax(scores + ahead, -1)).view(b, kv, g * l, l)
        mixed = (shares @ v).view(b, kv, g, l, h).permute(0, 3, 1, 2, 4)  # (b, l, kv, g, h)
        return self.output(mixed.reshape(b, l, -1))

    def feed_forward(self, x: torch.Tensor) -> torch.Tensor:
        """Up, gelu (or silu of the gate), and down again."""
        if self.gate is None:
            return self.down(functional.gelu(self.up(x)))
        return self.down(functional.silu(self.gate(x)) * self.up(x))


class Embedding(nn.Module):
    """Tokens (b, l), and their positions where the shape has learned ones, as vectors (b, l, width)."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width) if shape.positions else None

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(b, l) to (b, l, width)."""
        x = self.tokens(tokens)
        return x if self.positions is None else x + self.positions.weight[: tokens.shape[1]]


class Head(nn.Module):
    """The last norm, and the product that makes logits (b, l, vocabulary) of vectors (b, l, width)."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.norm = _norm(shape) if shape.norms_after_stack else nn.Identity()
        self.logits = nn.Linear(shape.width, shape.vocabulary, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, l, width) to (b, l, vocabulary)."""
        return self.logits(self.norm(x))


class Transformer(nn.Module):
    """Logits (b, l, vocabulary) of the next token, from tokens (b, l), for a decoder-only shape.

    It starts as GPT-2 does: weights normal with deviation 1/√(3 · width), in the layers that add to x by
    √(2 · layers) smaller, biases 0; all drawn from `seed`. Raises ValueError for a shape with an
    encoder, experts, a latent, a window or norms in the heads, which the lab leaves out.
    """

    def __init__(self, shape: Shape, dropout: float = 0.0, seed: int = 0):
        super().__init__()
        decoder_only(shape)
        if shape.experts or shape.latent or shape.window is not None or shape.head_norms:
            raise ValueError(f"{shape.name} has experts, a latent, a window or norms in its heads")
        self.shape = shape
        self.dropout = Dropout(dropout, seeds.torch_stream("accounting", "dropout", seed=seed))
        self.embedding, self.head = Embedding(shape), Head(shape)
        self.blocks = nn.ModuleList(Block(shape, self.dropout) for _ in range(shape.layers))
        if shape.tied:
            self.head.logits.weight = self.embedding.tokens.weight
        self._start(seeds.torch_stream("accounting", "weights", seed=seed))

    @torch.no_grad()
    def _start(self, random: torch.Generator) -> None:
        deviation = 1 / math.sqrt(3 * self.shape.width)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                smaller = math.sqrt(2 * self.shape.layers) if "output" in name or "down" in name else 1
                parameter.normal_(0, deviation / smaller, generator=random)
            elif name.endswith("bias"):
                parameter.zero_()

    def forward(self, tokens: torch.Tensor, checkpointed: Collection[int] = ()) -> torch.Tensor:
        """Logits of tokens (b, l); the blocks of these numbers, from 0, are checkpointed."""
        return self.head(through(self.blocks, self.embedding(tokens), checkpointed, self.dropout.random))


def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of logits (b, l, vocabulary) and targets (b, l)."""
    return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


def _norm(shape: Shape) -> nn.Module:
    # On a CPU torch computes RMSNorm in parts that keep a tensor more than its kernel on a GPU does.
    return nn.LayerNorm(shape.width, bias=shape.biases)

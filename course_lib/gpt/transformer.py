"""A transformer of Vaswani et al. 2017 in the form of GPT-2 (Radford et al. 2019), on tensors of autodiff.

Shapes: b sentences, t tokens of each, s tokens of the source that they attend to. With rng=None a module is
made to be counted, not to be trained (see course_lib/autodiff/modules.py).
"""

import math

import numpy as np

from course_lib.autodiff import Tensor, no_grad
from course_lib.autodiff.functional import gelu, softmax
from course_lib.autodiff.modules import Dropout, Embedding, LayerNorm, Linear, Module
from course_lib.notebook.reference import reference

Random = np.random.Generator | None


def causal_mask(tokens: int) -> np.ndarray:
    """True (tokens, tokens) where a token may attend: to itself and to those before it."""
    return np.tri(tokens, dtype=bool)


class MultiHeadAttention(Module):
    """Tokens of x (b, t, width) mix the values of a source (b, s, width), or of x itself: (b, t, width).

    A mask, boolean (t, s) or (b, t, s), is True where attending is allowed. Raises ValueError for a mask that
    is not boolean, and for heads that do not divide the width.
    """

    def __init__(self, width: int, heads: int, *, rng: Random):
        if heads < 1 or width % heads:
            raise ValueError(f"{heads} heads do not divide a width of {width}")
        self.heads = heads
        self.query, self.key = Linear(width, width, rng=rng), Linear(width, width, rng=rng)
        self.value, self.output = Linear(width, width, rng=rng), Linear(width, width, rng=rng)

    @reference("Lab3.3")
    def weights(self, x: Tensor, source: Tensor | None = None, mask: np.ndarray | None = None) -> Tensor:
        """softmax(q · k / √d) over the source, (b, heads, t, s), where d is the width of a head.

        What the mask forbids has weight 0, and its gradient is 0; a token that may attend to nothing has
        zeros alone.
        """
        queries = self._by_head(self.query(x))
        keys = self._by_head(self.key(x if source is None else source))
        scores = (queries * queries.shape[-1] ** -0.5) @ keys.transpose(2, 3)
        return softmax(scores) if mask is None else _masked_softmax(scores, mask)

    @reference("Lab3.3")
    def forward(self, x: Tensor, source: Tensor | None = None, mask: np.ndarray | None = None) -> Tensor:
        """The source's values, mixed by `weights`, heads side by side, through `output`: (b, t, width)."""
        values = self._by_head(self.value(x if source is None else source))
        mixed = self.weights(x, source, mask) @ values  # (b, heads, t, d)
        return self.output(mixed.permute(0, 2, 1, 3).reshape(*x.shape))

    def _by_head(self, x: Tensor) -> Tensor:
        """(b, t, heads · d) as (b, heads, t, d)."""
        b, t, width = x.shape
        return x.reshape(b, t, self.heads, width // self.heads).permute(0, 2, 1, 3)


@reference("Lab3.3")
def _masked_softmax(scores: Tensor, mask: np.ndarray) -> Tensor:
    """softmax of scores (b, heads, t, s) over what the mask allows."""
    if mask.dtype != bool:
        raise ValueError(f"a mask is boolean, True where attending is allowed, not {mask.dtype}")
    if mask.ndim == 3:
        mask = mask[:, None]  # the same for all heads
    # Of a row of -inf alone the softmax would be nan. Such a row stays as it is, and its weights become 0.
    attends = mask.any(-1, keepdims=True)
    weights = softmax(scores + np.where(mask | ~attends, 0, -np.inf))
    return weights if attends.all() else weights * attends


class FeedForward(Module):
    """Each token for itself: up to `hidden` numbers, gelu, and down again. (..., width) to (..., width)."""

    def __init__(self, width: int, hidden: int, *, rng: Random):
        self.up, self.down = Linear(width, hidden, rng=rng), Linear(hidden, width, rng=rng)

    @reference("Lab3.3")
    def forward(self, x: Tensor) -> Tensor:
        """x (..., width) keeps its shape."""
        return self.down(gelu(self.up(x)))


class TransformerLayer(Module):
    """x + attention(norm(x)), then the same with the feed-forward part: (b, t, width) to (b, t, width).

    The norms stand before (pre-norm), as in GPT-2. With `cross`, tokens attend to a memory (b, s, width) in
    between, behind a norm of its own. Dropout is on what is added to x. Raises ValueError for a memory
    without `cross` and for `cross` without a memory.
    """

    def __init__(
        self, width: int, heads: int, hidden: int, *, dropout: float = 0.0, cross: bool = False, rng: Random
    ):
        self.norm1, self.attention = LayerNorm(width), MultiHeadAttention(width, heads, rng=rng)
        self.cross_norm = LayerNorm(width) if cross else None
        self.cross = MultiHeadAttention(width, heads, rng=rng) if cross else None
        self.norm2, self.feed_forward = LayerNorm(width), FeedForward(width, hidden, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)

    @reference("Lab3.3")
    def forward(self, x: Tensor, mask: np.ndarray | None = None, memory: Tensor | None = None) -> Tensor:
        """x (b, t, width) keeps its shape; the mask is that of its attention to itself."""
        if (memory is None) != (self.cross is None):
            raise ValueError("a layer with cross-attention needs a memory, and no other layer takes one")
        x = x + self.dropout(self.attention(self.norm1(x), mask=mask))
        if self.cross is not None:
            x = x + self.dropout(self.cross(self.cross_norm(x), memory))
        return x + self.dropout(self.feed_forward(self.norm2(x)))


class DecoderLM(Module):
    """Logits (b, t, vocabulary) of the next token, from ids (b, t) of at most `positions` tokens.

    Token and position embeddings are added, layers follow, then a norm, and the head, which is the token
    embedding again (tied). `hidden` is 4 · width unless given. It starts as GPT-2 does: weights normal with
    deviation 1/√(3 · width), 0.02 for its width of 768, in the layers that add to x by √(2 · layers) smaller,
    biases 0. Raises ValueError as MultiHeadAttention, for a sentence that is too long, for ids outside the
    vocabulary and those of another shape.
    """

    def __init__(
        self, vocabulary: int, positions: int, width: int, heads: int, layers: int, hidden: int | None = None,
        *, dropout: float = 0.0, rng: Random,
    ):  # fmt: skip
        hidden = 4 * width if hidden is None else hidden
        self.tokens, self.positions = (
            Embedding(vocabulary, width, rng=rng),
            Embedding(positions, width, rng=rng),
        )
        self.layers = [
            TransformerLayer(width, heads, hidden, dropout=dropout, rng=rng) for _ in range(layers)
        ]
        self.norm = LayerNorm(width)
        if rng is not None:
            self._start(rng)

    def _start(self, rng: np.random.Generator) -> None:
        deviation = 1 / math.sqrt(3 * self.tokens.weight.shape[1])  # 0.02 is too little for a narrow model
        for name, parameter in self.named_parameters():
            if name.endswith(("output.weight", "down.weight")):
                drawn = rng.normal(0, deviation / math.sqrt(2 * len(self.layers)), parameter.shape)
            elif parameter.ndim == 2:
                drawn = rng.normal(0, deviation, parameter.shape)
            elif name.endswith("bias"):
                drawn = np.zeros(parameter.shape)
            else:
                continue  # a norm's weight stays 1
            parameter.data = drawn.astype(np.float32)

    @reference("Lab3.3")
    def forward(self, ids, causal: bool = True) -> Tensor:
        """Logits (b, t, vocabulary); without `causal`, tokens see those behind them, too."""
        x, mask = self._embedded(ids, causal)
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x) @ self.tokens.weight.T

    @no_grad()
    def attention(self, ids, causal: bool = True) -> list[np.ndarray]:
        """The weights with which tokens attend to tokens, (b, heads, t, t), of each layer."""
        x, mask = self._embedded(ids, causal)
        found = []
        for layer in self.layers:
            found.append(layer.attention.weights(layer.norm1(x), mask=mask).numpy())
            x = layer(x, mask)
        return found

    def _embedded(self, ids, causal: bool) -> tuple[Tensor, np.ndarray | None]:
        """Tokens and their positions as vectors (b, t, width), and the mask."""
        if np.ndim(ids) != 2:
            raise ValueError(f"ids are sentences of tokens (b, t), not of {np.ndim(ids)} dimensions")
        tokens, fit = np.shape(ids)[1], self.positions.weight.shape[0]
        if tokens > fit:
            raise ValueError(f"a sentence of {tokens} tokens does not fit {fit} positions")
        x = self.tokens(ids) + self.positions.weight[:tokens]
        return x, causal_mask(tokens) if causal else None

"""Who sees whom: how strongly each output of a transformer depends on each input, measured by gradients.

Encoder, decoder and encoder-decoder are made of the same layers and differ in their masks alone.
"""

from collections.abc import Callable

import numpy as np

from course_lib import seeds
from course_lib.arguments import count, one_of
from course_lib.autodiff import Tensor
from course_lib.autodiff.modules import LayerNorm, Module
from course_lib.gpt.transformer import Random, TransformerLayer, causal_mask

WIDTH, HEADS, LAYERS, HIDDEN = 16, 2, 2, 32
MOST = 32  # tokens: an encoder-decoder of 32 needs about 500 MB


class Encoder(Module):
    """Layers and a norm after them, (b, t, width) to (b, t, width); without a mask, every token sees all.

    With a causal mask it is a decoder without an encoder, as GPT-2 is.
    """

    def __init__(self, width: int, heads: int, layers: int, hidden: int, *, rng: Random):
        self.layers = [TransformerLayer(width, heads, hidden, rng=rng) for _ in range(layers)]
        self.norm = LayerNorm(width)

    def forward(self, x: Tensor, mask: np.ndarray | None = None) -> Tensor:
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)


class EncoderDecoder(Module):
    """From a source (b, s, width) and a target (b, t, width), the encoder's and the decoder's outputs.

    They have the shapes of the source and of the target. The decoder attends to the target with a causal
    mask, and to all of the encoder's outputs (Vaswani et al. 2017).
    """

    def __init__(self, width: int, heads: int, layers: int, hidden: int, *, rng: Random):
        self.encoder = Encoder(width, heads, layers, hidden, rng=rng)
        self.layers = [TransformerLayer(width, heads, hidden, cross=True, rng=rng) for _ in range(layers)]
        self.norm = LayerNorm(width)

    def forward(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        memory, mask = self.encoder(source), causal_mask(target.shape[1])
        for layer in self.layers:
            target = layer(target, mask, memory)
        return memory, self.norm(target)


def influence(kind: str, tokens: int = 6, seed: int = 0) -> np.ndarray:
    """Norm of the gradient of each output vector (rows) by each input vector (columns), random weights.

    kind "encoder" and "decoder" give (tokens, tokens). "encoder-decoder" gives (2 · tokens, 2 · tokens): in
    rows the encoder's outputs before the decoder's, in columns the source before the target. It is 0 where no
    path leads from the input to the output. Raises ValueError for another kind, and for fewer than 1 or more
    than MOST tokens.
    """
    one_of("kind", kind, ("encoder", "decoder", "encoder-decoder"))
    count(1, MOST, tokens=tokens)
    rng = seeds.stream("gpt", "influence", seed=seed)
    if kind == "encoder-decoder":
        model: Module = EncoderDecoder(WIDTH, HEADS, LAYERS, HIDDEN, rng=rng)
        source, target = rng.normal(size=(2, tokens, WIDTH)).astype(np.float32)
        return _gradient_norms(model, [source, target])
    model = Encoder(WIDTH, HEADS, LAYERS, HIDDEN, rng=rng)
    mask = causal_mask(tokens) if kind == "decoder" else None
    x = rng.normal(size=(tokens, WIDTH)).astype(np.float32)
    return _gradient_norms(lambda x: (model(x, mask),), [x])


def _gradient_norms(network: Callable[..., tuple[Tensor, ...]], inputs: list[np.ndarray]) -> np.ndarray:
    """Norms of ∂output/∂input, inputs and outputs (tokens, width) each.

    A batch has one copy of the inputs for each number of an output, and from above comes 1 for that number
    and 0 for all others: so one pass backward gives all gradients of an output.
    """
    tokens, width = inputs[0].shape
    numbers = tokens * width
    seed = np.eye(numbers).reshape(numbers, tokens, width)
    copies = [Tensor(np.broadcast_to(x, seed.shape), requires_grad=True) for x in inputs]
    rows = []
    for output in network(*copies):
        for copy in copies:
            copy.zero_grad()
        output.backward(seed, retain_graph=True)
        gradients = [np.zeros(seed.shape) if copy.grad is None else copy.grad.numpy() for copy in copies]
        by_number = [gradient.reshape(tokens, width, tokens, width) for gradient in gradients]
        rows.append([np.linalg.norm(each, axis=(1, 3)) for each in by_number])
    return np.block(rows)

"""FLOPs of one block, and the lengths from which on attention is the larger part of a block's cost."""

from dataclasses import replace

from course_lib.arguments import count, instance
from course_lib.costs.memory import layer_activations
from course_lib.costs.roofline import attended_pairs
from course_lib.notebook.reference import reference
from course_lib.shapes import Shape, attention_flops, matrix_parameters
from course_lib.shapes.transformer import decoder_only


@reference("Lab6.1")
def block_flops(shape: Shape, length: int, causal: bool = False) -> float:
    """FLOPs of one block's forward pass over `length` tokens: 2 for each weight and token, and attention's.

    `causal`: only pairs of a token and those up to itself are computed, as a fused kernel does; the products
    of whole matrices compute all l². Backward takes twice as many. Of a shape with experts, a block that has
    them; a window is left out. Raises ValueError for a model with an encoder, and for a length below 1.
    """
    instance("causal", causal, bool)
    weights = _block_weights(shape)
    count(length=length)
    pairs = attended_pairs(length) if causal else length**2
    return 2 * weights * length + attention_flops(shape) * pairs


@reference("Lab6.6")
def flops_crossover(shape: Shape, causal: bool = False) -> float:
    """Length at which attention's products take as many FLOPs as those with the weights.

    6 · width for a feed-forward part of 4 · width without a gate, as many KV heads as heads and without
    `causal`: 4,608 for GPT-2. Raises ValueError for a model with an encoder.
    """
    instance("causal", causal, bool)
    weights, each = 2 * _block_weights(shape), attention_flops(shape)
    return 2 * weights / each - 1 if causal else weights / each


@reference("Lab6.6")
def memory_crossover(shape: Shape, number: float = 2, mask: float = 1, dropout: bool = True) -> float:
    """Length at which what a layer keeps of its scores takes as many bytes as all else it keeps.

    34 · width / (5 · heads) for a feed-forward part of 4 · width without a gate and as many KV heads as
    heads: 435 for GPT-2. Raises ValueError as `layer_activations`.
    """
    kept = layer_activations(shape, 1, 1, number, mask, dropout)
    scores = sum(nbytes for name, nbytes in kept.items() if "scores" in name)
    return (sum(kept.values()) - scores) / scores


def _block_weights(shape: Shape) -> float:
    """Parameters of one block's matrices that a token is multiplied with."""
    decoder_only(shape)
    one = replace(shape, layers=1, dense_layers=0, windowed_layers=None)
    return matrix_parameters(one, shape.experts_per_token) - shape.vocabulary * shape.width

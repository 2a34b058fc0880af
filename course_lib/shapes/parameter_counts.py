"""Parameters that follow from a shape alone, counted exactly."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from course_lib.arguments import NOT_NEGATIVE, NUMBER, a, count, or_none, row, takes
from course_lib.notebook.reference import reference
from course_lib.shapes.transformer import MOST, Shape


@takes(shape=a(Shape))
def attention_parameters(shape: Shape) -> int:
    """Parameters of one attention: queries and output at all heads, keys and values at the KV heads.

    With `latent`: the matrices down to it and up again, and the norms at both.
    """
    norms = 2 * shape.head_dim * shape.head_norms
    if shape.latent:
        query = shape.heads * (shape.head_dim + shape.rope_dim)
        through = shape.query_latent
        queries = through * (shape.width + query + 1) if through else shape.width * query
        kept = shape.width * (shape.latent + shape.rope_dim) + shape.latent
        restored = shape.latent * shape.heads * (shape.head_dim + shape.value_dim)
        return queries + kept + restored + shape.heads * shape.value_dim * shape.width + norms
    inner, kv_inner = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    matrices = shape.width * (2 * inner + 2 * kv_inner)
    at_qkv = (inner + 2 * kv_inner) * (shape.biases or shape.qkv_biases)
    return matrices + at_qkv + shape.width * shape.biases + norms


@takes(shape=a(Shape))
def feed_forward_parameters(shape: Shape) -> int:
    """Parameters of one feed-forward part without experts: up (and gate) and down."""
    return _feed_forward(shape, shape.feed_forward)


def _feed_forward(shape: Shape, wide: int) -> int:
    up = 2 if shape.gated else 1
    return (up + 1) * shape.width * wide + (up * wide + shape.width) * shape.biases


@takes(shape=a(Shape), used=NOT_NEGATIVE)
def expert_parameters(shape: Shape, used: float) -> float:
    """Parameters of a feed-forward part of which `used` experts count beside the shared ones; its router too.

    Raises ValueError for a shape without experts.
    """
    if not shape.experts:
        raise ValueError(f"{shape.name} has no experts")
    if used > shape.experts:
        raise ValueError(f"used must be at most {shape.experts} experts, not {used}")
    router = shape.width * shape.experts + shape.experts * shape.router_biases
    return (used + shape.shared_experts) * _feed_forward(shape, shape.expert_width) + router


@reference("Lab6.2", guard=False)
@takes(shape=a(Shape))
def parameters(shape: Shape) -> int:
    """All parameters, exactly: layers, norms, token and position embeddings, and the head unless tied."""
    return _parameters(shape, shape.experts)


@reference("Lab6.2", guard=False)
@takes(shape=a(Shape))
def active_parameters(shape: Shape) -> int:
    """Parameters that one token meets: all, but of the experts only those it uses, and the embeddings."""
    return _parameters(shape, shape.experts_per_token)


@reference("Lab6.2", guard=False)
def _parameters(shape: Shape, used: int) -> int:
    """All parameters, of the experts only `used` of each layer."""
    attention, feed_forward = attention_parameters(shape), feed_forward_parameters(shape)
    norm = shape.width * (2 if shape.biases else 1)
    # With an encoder in front, a decoder layer attends twice: to itself and to the encoder's output.
    attentions = 2 if shape.encoder_layers else 1
    decoder = shape.layers * (attentions * (attention + norm) + norm)
    decoder += dense_parts(shape) * feed_forward + expert_parts(shape) * _experts(shape, used)
    encoder = shape.encoder_layers * (attention + feed_forward + 2 * norm)
    stacks = 2 if shape.encoder_layers else 1
    embeddings = (shape.vocabulary * (1 if shape.tied else 2) + shape.positions) * shape.width
    return decoder + encoder + embeddings + stacks * norm * shape.norms_after_stack


@takes(shape=a(Shape))
def dense_parts(shape: Shape) -> int:
    """Decoder layers whose feed-forward part all tokens go through."""
    return shape.dense_layers if shape.experts else shape.layers


@takes(shape=a(Shape))
def expert_parts(shape: Shape) -> int:
    """Decoder layers whose feed-forward part is split into experts."""
    return shape.layers - dense_parts(shape)


def _experts(shape: Shape, used: float) -> float:
    return expert_parameters(shape, used) if shape.experts else 0


@takes(shape=a(Shape), used=or_none(NUMBER))
def matrix_parameters(shape: Shape, used: float | None = None) -> float:
    """Parameters of the weight matrices that tokens are multiplied with, the head among them.

    No biases and no norms; an embedding that is only looked up does not count. Of the experts of a layer
    `used` count, by default all; a token's own arithmetic needs `shape.experts_per_token`. For the base model
    of Vaswani et al. 2017: 6(4d² + 2df) + 6(8d² + 2df) + Vd. Raises ValueError for a number of experts that
    the shape has not.
    """
    used = shape.experts if used is None else used
    if not 0 <= used <= shape.experts:
        raise ValueError(f"used must be from 0 to {shape.experts} experts, not {used}")
    bare = replace(shape, biases=False, qkv_biases=False, head_norms=False, router_biases=False)
    attention = attention_parameters(bare) - shape.latent - (shape.query_latent if shape.latent else 0)
    attentions = shape.layers * (2 if shape.encoder_layers else 1) + shape.encoder_layers
    products = attentions * attention
    products += (dense_parts(shape) + shape.encoder_layers) * feed_forward_parameters(bare)
    products += expert_parts(shape) * _experts(bare, used)
    return products + shape.vocabulary * shape.width


def mlp_parameters(widths: Sequence[int]) -> int:
    """Weights and biases of linear layers of the given widths: `mlp_parameters([784, 256, 128, 10])`.

    Raises ValueError for fewer than two widths, and for one below 1.
    """
    if len(row("widths", widths, least=1, whole=True)) < 2:
        raise ValueError(f"widths must name at least an input and an output, not {list(widths)}")
    return sum(int(inputs) * int(outputs) + int(outputs) for inputs, outputs in pairwise(widths))


def convolution_parameters(inputs: int, outputs: int, kernel: int) -> int:
    """Weights and biases of a two-dimensional convolution with a square kernel.

    Raises ValueError for a number below 1.
    """
    count(1, MOST, inputs=inputs, outputs=outputs, kernel=kernel)
    return inputs * outputs * kernel**2 + outputs


def fedavg_cnn_parameters() -> int:
    """Parameters of the CNN of McMahan et al. 2017 for 28x28 images, section 3: 1,663,370.

    Two 5x5 convolutions of 32 and 64 channels, each keeping the size, each followed by a 2x2 pool; 512; 10.
    """
    convolutions = convolution_parameters(1, 32, 5) + convolution_parameters(32, 64, 5)
    return convolutions + mlp_parameters([7 * 7 * 64, 512, 10])

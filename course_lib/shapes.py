"""Shapes of transformers by name, and what follows from a shape alone: parameters, FLOPs, KV bytes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise


@dataclass(frozen=True)
class Shape:
    """A transformer: decoder-only, or with `encoder_layers` of the same width in front.

    `positions` counts learned position embeddings (0 for rotary and sinusoidal ones). `gated`: the
    feed-forward part has three matrices (SwiGLU) instead of two. `biases`: every linear layer has one and
    norms are LayerNorms with one; without, norms have a scale alone, as RMSNorm has. `tied`: the output head
    is the token embedding. `norms_after_stack`: one more norm after the last layer of each stack.
    """

    name: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    feed_forward: int
    vocabulary: int
    positions: int
    gated: bool
    biases: bool
    tied: bool
    source: str
    encoder_layers: int = 0
    norms_after_stack: bool = True


def attention_parameters(shape: Shape) -> int:
    """Parameters of one attention: queries and output at all heads, keys and values at the KV heads."""
    inner, kv_inner = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    matrices = shape.width * (2 * inner + 2 * kv_inner)
    return matrices + (inner + 2 * kv_inner + shape.width) * shape.biases


def feed_forward_parameters(shape: Shape) -> int:
    """Parameters of one feed-forward part: up (and gate) and down."""
    up = 2 if shape.gated else 1
    matrices = (up + 1) * shape.width * shape.feed_forward
    return matrices + (up * shape.feed_forward + shape.width) * shape.biases


def parameters(shape: Shape) -> int:
    """All parameters, exactly: layers, norms, token and position embeddings, and the head unless tied."""
    attention, feed_forward = attention_parameters(shape), feed_forward_parameters(shape)
    norm = shape.width * (2 if shape.biases else 1)
    # With an encoder in front, a decoder layer attends twice: to itself and to the encoder's output.
    attentions = 2 if shape.encoder_layers else 1
    decoder = shape.layers * (attentions * (attention + norm) + feed_forward + norm)
    encoder = shape.encoder_layers * (attention + feed_forward + 2 * norm)
    stacks = 2 if shape.encoder_layers else 1
    embeddings = (shape.vocabulary * (1 if shape.tied else 2) + shape.positions) * shape.width
    return decoder + encoder + embeddings + stacks * norm * shape.norms_after_stack


def matrix_parameters(shape: Shape) -> int:
    """Parameters of the weight matrices that tokens are multiplied with, the head among them.

    No biases and no norms; an embedding that is only looked up does not count. For the base model of
    Vaswani et al. 2017: 6(4d² + 2df) + 6(8d² + 2df) + Vd.
    """
    bare = replace(shape, biases=False)
    attentions = shape.layers * (2 if shape.encoder_layers else 1) + shape.encoder_layers
    blocks = shape.layers + shape.encoder_layers
    products = attentions * attention_parameters(bare) + blocks * feed_forward_parameters(bare)
    return products + shape.vocabulary * shape.width


def forward_flops_per_token(shape: Shape, context: int) -> int:
    """FLOPs to compute one token that attends to `context` tokens, itself included, of a decoder-only model.

    Two per weight in a matrix, and four per layer, head dimension and token attended to (scores and mix);
    norms, softmax and activations are left out. Kaplan et al. 2020, table 1. Raises ValueError for a model
    with an encoder, and for a context below 1.
    """
    _decoder_only(shape)
    if context < 1:
        raise ValueError(f"a token attends at least to itself: context must be at least 1, not {context}")
    return 2 * matrix_parameters(shape) + 4 * shape.layers * shape.heads * shape.head_dim * context


def training_flops(parameters: float, tokens: float) -> float:
    """FLOPs to train on `tokens` tokens: 6 per parameter and token, 2 forward and 4 backward.

    Brown et al. 2020, appendix D; attention's own products are left out.
    """
    return 6 * parameters * tokens


def kv_bytes_per_token(shape: Shape, bytes_per_number: float = 2) -> float:
    """Bytes of KV cache a token takes: keys and values of every layer and KV head; 2 bytes a number for FP16.

    An int when it is whole. Raises ValueError for a model with an encoder.
    """
    _decoder_only(shape)
    size = 2 * shape.layers * shape.kv_heads * shape.head_dim * bytes_per_number
    return int(size) if size == int(size) else size


def tokens_that_fit(room_bytes: float, shape: Shape, bytes_per_number: float = 2) -> int:
    """Whole tokens whose keys and values fit into `room_bytes`; 0 where there is no room."""
    return max(0, int(room_bytes // kv_bytes_per_token(shape, bytes_per_number)))


def block_matrix_products(heads: int, cross_attention: bool = False) -> int:
    """Matrix products of one block, each head's counted apart: 5k + 3, and 10k + 4 with cross-attention.

    An attention with k heads has 3k projections, 2k products of scores and values, 1 output; the feed-forward
    part has 2. Raises ValueError for no heads.
    """
    if heads < 1:
        raise ValueError(f"a block has at least one head, not {heads}")
    attention = 3 * heads + 2 * heads + 1
    return attention * (2 if cross_attention else 1) + 2


def mlp_parameters(widths: Sequence[int]) -> int:
    """Weights and biases of linear layers of the given widths: `mlp_parameters([784, 256, 128, 10])`."""
    return sum(inputs * outputs + outputs for inputs, outputs in pairwise(widths))


def convolution_parameters(inputs: int, outputs: int, kernel: int) -> int:
    """Weights and biases of a two-dimensional convolution with a square kernel."""
    return inputs * outputs * kernel**2 + outputs


def fedavg_cnn_parameters() -> int:
    """Parameters of the CNN of McMahan et al. 2017 for 28x28 images, section 3: 1,663,370.

    Two 5x5 convolutions of 32 and 64 channels, each keeping the size, each followed by a 2x2 pool; 512; 10.
    """
    convolutions = convolution_parameters(1, 32, 5) + convolution_parameters(32, 64, 5)
    return convolutions + mlp_parameters([7 * 7 * 64, 512, 10])


def _decoder_only(shape: Shape) -> None:
    if shape.encoder_layers:
        raise ValueError(f"{shape.name} has an encoder; this count is for decoder-only models")


def _gpt(
    name: str,
    layers: int,
    width: int,
    heads: int,
    source: str,
    vocabulary: int = 50257,
    positions: int = 1024,
) -> Shape:
    return Shape(
        name, layers, width, heads, heads, width // heads, 4 * width, vocabulary, positions,
        gated=False, biases=True, tied=True, source=source,
    )  # fmt: skip


def _llama(
    name: str,
    layers: int,
    width: int,
    heads: int,
    kv_heads: int,
    feed_forward: int,
    vocabulary: int,
    tied: bool = False,
) -> Shape:
    return Shape(
        name, layers, width, heads, kv_heads, width // heads, feed_forward, vocabulary, 0,
        gated=True, biases=False, tied=tied, source="config.json of the model on Hugging Face",
    )  # fmt: skip


GPT2 = "Radford et al. 2019; config.json of the model on Hugging Face"
# OPT's table holds 2,050 positions for a context of 2,048: the first two are kept for padding.
OPT = "Zhang et al. 2022, table 1; config.json of facebook/opt-13b"
VASWANI = (
    "Vaswani et al. 2017, table 3; a bias in every linear layer and a norm after each stack, as torch has"
)


def _vaswani(name: str, width: int, heads: int) -> Shape:
    return Shape(
        name, 6, width, heads, heads, width // heads, 4 * width, 37000, 0,
        gated=False, biases=True, tied=True, source=VASWANI, encoder_layers=6,
    )  # fmt: skip


SHAPES = {
    shape.name: shape
    for shape in (
        _gpt("gpt2", 12, 768, 12, GPT2),
        _gpt("gpt2-medium", 24, 1024, 16, GPT2),
        _gpt("gpt2-large", 36, 1280, 20, GPT2),
        _gpt("gpt2-xl", 48, 1600, 25, GPT2),
        _gpt("gpt3-175b", 96, 12288, 96, "Brown et al. 2020, table 2.1", positions=2048),
        _gpt("opt-13b", 40, 5120, 40, OPT, vocabulary=50272, positions=2050),
        _llama("llama2-7b", 32, 4096, 32, 32, 11008, 32000),
        _llama("llama2-13b", 40, 5120, 40, 40, 13824, 32000),
        _llama("llama2-70b", 80, 8192, 64, 8, 28672, 32000),
        _llama("llama3-8b", 32, 4096, 32, 8, 14336, 128256),
        _llama("llama3-70b", 80, 8192, 64, 8, 28672, 128256),
        _llama("llama3.2-1b", 16, 2048, 32, 8, 8192, 128256, tied=True),
        _llama("llama3.2-3b", 28, 3072, 24, 8, 8192, 128256, tied=True),
        _llama("mistral-7b", 32, 4096, 32, 8, 14336, 32000),
        _vaswani("transformer-base", 512, 8),
        _vaswani("transformer-big", 1024, 16),
    )
}


def shape(name: str) -> Shape:
    """The shape of that name; ValueError with all names for another."""
    if name not in SHAPES:
        raise ValueError(f"unknown shape {name!r}; known: {', '.join(SHAPES)}")
    return SHAPES[name]

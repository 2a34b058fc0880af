"""Shapes of transformers by name, and what follows from a shape alone: parameters, FLOPs, KV bytes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

from course_lib.arguments import (
    NOT_NEGATIVE,
    NUMBER,
    a,
    count,
    instance,
    not_negative,
    or_none,
    positive,
    row,
    takes,
)

SIZES = ("layers", "width", "heads", "kv_heads", "head_dim", "feed_forward", "vocabulary")
PARTS = (
    "positions", "encoder_layers", "latent", "rope_dim", "query_latent", "value_dim", "experts",
    "experts_per_token", "shared_experts", "expert_width", "dense_layers",
)  # fmt: skip
MOST = 10**9  # of any size of a shape


@dataclass(frozen=True)
class Shape:
    """A transformer: decoder-only, or with `encoder_layers` of the same width in front.

    `positions` counts learned position embeddings (0 for rotary and sinusoidal ones). `gated`: the
    feed-forward part has three matrices (SwiGLU) instead of two. `biases`: every linear layer has one and
    norms are LayerNorms with one; without, norms have a scale alone, as RMSNorm has. `tied`: the output head
    is the token embedding. `norms_after_stack`: one more norm after the last layer of each stack.

    `qkv_biases`: a bias at queries, keys and values alone. `head_norms`: a norm of every head's queries and
    keys. `window`: in `windowed_layers` layers (None: all) a token attends to the last so many only.

    Multi-head latent attention (DeepSeek-AI 2024): a token keeps `latent` numbers and a key of `rope_dim`,
    shared by all heads, instead of keys and values; queries go through `query_latent` numbers (0: directly).
    `head_dim` is that of queries and keys without rope_dim, `value_dim` that of values.

    Experts: in all but the first `dense_layers`, the feed-forward part is `experts` of `expert_width`, of
    which each token uses `experts_per_token`, and `shared_experts` which all use; `router_biases`: a number
    an expert beside the router's matrix. Raises ValueError, or TypeError, that names the field.
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
    qkv_biases: bool = False
    head_norms: bool = False
    window: int | None = None
    windowed_layers: int | None = None
    latent: int = 0
    rope_dim: int = 0
    query_latent: int = 0
    value_dim: int = 0
    experts: int = 0
    experts_per_token: int = 0
    shared_experts: int = 0
    expert_width: int = 0
    dense_layers: int = 0
    router_biases: bool = False

    def __post_init__(self):
        instance("name", self.name, str)
        instance("source", self.source, str)
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name in SIZES:
                count(1, MOST, **{f.name: value})
            elif f.name in PARTS:
                count(0, MOST, **{f.name: value})
            elif f.type == "bool" or f.type is bool:
                instance(f.name, value, bool)
        if self.heads % self.kv_heads:
            raise ValueError(f"kv_heads must divide heads, {self.heads}, not {self.kv_heads}")
        if self.window is not None:
            count(1, MOST, window=self.window)
        if self.windowed_layers is not None:
            count(0, self.layers, windowed_layers=self.windowed_layers)
            if self.window is None:
                raise ValueError("windowed_layers must be None where window is None")
        if self.experts:
            count(1, self.experts, experts_per_token=self.experts_per_token)
            count(1, MOST, expert_width=self.expert_width)
            count(0, self.layers, dense_layers=self.dense_layers)
        if self.latent:
            count(1, MOST, value_dim=self.value_dim, rope_dim=self.rope_dim)


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


@takes(shape=a(Shape))
def parameters(shape: Shape) -> int:
    """All parameters, exactly: layers, norms, token and position embeddings, and the head unless tied."""
    return _parameters(shape, shape.experts)


@takes(shape=a(Shape))
def active_parameters(shape: Shape) -> int:
    """Parameters that one token meets: all, but of the experts only those it uses, and the embeddings."""
    return _parameters(shape, shape.experts_per_token)


def _parameters(shape: Shape, used: int) -> int:
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


@takes(shape=a(Shape))
def attention_flops(shape: Shape) -> int:
    """FLOPs of a layer for each pair of a token and one it attends to: scores and mix, 2 a number each."""
    values = shape.value_dim if shape.latent else shape.head_dim
    return 2 * shape.heads * (shape.head_dim + shape.rope_dim * bool(shape.latent) + values)


@takes(shape=a(Shape), context=NOT_NEGATIVE)
def seen_by_layers(shape: Shape, context: float) -> float:
    """Tokens that a token attends to, summed over the layers, of `context`: a window's layers see no more.

    Raises ValueError for a negative context.
    """
    if shape.window is None:
        return shape.layers * context
    windowed = shape.layers if shape.windowed_layers is None else shape.windowed_layers
    return (shape.layers - windowed) * context + windowed * min(context, shape.window)


@takes(shape=a(Shape), context=NUMBER)
def forward_flops_per_token(shape: Shape, context: int) -> int:
    """FLOPs to compute one token that attends to `context` tokens, itself included, of a decoder-only model.

    Two per weight in a matrix, and four per layer, head dimension and token attended to (scores and mix);
    norms, softmax and activations are left out, and experts that the token does not use. Kaplan et al. 2020,
    table 1. Raises ValueError for a model with an encoder, and for a context below 1.
    """
    _decoder_only(shape)
    if not context >= 1:
        raise ValueError(f"a token attends at least to itself: context must be at least 1, not {context}")
    count(context=context)
    products = 2 * matrix_parameters(shape, shape.experts_per_token)
    return products + attention_flops(shape) * seen_by_layers(shape, context)


def training_flops(parameters: float, tokens: float) -> float:
    """FLOPs to train on `tokens` tokens: 6 per parameter and token, 2 forward and 4 backward.

    Brown et al. 2020, appendix D; attention's own products are left out. Raises ValueError for negative and
    infinite numbers.
    """
    not_negative(parameters=parameters, tokens=tokens)
    return 6 * parameters * tokens


def kv_bytes_per_token(shape: Shape, bytes_per_number: float = 2) -> float:
    """Bytes of KV cache a token takes: keys and values of every layer and KV head; 2 bytes a number for FP16.

    With `latent`: those numbers and the shared key. A window is left out: see `kv_bytes`. An int when it is
    whole. Raises ValueError for a model with an encoder, and for bytes that are not above 0.
    """
    _decoder_only(shape)
    positive(bytes_per_number=bytes_per_number)
    size = shape.layers * _kept(shape) * bytes_per_number
    return int(size) if size == int(size) else size


def _kept(shape: Shape) -> int:
    """Numbers that a token keeps in a layer."""
    return shape.latent + shape.rope_dim if shape.latent else 2 * shape.kv_heads * shape.head_dim


def kv_bytes(shape: Shape, tokens: int, bytes_per_number: float = 2) -> float:
    """Bytes of KV cache of a sequence of `tokens`; layers with a window keep the last so many only.

    Raises ValueError as `kv_bytes_per_token`, and for negative tokens.
    """
    _decoder_only(shape)
    positive(bytes_per_number=bytes_per_number)
    count(0, tokens=tokens)
    size = seen_by_layers(shape, tokens) * _kept(shape) * bytes_per_number
    return int(size) if size == int(size) else size


@takes(room_bytes=NUMBER)
def tokens_that_fit(room_bytes: float, shape: Shape, bytes_per_number: float = 2) -> float:
    """Whole tokens whose keys and values fit into `room_bytes`; 0 where there is no room.

    Infinite where every layer has a window and all windows fit. Raises ValueError for a room that is no
    number, and as `kv_bytes_per_token`.
    """
    instance("shape", shape, Shape)
    each = kv_bytes_per_token(shape, bytes_per_number)
    if math.isnan(room_bytes) or math.isinf(room_bytes):
        raise ValueError(f"room_bytes must be finite, not {room_bytes}")
    if shape.window is not None and room_bytes >= (full := kv_bytes(shape, shape.window, bytes_per_number)):
        # From here on only layers without a window grow.
        growing = kv_bytes(shape, shape.window + 1, bytes_per_number) - full
        return shape.window + int((room_bytes - full) // growing) if growing else math.inf
    return max(0, int(room_bytes // each))


@takes(heads=NUMBER)
def block_matrix_products(heads: int, cross_attention: bool = False) -> int:
    """Matrix products of one block, each head's counted apart: 5k + 3, and 10k + 4 with cross-attention.

    An attention with k heads has 3k projections, 2k products of scores and values, 1 output; the feed-forward
    part has 2. Raises ValueError for no heads.
    """
    if not heads >= 1:
        raise ValueError(f"a block has at least one head: heads must be at least 1, not {heads}")
    count(heads=heads)
    attention = 3 * heads + 2 * heads + 1
    return attention * (2 if cross_attention else 1) + 2


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


def _decoder_only(shape: Shape) -> None:
    instance("shape", shape, Shape)
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
    head_dim: int | None = None,
    source: str = "config.json of the model on Hugging Face",
    **rest,
) -> Shape:
    return Shape(
        name, layers, width, heads, kv_heads, head_dim or width // heads, feed_forward, vocabulary, 0,
        gated=True, biases=False, tied=tied, source=source, **rest,
    )  # fmt: skip


def _deepseek(name: str, layers: int, width: int, heads: int, feed_forward: int, vocabulary: int, **rest):
    """Multi-head latent attention, 128 + 64 numbers a key, and experts."""
    return _llama(
        name, layers, width, heads, heads, feed_forward, vocabulary, head_dim=128, latent=512, rope_dim=64,
        value_dim=128, **rest,
    )  # fmt: skip


GPT2 = "Radford et al. 2019; config.json of the model on Hugging Face"
# OPT's table holds 2,050 positions for a context of 2,048: the first two are kept for padding.
OPT = "Zhang et al. 2022, table 1; config.json of facebook/opt-13b"
MISTRAL = "Jiang et al. 2023; config.json of mistralai/Mistral-7B-v0.1"
MIXTRAL = "Jiang et al. 2024; config.json of mistralai/Mixtral-8x7B-v0.1"
DEEPSEEK_2 = "DeepSeek-AI 2024, DeepSeek-V2, section 3.1.2; config.json of the model on Hugging Face"
DEEPSEEK_3 = "DeepSeek-AI 2024, DeepSeek-V3, section 4.2; config.json of the model on Hugging Face"
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
        _llama("mistral-7b-v0.1", 32, 4096, 32, 8, 14336, 32000, window=4096, source=MISTRAL),
        _llama("qwen2.5-7b", 28, 3584, 28, 4, 18944, 152064, qkv_biases=True),
        _llama("qwen3-4b", 36, 2560, 32, 8, 9728, 151936, tied=True, head_dim=128, head_norms=True),
        _llama(
            "qwen3-30b-a3b",
            48,
            2048,
            32,
            4,
            6144,
            151936,
            head_dim=128,
            head_norms=True,
            experts=128,
            experts_per_token=8,
            expert_width=768,
        ),
        _llama(
            "mixtral-8x7b",
            32,
            4096,
            32,
            8,
            14336,
            32000,
            experts=8,
            experts_per_token=2,
            expert_width=14336,
            source=MIXTRAL,
        ),
        _deepseek(
            "deepseek-v2",
            60,
            5120,
            128,
            12288,
            102400,
            query_latent=1536,
            experts=160,
            experts_per_token=6,
            shared_experts=2,
            expert_width=1536,
            dense_layers=1,
            source=DEEPSEEK_2,
        ),
        _deepseek(
            "deepseek-v2-lite",
            27,
            2048,
            16,
            10944,
            102400,
            experts=64,
            experts_per_token=6,
            shared_experts=2,
            expert_width=1408,
            dense_layers=1,
            source=DEEPSEEK_2,
        ),
        _deepseek(
            "deepseek-v3",
            61,
            7168,
            128,
            18432,
            129280,
            query_latent=1536,
            experts=256,
            experts_per_token=8,
            shared_experts=1,
            expert_width=2048,
            dense_layers=3,
            router_biases=True,
            source=DEEPSEEK_3,
        ),
        _vaswani("transformer-base", 512, 8),
        _vaswani("transformer-big", 1024, 16),
    )
}


def shape(name: str) -> Shape:
    """The shape of that `name`. Raises ValueError with all names for another."""
    if not isinstance(name, str) or name not in SHAPES:
        raise ValueError(f"unknown shape {name!r}; known: {', '.join(SHAPES)}")
    return SHAPES[name]

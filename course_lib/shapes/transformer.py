"""The sizes that make a transformer what it is."""

from dataclasses import dataclass, fields

from course_lib.arguments import count, instance

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


def decoder_only(shape: Shape) -> None:
    """Raises ValueError for a shape with an encoder, TypeError for what is none."""
    instance("shape", shape, Shape)
    if shape.encoder_layers:
        raise ValueError(f"{shape.name} has an encoder; this count is for decoder-only models")

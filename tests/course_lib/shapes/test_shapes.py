from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_lib import shapes
from course_lib.shapes import SHAPES, Shape, shape

# Counted by others: totals of the weight files on Hugging Face (without buffers), and nn.Transformer.
PUBLISHED = {
    "gpt2": 124_439_808,
    "gpt2-medium": 354_823_168,
    "gpt2-large": 774_030_080,
    "gpt2-xl": 1_557_611_200,
    "opt-13b": 12_853_473_280,
    "llama2-7b": 6_738_415_616,
    "llama2-13b": 13_015_864_320,
    "llama2-70b": 68_976_648_192,
    "llama3-8b": 8_030_261_248,
    "llama3-70b": 70_553_706_496,
    "llama3.2-1b": 1_235_814_400,
    "llama3.2-3b": 3_212_749_824,
    "mistral-7b": 7_241_732_096,
    "mistral-7b-v0.1": 7_241_732_096,
    "qwen2.5-7b": 7_615_616_512,
    "qwen3-4b": 4_022_468_096,
    "qwen3-30b-a3b": 30_532_122_624,
    "mixtral-8x7b": 46_702_792_704,
    "deepseek-v2": 235_741_434_880,
    "deepseek-v2-lite": 15_706_484_224,
    "deepseek-v3": 671_026_419_200,  # without the module that predicts a second token
}
# What each token meets, in billions, as the makers round it: papers and model cards.
ACTIVE = {
    "mixtral-8x7b": 12.9,
    "qwen3-30b-a3b": 3.3,
    "deepseek-v2": 21,
    "deepseek-v3": 37,
}
DECODERS = [s for s in SHAPES.values() if not s.encoder_layers]


@st.composite
def small_shapes(draw):
    size, yes = st.integers(1, 6), st.booleans()
    kv_heads, groups = draw(size), draw(size)
    return Shape(
        "small",
        layers=draw(st.integers(1, 3)),
        width=draw(st.integers(1, 40)),
        heads=groups * kv_heads,
        kv_heads=kv_heads,
        head_dim=draw(size),
        feed_forward=draw(size),
        vocabulary=draw(size),
        positions=draw(st.integers(0, 6)),
        gated=draw(yes),
        biases=draw(yes),
        tied=draw(yes),
        source="hypothesis",
    )


class Block(nn.Module):
    """One layer, written with torch's own modules and products, to count against."""

    def __init__(self, s: Shape):
        super().__init__()
        norm = nn.LayerNorm if s.biases else nn.RMSNorm
        self.s = s
        self.norms = nn.ModuleList([norm(s.width), norm(s.width)])
        qkv = s.biases or s.qkv_biases
        self.q = nn.Linear(s.width, s.heads * s.head_dim, bias=qkv)
        self.k, self.v = (nn.Linear(s.width, s.kv_heads * s.head_dim, bias=qkv) for _ in "kv")
        self.of_heads = nn.ModuleList([nn.RMSNorm(s.head_dim) for _ in "qk" if s.head_norms])
        self.o = nn.Linear(s.heads * s.head_dim, s.width, bias=s.biases)
        ups = 2 if s.gated else 1
        self.up = nn.ModuleList([nn.Linear(s.width, s.feed_forward, bias=s.biases) for _ in range(ups)])
        self.down = nn.Linear(s.feed_forward, s.width, bias=s.biases)

    def forward(self, x):  # (T, d)
        s, h = self.s, self.norms[0](x)
        q = self.q(h).view(-1, s.heads, s.head_dim).transpose(0, 1)
        k, v = (
            part.view(-1, s.kv_heads, s.head_dim).repeat_interleave(s.heads // s.kv_heads, 1).transpose(0, 1)
            for part in (self.k(h), self.v(h))
        )
        mixed = (q @ k.transpose(1, 2)).softmax(-1) @ v  # (heads, T, head_dim)
        x = x + self.o(mixed.transpose(0, 1).reshape(len(x), -1))
        h = self.norms[1](x)
        return x + self.down(torch.stack([up(h) for up in self.up]).prod(0))


def latent_attention(s: Shape) -> nn.ModuleList:
    """DeepSeek-V2, equations 9 to 19: every matrix and norm by name of the paper."""
    linear = lambda a, b: nn.Linear(a, b, bias=False)  # noqa: E731
    query = s.heads * (s.head_dim + s.rope_dim)
    through = s.query_latent
    w_q = (
        [linear(s.width, through), nn.RMSNorm(through), linear(through, query)]
        if through
        else [linear(s.width, query)]
    )
    w_dkv, w_kr = linear(s.width, s.latent), linear(s.width, s.rope_dim)
    w_uk, w_uv = (linear(s.latent, s.heads * size) for size in (s.head_dim, s.value_dim))
    return nn.ModuleList(
        [*w_q, w_dkv, w_kr, nn.RMSNorm(s.latent), w_uk, w_uv, linear(s.heads * s.value_dim, s.width)]
    )


def expert_layer(s: Shape) -> nn.ModuleList:
    many = s.experts + s.shared_experts
    experts = [nn.Linear(s.width, s.expert_width, bias=False) for _ in range(2 * many)]
    experts += [nn.Linear(s.expert_width, s.width, bias=False) for _ in range(many)]
    router = nn.Linear(s.width, s.experts, bias=s.router_biases)
    return nn.ModuleList([*experts, router])


def counted(s: Shape) -> int:
    """Parameters of the torch modules that a shape with latent attention or experts stands for."""
    plain = Decoder(s)
    total = count(plain)
    # What takes a part's place has one size in every layer, and hundreds of experts take long to make.
    attention = count(latent_attention(s)) if s.latent else 0
    experts = count(expert_layer(s)) if s.experts else 0
    for number, block in enumerate(plain.blocks):
        if s.latent:
            total += attention - sum(count(part) for part in (block.q, block.k, block.v, block.o))
        if s.experts and number >= s.dense_layers:
            total += experts - count(block.up) - count(block.down)
    return total


class Decoder(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.tokens = nn.Embedding(s.vocabulary, s.width)
        self.positions = nn.Embedding(s.positions, s.width) if s.positions else None
        self.blocks = nn.Sequential(*[Block(s) for _ in range(s.layers)])
        self.norm = (nn.LayerNorm if s.biases else nn.RMSNorm)(s.width)
        self.head = nn.Linear(s.width, s.vocabulary, bias=False)
        if s.tied:
            self.head.weight = self.tokens.weight

    def forward(self, ids):
        return self.head(self.norm(self.blocks(self.tokens(ids))))


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())  # shared ones once


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_equal_those_of_the_published_weights(name):
    assert shapes.parameters(shape(name)) == PUBLISHED[name]


@pytest.mark.parametrize("s", DECODERS, ids=lambda s: s.name)
def test_parameters_equal_a_torch_model_built_from_the_shape(s):
    with torch.device("meta"):
        assert shapes.parameters(s) == counted(s)


@pytest.mark.parametrize("name", ACTIVE)
def test_a_token_meets_as_many_parameters_as_the_makers_say(name):
    assert shapes.active_parameters(shape(name)) / 1e9 == pytest.approx(ACTIVE[name], rel=0.025)


def test_active_parameters_are_all_where_there_are_no_experts():
    assert shapes.active_parameters(shape("gpt2")) == shapes.parameters(shape("gpt2"))


@given(small_shapes())
def test_parameters_equal_torch_for_any_shape(s):
    with torch.device("meta"):
        assert shapes.parameters(s) == count(Decoder(s))


@pytest.mark.parametrize("name", ["transformer-base", "transformer-big"])
def test_encoder_decoder_parameters_equal_torchs_own_transformer(name):
    s = shape(name)
    with torch.device("meta"):
        model = nn.Transformer(s.width, s.heads, s.encoder_layers, s.layers, s.feed_forward, batch_first=True)
    assert shapes.parameters(s) == count(model) + s.vocabulary * s.width


def test_a_decoder_without_the_last_norm_has_that_much_less():
    s = shape("gpt2")
    assert shapes.parameters(s) - shapes.parameters(replace(s, norms_after_stack=False)) == 2 * 768


@settings(max_examples=25)
@given(small_shapes(), st.integers(1, 9))
def test_forward_flops_equal_torchs_own_counter(s, tokens):
    with torch.device("meta"):
        model = Decoder(s)
        ids = torch.zeros(tokens, dtype=torch.long)
        with FlopCounterMode(display=False) as counter:
            model(ids)
    # Without a causal mask every one of the T tokens attends to T.
    assert counter.get_total_flops() == tokens * shapes.forward_flops_per_token(s, tokens)


def test_forward_flops_of_a_large_model_are_close_to_two_per_parameter():
    s = shape("llama2-7b")
    assert shapes.forward_flops_per_token(s, 1) == pytest.approx(2 * shapes.parameters(s), rel=0.03)


def test_training_flops_follow_from_the_forward_pass_of_gpt3():
    s = shape("gpt3-175b")
    estimated = shapes.training_flops(shapes.parameters(s), 300e9)
    # Attention's products, which 6PD leaves out, are a small part at an average context of 1,024.
    assert estimated == pytest.approx(3 * 300e9 * shapes.forward_flops_per_token(s, 1024), rel=0.03)


@given(small_shapes(), st.sampled_from([0.5, 1, 2, 4]))
def test_kv_bytes_equal_the_tensors_a_cache_would_hold(s, size):
    cache = [torch.empty(2, s.kv_heads, s.head_dim, device="meta") for _ in range(s.layers)]
    assert shapes.kv_bytes_per_token(s, size) == sum(t.numel() for t in cache) * size


@given(small_shapes(), st.integers(-10, 10**6))
def test_the_tokens_that_fit_fit_and_one_more_does_not(s, room):
    tokens, each = shapes.tokens_that_fit(room, s), shapes.kv_bytes_per_token(s)
    assert tokens >= 0
    assert tokens * each <= max(room, 0) < (tokens + 1) * each


@pytest.mark.parametrize("heads", [1, 2, 12])
def test_block_matrix_products_equal_a_count_product_by_product(heads):
    attention = [f"{kind}{head}" for head in range(heads) for kind in ("q", "k", "v", "scores", "mix")] + [
        "out"
    ]
    assert shapes.block_matrix_products(heads) == len([*attention, "up", "down"])
    assert shapes.block_matrix_products(heads, cross_attention=True) == len(
        [*attention, *attention, "up", "down"]
    )


@given(st.lists(st.integers(1, 20), min_size=2, max_size=5))
def test_mlp_parameters_equal_torch(widths):
    layers = [nn.Linear(a, b, device="meta") for a, b in pairwise(widths)]
    assert shapes.mlp_parameters(widths) == count(nn.Sequential(*layers))


def test_the_fedavg_cnn_equals_torch():
    with torch.device("meta"):
        model = nn.Sequential(
            nn.Conv2d(1, 32, 5, padding="same"), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding="same"),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(7 * 7 * 64, 512), nn.Linear(512, 10),
        )  # fmt: skip
        assert model(torch.empty(1, 1, 28, 28)).shape == (1, 10)
    assert shapes.fedavg_cnn_parameters() == count(model)


@pytest.mark.parametrize("s", SHAPES.values(), ids=SHAPES)
def test_every_shape_names_its_source_and_splits_into_whole_groups(s):
    assert s.source
    assert s.heads % s.kv_heads == 0


def test_what_a_shape_cannot_answer_is_refused_in_one_line():
    with pytest.raises(ValueError, match="transformer-base has an encoder"):
        shapes.kv_bytes_per_token(shape("transformer-base"))
    with pytest.raises(ValueError, match="transformer-base has an encoder"):
        shapes.forward_flops_per_token(shape("transformer-base"), 1)
    with pytest.raises(ValueError, match="context"):
        shapes.forward_flops_per_token(shape("gpt2"), 0)
    with pytest.raises(ValueError, match="head"):
        shapes.block_matrix_products(0)
    with pytest.raises(ValueError, match=r"unknown shape 'gpt5'; known: gpt2, "):
        shape("gpt5")


# Bytes a token at 16 bits; DeepSeek-V3: Zhao et al. 2025, "Insights into DeepSeek-V3", table 1.
PER_TOKEN = {"deepseek-v3": 70_272, "deepseek-v2": 69_120, "qwen2.5-7b": 57_344, "qwen3-4b": 147_456}


@pytest.mark.parametrize("name", PER_TOKEN)
def test_a_token_keeps_as_many_bytes_as_published(name):
    assert shapes.kv_bytes_per_token(shape(name)) == PER_TOKEN[name]


def test_latent_attention_keeps_as_much_as_two_and_a_quarter_grouped_heads():
    """DeepSeek-V2, table 1: the cache of grouped attention with 2.25 groups."""
    s = shape("deepseek-v2")
    assert shapes.kv_bytes_per_token(s) == 2.25 * 2 * s.layers * s.head_dim * 2


def test_a_window_keeps_half_a_gigabyte_where_all_tokens_take_four():
    """Jiang et al. 2023, section 2: at 32k tokens a rolling cache of 4,096 takes an eighth."""
    assert shapes.kv_bytes(shape("mistral-7b"), 32_768) == 4 * 2**30
    assert shapes.kv_bytes(shape("mistral-7b-v0.1"), 32_768) == 2**29
    assert shapes.kv_bytes(shape("mistral-7b-v0.1"), 100) == 100 * 131_072
    assert shapes.tokens_that_fit(2**29, shape("mistral-7b-v0.1")) == float("inf")
    assert shapes.tokens_that_fit(2**29 - 1, shape("mistral-7b-v0.1")) == 4095


def test_where_every_second_layer_has_a_window_the_others_go_on_growing():
    """gpt-oss-120b (OpenAI 2025, section 2): 36 layers, 8 KV heads of 64, a window of 128 in half of them."""
    s = replace(shape("llama3-8b"), layers=36, head_dim=64, window=128, windowed_layers=18)
    assert shapes.kv_bytes_per_token(s) == 73_728
    assert shapes.kv_bytes(s, 1128) - shapes.kv_bytes(s, 128) == 1000 * 73_728 / 2
    room = shapes.kv_bytes(s, 5000)
    assert shapes.tokens_that_fit(room, s) == 5000
    assert shapes.tokens_that_fit(room - 1, s) == 4999


def test_a_tokens_arithmetic_leaves_out_experts_and_tokens_that_it_does_not_meet():
    s = shape("mixtral-8x7b")
    assert shapes.forward_flops_per_token(s, 1) == pytest.approx(2 * shapes.active_parameters(s), rel=0.02)
    windowed, whole = (
        shapes.forward_flops_per_token(shape(n), 8192) for n in ("mistral-7b-v0.1", "mistral-7b")
    )
    assert whole - windowed == 4 * 32 * 4096 * 4096


@pytest.mark.parametrize(("change", "said"), [
    ({"head_dim": -4}, "head_dim must be at least 1, not -4"),
    ({"layers": 0}, "layers must be at least 1, not 0"),
    ({"layers": 2.5}, "layers must be a whole number, not 2.5"),
    ({"kv_heads": 5}, "kv_heads must divide heads, 12, not 5"),
    ({"window": 0}, "window must be at least 1, not 0"),
    ({"windowed_layers": 3}, "windowed_layers must be None where window is None"),
    ({"window": 8, "windowed_layers": 13}, "windowed_layers must be at most 12, not 13"),
    ({"experts": 4}, "experts_per_token must be at least 1, not 0"),
    ({"experts": 4, "experts_per_token": 5}, "experts_per_token must be at most 4, not 5"),
    ({"latent": 8}, "value_dim must be at least 1, not 0"),
])  # fmt: skip
def test_a_shape_that_cannot_be_is_refused_by_field(change, said):
    with pytest.raises(ValueError, match=said):
        replace(shape("gpt2"), **change)

"""Transformers that were published, by name."""

from course_lib.shapes.transformer import Shape


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
    """Multi-head latent attention, 128 + 64 numbers per key, and experts."""
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

"""Shapes on which a formula that is copied from a text fails, and one training step of them."""

from dataclasses import replace

import torch

from course_lib import seeds
from course_lib.shapes import Shape, shape
from course_lib.transformer.model import Transformer

GPT = replace(
    shape("gpt2"), name="as GPT-2", layers=6, width=96, heads=4, kv_heads=4, head_dim=24, feed_forward=384,
    vocabulary=512, positions=512,
)  # fmt: skip
LLAMA = replace(
    GPT, name="as Llama", kv_heads=2, feed_forward=256, gated=True, biases=False, tied=False, positions=0
)
WIDE_HEADS = replace(
    GPT, name="wider heads", heads=6, kv_heads=2, feed_forward=300, biases=False, qkv_biases=True
)
CASES = {one.name: (one, batch, length) for one, batch, length in (
    (GPT, 2, 128), (LLAMA, 2, 192), (WIDE_HEADS, 1, 320)
)}  # fmt: skip


def model_and_text(model: Shape, batch: int, length: int, dropout: float = 0.0):
    """A model, tokens (b, l) and targets (b, l)."""
    random = seeds.torch_stream("tests", "accounting")
    text = torch.randint(model.vocabulary, (batch, length + 1), generator=random)
    return Transformer(model, dropout), text[:, :-1].contiguous(), text[:, 1:].contiguous()

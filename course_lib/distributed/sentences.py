"""What the ranks learn: a small transformer, and sentences of different lengths, padded to the longest."""

from dataclasses import replace

import torch

from course_lib import seeds
from course_lib.arguments import count
from course_lib.shapes import Shape, shape

PADDING = -1  # as a target: nothing counts here
# The head is not tied to the embedding: they are on different stages of a pipeline.
GPT = replace(
    shape("gpt2"), name="a small GPT", layers=4, width=64, heads=4, kv_heads=4, head_dim=16, feed_forward=256,
    vocabulary=64, positions=32, tied=False,
)  # fmt: skip


def sentences(n: int, seed: int = 0, model: Shape = GPT) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens (n, l) and targets (n, l), l the model's positions: a target is the token that comes next.

    A sentence has between a quarter of l and l targets; behind them tokens are 0 and targets PADDING. One
    token in ten is any, the others follow from the one before. Raises ValueError for n below 1.
    """
    count(n=n)
    random = seeds.torch_stream("distributed", "sentences", seed=seed)
    next_of = torch.randperm(model.vocabulary, generator=random)
    text = [torch.randint(model.vocabulary, (n,), generator=random)]
    for _ in range(model.positions):
        anything = torch.randint(model.vocabulary, (n,), generator=random)
        surprise = torch.rand(n, generator=random) < 0.1
        text.append(torch.where(surprise, anything, next_of[text[-1]]))
    whole = torch.stack(text, 1)
    lengths = torch.randint(model.positions // 4, model.positions + 1, (n, 1), generator=random)
    padded = torch.arange(model.positions) >= lengths
    return whole[:, :-1].masked_fill(padded, 0), whole[:, 1:].masked_fill(padded, PADDING)


def tokens_that_count(targets: torch.Tensor) -> int:
    """How many targets are no padding."""
    return int((targets != PADDING).sum())

"""The GPT of lab 3 on our tensors beside the same in torch's modules: processor time of a training step.

./course bench gpt    prints a table, writes results/gpt-<machine>.json and docs/training_steps.md

Torch's model is written as one would there: its fused attention, its embedding and its Adam.
"""

import torch
from torch import nn
from torch.nn import functional as torchs

from benchmarks import training_steps
from benchmarks.training_steps import Step
from course_lib import seeds
from course_lib.autodiff import functional
from course_lib.autodiff.optimizers import JoinedAdam
from course_lib.gpt.batches import NO_TARGET, collate
from course_lib.gpt.corpus import corpus
from course_lib.gpt.transformer import DecoderLM
from course_lib.gpt.vocabulary import Vocabulary

SIZES = {
    "lab": (64, 4, 2, 128),
    "wide": (128, 8, 4, 512),
}  # width, heads, layers, width of the feed-forward part
POSITIONS, BATCH, RATE = 48, 32, 3e-3


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.value, self.output = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x):  # (b, t, width)
        by_head = (
            project(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (b, heads, t, d)
            for project in (self.query, self.key, self.value)
        )
        mixed = torchs.scaled_dot_product_attention(*by_head, is_causal=True)
        return self.output(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.down(torchs.gelu(self.up(x), approximate="tanh"))


class Layer(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.norm2, self.feed_forward = nn.LayerNorm(width), FeedForward(width, hidden)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


class TorchLM(nn.Module):
    """`DecoderLM` with the same names, so that it takes over its weights."""

    def __init__(self, vocabulary: int, positions: int, width: int, heads: int, layers: int, hidden: int):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(positions, width)
        self.layers = nn.ModuleList(Layer(width, heads, hidden) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, ids):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return torchs.linear(self.norm(x), self.tokens.weight)


def steps(*size: int) -> tuple[Step, Step]:
    """One training step of ours and one of torch's on a batch of the lab's pairs; each returns the loss."""
    pairs = corpus().train
    vocabulary = Vocabulary.of(pairs)
    tokens, targets = collate(vocabulary.token_pairs(pairs[:BATCH]), vocabulary.ids, POSITIONS)
    longest = (targets != NO_TARGET).any(0).nonzero()[0].max() + 1
    tokens, targets = tokens[:, :longest], targets[:, :longest]
    ours = DecoderLM(len(vocabulary), POSITIONS, *size, rng=seeds.stream("benchmarks", "gpt"))
    theirs = TorchLM(len(vocabulary), POSITIONS, *size)
    theirs.load_state_dict({name: torch.tensor(value) for name, value in ours.state_dict().items()})
    torch_tokens, torch_targets = torch.tensor(tokens), torch.tensor(targets).flatten()
    adam, torch_adam = JoinedAdam(ours.parameters(), RATE), torch.optim.Adam(theirs.parameters(), RATE)

    def step() -> float:
        adam.zero_grad()
        loss = functional.cross_entropy(ours(tokens), targets, ignore_index=NO_TARGET)
        loss.backward()
        adam.step()
        return loss.item()

    def torch_step() -> float:
        torch_adam.zero_grad()
        logits = theirs(torch_tokens).flatten(0, 1)
        loss = torchs.cross_entropy(logits, torch_targets, ignore_index=NO_TARGET)
        loss.backward()
        torch_adam.step()
        return loss.item()

    return step, torch_step


if __name__ == "__main__":
    training_steps.run("gpt", SIZES, steps)

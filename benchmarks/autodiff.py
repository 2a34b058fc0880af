"""The engine of automatic differentiation beside torch: processor time of a training step.

./course bench autodiff    prints a table, writes results/autodiff-<machine>.json and docs/training_steps.md

The same network with the same weights learns the same batch in both, on one thread. The network is a
transformer without attention: embedding, blocks of LayerNorm, Linear, GELU, Linear, and a cross-entropy.
"""

import torch
from torch import nn

from benchmarks import training_steps
from benchmarks.training_steps import Step
from course_lib import seeds
from course_lib.autodiff import functional
from course_lib.autodiff.modules import Embedding, LayerNorm, Linear, Module
from course_lib.autodiff.optimizers import Adam

BLOCKS, CLASSES = 2, 198
SHAPES = {"narrow": (8, 16, 32), "middle": (32, 16, 64), "wide": (32, 32, 256)}  # sequences, positions, width


class Block(Module):
    def __init__(self, width: int, rng):
        self.norm = LayerNorm(width)
        self.up, self.down = Linear(width, 4 * width, rng=rng), Linear(4 * width, width, rng=rng)

    def forward(self, x):
        return x + self.down(functional.gelu(self.up(self.norm(x))))


class Network(Module):
    def __init__(self, width: int, rng):
        self.embedding = Embedding(CLASSES, width, rng=rng)
        self.blocks = [Block(width, rng) for _ in range(BLOCKS)]
        self.norm, self.head = LayerNorm(width), Linear(width, CLASSES, rng=rng)

    def forward(self, ids):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class TorchBlock(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return x + self.down(nn.functional.gelu(self.up(self.norm(x)), approximate="tanh"))


class TorchNetwork(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.embedding = nn.Embedding(CLASSES, width)
        self.blocks = nn.ModuleList(TorchBlock(width) for _ in range(BLOCKS))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, CLASSES)

    forward = Network.forward


def steps(sequences: int, positions: int, width: int) -> tuple[Step, Step]:
    """One training step of ours and one of torch's; each returns the loss."""
    random = seeds.stream("benchmarks", "autodiff")
    ours, theirs = Network(width, random), TorchNetwork(width)
    theirs.load_state_dict({name: torch.tensor(value) for name, value in ours.state_dict().items()})
    ids, targets = random.integers(0, CLASSES, (2, sequences, positions))
    torch_ids, torch_targets = torch.tensor(ids), torch.tensor(targets).flatten()
    adam, torch_adam = Adam(ours.parameters(), 1e-3), torch.optim.Adam(theirs.parameters(), 1e-3)

    def step() -> float:
        adam.zero_grad()
        loss = functional.cross_entropy(ours(ids), targets)
        loss.backward()
        adam.step()
        return loss.item()

    def torch_step() -> float:
        torch_adam.zero_grad()
        loss = nn.functional.cross_entropy(theirs(torch_ids).flatten(0, 1), torch_targets)
        loss.backward()
        torch_adam.step()
        return loss.item()

    return step, torch_step


if __name__ == "__main__":
    training_steps.run("autodiff", SHAPES, steps)

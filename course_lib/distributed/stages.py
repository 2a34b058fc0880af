"""A transformer cut into the stages of a pipeline, and what a stage does forward and backward."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from course_lib.arguments import count
from course_lib.distributed.sentences import PADDING
from course_lib.notebook.reference import reference
from course_lib.transformer.model import Transformer


def cut(network: Transformer, stages: int) -> list[nn.Sequential]:
    """Modules that do one after the other what the network does: the first embeds, the last has the head.

    Blocks are divided as evenly as they can be; the parameters are those of the network. Raises ValueError
    for more stages than blocks, and for a head that is tied to the embedding.
    """
    count(1, len(network.blocks), stages=stages)
    if network.shape.tied:
        raise ValueError(f"{network.shape.name} has its head tied to the embedding, which cannot be cut")
    parts = [
        [network.blocks[number] for number in share]
        for share in np.array_split(np.arange(len(network.blocks)), stages)
    ]
    parts[0].insert(0, network.embedding)
    parts[-1].append(network.head)
    return [nn.Sequential(*part) for part in parts]


class PipelineStage:
    """One stage: it keeps a microbatch from its forward to its backward pass.

    `tokens`: targets that count in the whole batch, all microbatches together.
    """

    def __init__(self, module: nn.Module, tokens: int):
        self.module, self.tokens = module, tokens
        self._kept: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    @reference("Lab5.6", guard=False)
    def forward(self, m: int, x: torch.Tensor, targets: torch.Tensor | None = None) -> torch.Tensor | float:
        """What the next stage needs of microbatch m; with targets (b, l), its share of the batch's mean loss.

        x: token numbers at the first stage, else what the stage before sent; no graph leads out of here.
        """
        x = x.detach()
        x.requires_grad_(x.is_floating_point())
        y = self.module(x)
        if targets is not None:
            total = functional.cross_entropy(
                y.flatten(0, 1), targets.flatten(), ignore_index=PADDING, reduction="sum"
            )
            y = total / self.tokens
        self._kept[m] = x, y
        return y.detach() if targets is None else y.item()

    @reference("Lab5.6", guard=False)
    def backward(self, m: int, gradient: torch.Tensor | None = None) -> torch.Tensor | None:
        """The loss's gradient by x, from its gradient by what forward(m) returned; parameters add up theirs.

        None for token numbers. The last stage gets no gradient.
        """
        x, y = self._kept.pop(m)
        y.backward(gradient)
        return x.grad

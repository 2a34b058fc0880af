"""Checkpointing: a block keeps its input alone and is computed again when its turn comes backward."""

from collections.abc import Callable, Collection, Iterable

import torch

Layer = Callable[[torch.Tensor], torch.Tensor]


def checkpoint(block: Layer, x: torch.Tensor, random: torch.Generator | None = None) -> torch.Tensor:
    """block(x), of which only x is kept for the backward pass (Chen et al. 2016).

    Gradients are the same to the last bit; the block's forward FLOPs are spent twice. `random`, from which
    the block draws its dropout masks, is wound back for the second time. Raises ValueError for an x that
    needs no gradient: then no backward pass would reach the block's parameters.
    """
    if torch.is_grad_enabled() and not x.requires_grad:
        raise ValueError("a checkpointed block is reached through its input: x must require a gradient")
    return _Checkpoint.apply(x, block, random)


def through(
    blocks: Iterable[Layer],
    x: torch.Tensor,
    checkpointed: Collection[int] = (),
    random: torch.Generator | None = None,
) -> torch.Tensor:
    """x through all blocks, one after the other; those numbered in `checkpointed`, from 0, keep x alone."""
    for number, block in enumerate(blocks):
        x = checkpoint(block, x, random) if number in checkpointed else block(x)
    return x


class _Checkpoint(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, block, random):
        ctx.block, ctx.random = block, random
        ctx.before = None if random is None else random.get_state()
        ctx.save_for_backward(x)
        return block(x)  # nothing is kept of what happens in here

    @staticmethod
    def backward(ctx, gradient):
        x = ctx.saved_tensors[0].detach().requires_grad_()
        after = _wind(ctx.random, ctx.before)
        with torch.enable_grad():
            y = ctx.block(x)
        _wind(ctx.random, after)
        y.backward(gradient)  # parameters get their gradients here
        return x.grad, None, None


def _wind(random: torch.Generator | None, state: torch.Tensor | None) -> torch.Tensor | None:
    """Set the generator's state, and return the one it had."""
    if random is None:
        return None
    before = random.get_state()
    random.set_state(state)
    return before

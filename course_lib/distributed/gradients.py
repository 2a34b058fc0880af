"""Gradients of a network as one row, how far two are apart, and those of one process on a whole batch."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from course_lib.distributed.sentences import PADDING
from course_lib.training import one_thread


def mean_loss(network: nn.Module, tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy over the targets (b, l) that count; NaN where none does."""
    return functional.cross_entropy(network(tokens).flatten(0, 1), targets.flatten(), ignore_index=PADDING)


def flat(tensors: list[torch.Tensor | None], like: list[nn.Parameter]) -> torch.Tensor:
    """One row of all numbers; zeros for a tensor that is None."""
    return torch.cat(
        [
            torch.zeros_like(parameter).flatten() if tensor is None else tensor.detach().flatten()
            for tensor, parameter in zip(tensors, like, strict=True)
        ]
    )


def unflat(row: torch.Tensor, like: list[nn.Parameter]) -> list[torch.Tensor]:
    """The row cut into tensors of the parameters' shapes."""
    parts = row.split([parameter.numel() for parameter in like])
    return [part.view_as(parameter) for part, parameter in zip(parts, like, strict=True)]


def grads(module: nn.Module) -> np.ndarray:
    """The gradients that the parameters hold, as one row in the order of parameters()."""
    parameters = list(module.parameters())
    return flat([parameter.grad for parameter in parameters], parameters).cpu().numpy()


def whole_batch(network: nn.Module, tokens: torch.Tensor, targets: torch.Tensor) -> float:
    """Mean loss of the whole batch in this process alone; the parameters hold its gradient then."""
    network.zero_grad()
    with one_thread():
        loss = mean_loss(network, tokens, targets)
        loss.backward()
    return loss.item()


def difference(found: np.ndarray, right: np.ndarray) -> float:
    """Norm of what lies between two rows, over the norm of the right one."""
    return float(np.linalg.norm(found - right) / np.linalg.norm(right))

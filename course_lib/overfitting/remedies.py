"""What helps against overfitting, as functions that `networks.train` calls, and what tells it apart."""

from collections.abc import Callable

import numpy as np
import torch

from course_lib import seeds
from course_lib.notebook.reference import reference

Weights = dict[str, torch.Tensor]


@reference("Q5.2")
def memorized(said: np.ndarray, given: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Where a wrong label is repeated, bool as `said` (..., n); given and true labels (n,)."""
    return (said == given) & (given != true)


@reference("Q5.3")
def dropping(p: float) -> Callable[[torch.Tensor, int], torch.Tensor]:
    """Inverted dropout of h, its mask drawn from a seed. Srivastava et al. 2014, section 10."""

    def drop(h: torch.Tensor, seed: int) -> torch.Tensor:
        return h * (torch.rand(h.shape, generator=torch.Generator().manual_seed(seed)) >= p) / (1 - p)

    return drop


def descend(weights: Weights, updates: Weights, lr: float) -> Weights:
    """An optimizer's step without decay: w - lr · update."""
    return {name: torch.sub(w, updates[name], alpha=lr) for name, w in weights.items()}


@reference("Q5.4")
def decaying(decay: float) -> Callable[[Weights, Weights, float], Weights]:
    """A step with decoupled weight decay, biases left alone. Loshchilov & Hutter 2019 (arXiv:1711.05101)."""

    def step(weights: Weights, updates: Weights, lr: float) -> Weights:
        shrunk = {name: w if name.endswith("bias") else (1 - lr * decay) * w for name, w in weights.items()}
        return descend(shrunk, updates, lr)

    return step


@reference("Q5.5")
def moving(most: int) -> Callable[[np.ndarray, int], np.ndarray]:
    """Moves each image (n, rows, columns) by its own -most..most whole pixels both ways; zeros come in."""

    def move(x: np.ndarray, seed: int) -> np.ndarray:
        n, rows, columns = x.shape
        offsets = seeds.stream("overfitting", "shifts", seed=seed).integers(0, 2 * most + 1, (2, n, 1, 1))
        padded = np.pad(x, ((0, 0), (most, most), (most, most)))
        down, right = offsets[0] + np.arange(rows)[:, None], offsets[1] + np.arange(columns)
        return padded[np.arange(n)[:, None, None], down, right]

    return move


@reference("Q5.6")
def best_epochs(validation: np.ndarray, patience: int) -> np.ndarray:
    """The epoch to keep (networks,) of accuracies (epochs, networks), stopping each for itself.

    A network stops once `patience` epochs in a row brought no new best. Prechelt 1998, "Early stopping - but
    when?", criterion UP.
    """
    kept = []
    for history in validation.T:
        best = 0
        for epoch, value in enumerate(history):
            if value > history[best]:
                best = epoch
            elif epoch - best >= patience:
                break
        kept.append(best)
    return np.array(kept)

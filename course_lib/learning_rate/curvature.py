"""The curvature of a network's loss: Hessian-vector products, the largest eigenvalue, and a path of descent.

Weights are a list of tensors [W1, b1, W2, b2, ...] of a ReLU network, W (out, in) and b (out,); v, g and
eigenvectors are the same numbers in one row (p,). Rates and sharpness follow Cohen et al. 2021
(arXiv:2103.00065).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from course_lib import seeds, training
from course_lib.notebook.reference import reference

Weights = Sequence[torch.Tensor]


def network_loss(weights: Weights, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean softmax cross-entropy (a scalar) of the ReLU network on x (n, in) and classes y (n,)."""
    for weight, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = (x @ weight.T + bias).relu()
    return torch.nn.functional.cross_entropy(x @ weights[-2].T + weights[-1], y)


def initial_weights(widths: Sequence[int], seed: int = 0) -> list[torch.Tensor]:
    """The weights `training.mlp(widths, seed=seed)` starts with, as the list [W1, b1, W2, b2, ...]."""
    return [parameter.detach().clone() for parameter in training.mlp(widths, seed=seed).parameters()]


@reference("Q4.3")
def hessian_products(
    weights: Weights, x: torch.Tensor, y: torch.Tensor
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The function v (p,) -> Hv (p,) at these weights, H the Hessian of `network_loss`; H is never built.

    The gradient is differentiated once and its graph kept, so each product costs about as much as a
    gradient (Pearlmutter 1994).
    """
    leaves = [weight.detach().requires_grad_() for weight in weights]
    gradients = torch.autograd.grad(network_loss(leaves, x, y), leaves, create_graph=True)
    gradient = torch.cat([part.reshape(-1) for part in gradients])

    def product(v: torch.Tensor) -> torch.Tensor:
        parts = torch.autograd.grad(gradient, leaves, grad_outputs=v, retain_graph=True)
        return torch.cat([part.reshape(-1) for part in parts])

    return product


@reference("Q4.4")
def largest_curvature(weights: Weights, x: torch.Tensor, y: torch.Tensor, tolerance: float = 1e-3) -> float:
    """The largest eigenvalue of the Hessian by Lanczos iteration (scipy's eigsh), within `tolerance`."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    product = hessian_products(weights, x, y)
    size, dtype = sum(weight.numel() for weight in weights), weights[0].dtype

    def multiply(v: np.ndarray) -> np.ndarray:
        return product(torch.as_tensor(v.ravel(), dtype=dtype)).numpy()

    operator = LinearOperator((size, size), matvec=multiply, dtype=weights[0].numpy().dtype)
    start = seeds.stream("learning_rate", "lanczos").normal(size=size)
    return float(eigsh(operator, k=1, which="LA", v0=start, tol=tolerance, return_eigenvectors=False)[0])


@dataclass(frozen=True)
class Path:
    """Full-batch descent: loss (steps + 1,) before each step and after the last; sharpness where measured.

    measured (m,): the steps before which it was; sharpness (m,): the largest eigenvalue there.
    """

    rate: float
    loss: np.ndarray
    measured: np.ndarray
    sharpness: np.ndarray

    @property
    def first_rise(self) -> int | None:
        """The first step after which the loss was higher than before it."""
        rises = np.flatnonzero(np.diff(self.loss) > 0)
        return int(rises[0]) if len(rises) else None

    @property
    def crossing(self) -> int | None:
        """The first measured step at which rate · sharpness / 2 was above 1."""
        above = self.measured[self.rate * self.sharpness / 2 > 1]
        return int(above[0]) if len(above) else None


def descend(
    weights: Weights,
    x: torch.Tensor,
    y: torch.Tensor,
    rate: float,
    steps: int,
    sharpness: Callable[[list[torch.Tensor]], float] | None = None,
    every: int = 1,
) -> tuple[Path, list[torch.Tensor]]:
    """Full-batch gradient descent from `weights` (left as they are); its path and where it ended.

    sharpness(weights) -> float is asked before every `every`-th step. Raises ValueError for a rate that is
    not above 0 or no steps.
    """
    if not rate > 0 or steps < 1:
        raise ValueError(f"descent needs a rate above 0 and at least one step, not {rate} and {steps}")
    weights = [weight.detach().clone().requires_grad_() for weight in weights]
    losses, measured, curvatures = [], [], []
    for step in range(steps):
        if sharpness is not None and step % every == 0:
            measured.append(step)
            curvatures.append(sharpness([weight.detach() for weight in weights]))
        loss = network_loss(weights, x, y)
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.sub_(rate * gradient)
    with torch.no_grad():
        losses.append(network_loss(weights, x, y).item())
    path = Path(rate, np.array(losses), np.array(measured, dtype=int), np.array(curvatures))
    return path, [weight.detach() for weight in weights]

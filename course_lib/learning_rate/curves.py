"""Accuracy over the epochs for many learning rates at once: separate networks in one batched product."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from course_lib import seeds, training
from course_lib.notebook.progress import Progress

WIDTHS = (784, 256, 128, 10)  # 235,146 parameters


@dataclass(frozen=True)
class Curves:
    """What n networks did: the loss of each batch, and accuracies after each epoch.

    loss (steps, n); logged (epochs, n): training accuracy as most logs print it, the mean over the epoch's
    batches, each before its own step; validation (epochs, n): accuracy of the network as the epoch left it;
    classes (epochs, n): how many classes that network still answers with on the validation data.
    """

    loss: np.ndarray
    logged: np.ndarray
    validation: np.ndarray
    classes: np.ndarray


def train_many(
    x: np.ndarray,
    y: np.ndarray,
    validation: tuple[np.ndarray, np.ndarray],
    rates: Sequence[float],
    *,
    network_seeds: int | Sequence[int] = 0,
    pixel_factors: float | Sequence[float] = 1.0,
    schedule: np.ndarray | None = None,
    momentum: float = 0.0,
    widths: Sequence[int] = WIDTHS,
    epochs: int = 12,
    batch_size: int = 64,
    on_epoch: Callable[[int, np.ndarray], None] | None = None,
    progress: str | None = None,
) -> Curves:
    """Train one ReLU network per rate, all in one batched model, by SGD on the softmax cross-entropy.

    Network i starts from `training.mlp(widths, seed)` with its own seed, sees the batches that
    `training.train` would show it, its pixels times its factor, and takes step t with rates[i] times
    schedule[t] (or schedule[t, i]). So each does exactly what it would do alone; together they take half the
    time, because one batched product replaces n small ones. on_epoch(epoch, validation accuracies (n,)) is
    called back; `progress` labels a bar. Raises ValueError for rates that are not finite and above 0, and
    for a schedule or seeds that do not fit.
    """
    rates = np.asarray(rates, dtype=np.float64)
    n = len(rates)
    if not (n and np.isfinite(rates).all() and (rates > 0).all()):
        raise ValueError(f"rates must be finite numbers above 0, at least one, not {rates.tolist()}")
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"epochs and batch_size must be at least 1, not {epochs} and {batch_size}")
    steps = epochs * math.ceil(len(x) / batch_size)
    schedule = np.ones(steps) if schedule is None else np.asarray(schedule, dtype=np.float64)
    if schedule.shape not in {(steps,), (steps, n)}:
        raise ValueError(f"a schedule for {steps} steps and {n} networks has not the shape {schedule.shape}")
    step_rates = torch.as_tensor(rates * schedule.reshape(steps, -1), dtype=torch.float32)  # (steps, n)
    factors = torch.as_tensor(np.broadcast_to(pixel_factors, n).copy(), dtype=torch.float32)[:, None, None]
    chosen = [int(seed) for seed in np.broadcast_to(network_seeds, n)]
    x, y = torch.as_tensor(x), torch.as_tensor(y)
    x_held_out, y_held_out = map(torch.as_tensor, validation)

    parameters = _stacked([training.mlp(widths, seed=seed) for seed in chosen])
    velocities = [torch.zeros_like(parameter) for parameter in parameters] if momentum else None
    orders = {seed: seeds.torch_stream("training", "order", seed=seed) for seed in chosen}
    losses, logged, held_out, classes = [], [], [], []
    with Progress(steps, progress or "", show=progress is not None) as bar:
        for epoch in range(epochs):
            shuffled = {seed: torch.randperm(len(x), generator=order) for seed, order in orders.items()}
            order = torch.stack([shuffled[seed] for seed in chosen])  # (n, examples)
            right = torch.zeros(n)
            for batch in order.split(batch_size, dim=1):  # (n, batch)
                truth = y[batch]
                logits = _logits(parameters, x[batch] * factors)
                loss = nn.functional.cross_entropy(logits.flatten(0, 1), truth.flatten(), reduction="none")
                loss = loss.view(n, -1).mean(dim=1)
                gradients = torch.autograd.grad(loss.sum(), parameters)
                with torch.no_grad():
                    rate = step_rates[len(losses)][:, None, None]
                    moves = _accelerated(gradients, velocities, momentum)
                    for parameter, gradient, move in zip(parameters, gradients, moves, strict=True):
                        # Into the gradient, which is used up: large new arrays cost more than the product.
                        parameter.sub_(torch.mul(rate, move, out=gradient))
                    right += (logits.argmax(dim=-1) == truth).sum(dim=1)
                losses.append(loss.detach())
                bar.update(1)
            logged.append(right / len(x))
            with torch.no_grad():
                guess = _logits(parameters, x_held_out * factors).argmax(dim=-1)
            held_out.append((guess == y_held_out).float().mean(dim=1))
            classes.append(nn.functional.one_hot(guess).amax(dim=1).sum(dim=1))
            if on_epoch:
                on_epoch(epoch, held_out[-1].numpy())
    return Curves(*(torch.stack(values).numpy() for values in (losses, logged, held_out, classes)))


def _stacked(models: Sequence[nn.Sequential]) -> list[torch.Tensor]:
    """Weights (n, in, out) and biases (n, 1, out) of n networks of one shape, layer by layer."""
    layers = zip(*([part for part in model if isinstance(part, nn.Linear)] for model in models), strict=True)
    parameters = []
    for same in layers:
        parameters.append(torch.stack([layer.weight.detach().T for layer in same]).contiguous())
        parameters.append(torch.stack([layer.bias.detach()[None] for layer in same]))
    return [parameter.requires_grad_() for parameter in parameters]


def _accelerated(gradients, velocities, momentum: float):
    """The gradients themselves, or the velocities after momentum · velocity + gradient."""
    if velocities is None:
        return gradients
    for velocity, gradient in zip(velocities, gradients, strict=True):
        velocity.mul_(momentum).add_(gradient)
    return velocities


def _logits(parameters: Sequence[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Outputs (n, batch, classes) of n networks on x (n, batch, in)."""
    for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        x = torch.baddbmm(bias, x, weight).relu()
    return torch.baddbmm(parameters[-1], x, parameters[-2])


def input_scalings(x_train: np.ndarray, x_test: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The same images in three scales: pixels in [0, 1], standardized, and 0 to 255; train and test.

    Standardized: minus the mean of all training pixels, over their standard deviation.
    """
    mean, spread = x_train.mean(), x_train.std()
    return {
        "pixels in [0, 1]": (x_train, x_test),
        "standardized": ((x_train - mean) / spread, (x_test - mean) / spread),
        "pixels 0 to 255": (255 * x_train, 255 * x_test),
    }


def range_test(
    x: np.ndarray, y: np.ndarray, rates: Sequence[float], *, batch_size: int = 64, seed: int = 0
) -> np.ndarray:
    """The loss of each step (steps,) while one fresh network is trained with a growing rate, one per step.

    Smith 2017 (arXiv:1506.01186, section 3.3). After the loss has blown up, it may be infinite or NaN.
    """
    rates = np.asarray(rates, dtype=np.float64)
    epochs = math.ceil(len(rates) * batch_size / len(x))
    steps = epochs * math.ceil(len(x) / batch_size)
    schedule = np.concatenate([rates, np.zeros(steps - len(rates))])
    curves = train_many(
        x,
        y,
        (x[:1], y[:1]),
        [1.0],
        network_seeds=seed,
        schedule=schedule,
        epochs=epochs,
        batch_size=batch_size,
    )
    return curves.loss[: len(rates), 0]

"""Training: Adam on batches of rows, with a rate that rises, then falls along a cosine to 0."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from course_lib import seeds
from course_lib.autodiff import Tensor
from course_lib.autodiff.functional import cross_entropy
from course_lib.autodiff.optimizers import JoinedAdam
from course_lib.gpt.batches import NO_TARGET
from course_lib.gpt.transformer import DecoderLM
from course_lib.notebook.progress import Progress
from course_lib.notebook.reference import reference


@dataclass
class History:
    """What `train` saw: the loss of each step, processor seconds in all, and whether it was interrupted."""

    loss: list[float] = field(default_factory=list)
    seconds_of_processor: float = 0.0
    stopped: bool = False


@reference("Lab3.1")
def _cross_entropy(logits: Tensor, targets: np.ndarray) -> Tensor:
    """Mean of -log p over the targets that are not NO_TARGET."""
    return cross_entropy(logits, targets, ignore_index=NO_TARGET)


def train(
    model: DecoderLM,
    tokens: np.ndarray,
    targets: np.ndarray,
    *,
    steps: int = 1000,
    batch: int = 32,
    lr: float = 3e-3,
    warmup: int = 50,
    seed: int = 0,
    causal: bool = True,
    loss: Callable[[Tensor, np.ndarray], Tensor] = _cross_entropy,
    progress: bool = True,
    on_step: Callable[[int, float], None] | None = None,
) -> History:
    """Train the model in place, on its own backend, to say the targets; both (rows, length) as of `collate`.

    The loss is the mean of -log p over the targets of a batch that are not NO_TARGET, unless another function
    of logits (rows, length, vocabulary) and targets (rows, length) is given. Each row comes once before one
    comes again, in an order that `seed` decides. Called back is on_step(step, loss). An interrupt (Ctrl-C)
    ends the training and is not raised again: the model keeps what it has learned, in eval mode as after all
    steps. One thread
    multiplies matrices, since a second one makes products as small as these slower. Raises ValueError for
    tokens and targets that do not fit each other, for no rows, for a row without a target, and for steps or
    batch below 1.
    """
    from threadpoolctl import threadpool_limits

    _check(tokens, targets, steps, batch)
    optimizer = JoinedAdam(model.parameters(), lr)
    order = _rows(len(tokens), seeds.stream("gpt", "order", seed=seed))
    history, started = History(), time.process_time()
    try:
        with threadpool_limits(1, "blas"), Progress(steps, "training", show=progress) as bar:
            model.train()
            for step in range(steps):
                rows = [next(order) for _ in range(batch)]
                # Behind the last target of a batch nothing is learned.
                width = np.flatnonzero((targets[rows] != NO_TARGET).any(0))[-1] + 1
                value = loss(model(tokens[rows, :width], causal), targets[rows, :width])
                optimizer.zero_grad()
                value.backward()
                optimizer.lr = lr * _share_of_rate(step, steps, warmup)
                optimizer.step()
                history.loss.append(value.item())
                if on_step:
                    on_step(step, history.loss[-1])
                bar.update(1, f"loss {history.loss[-1]:.4f}")
    except KeyboardInterrupt:
        history.stopped = True
    model.eval()
    history.seconds_of_processor = time.process_time() - started
    return history


def _check(tokens: np.ndarray, targets: np.ndarray, steps: int, batch: int) -> None:
    if steps < 1 or batch < 1:
        raise ValueError(f"steps and batch must be at least 1, not {steps} and {batch}")
    if np.ndim(tokens) != 2 or np.shape(tokens) != np.shape(targets) or not len(tokens):
        raise ValueError(
            f"tokens and targets have the same shape (rows, length), with at least one row, "
            f"not {np.shape(tokens)} and {np.shape(targets)}"
        )
    idle = np.flatnonzero((targets == NO_TARGET).all(1))
    if len(idle):
        raise ValueError(f"row {idle[0]} has no target: there is nothing to learn from it")


def _rows(count: int, random: np.random.Generator) -> Iterator[int]:
    while True:
        yield from random.permutation(count)


def _share_of_rate(step: int, steps: int, warmup: int) -> float:
    """From 1/warmup up to 1 in `warmup` steps, then down to 0 along half a cosine."""
    if step < warmup:
        return (step + 1) / warmup
    return (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2

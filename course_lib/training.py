"""One plain training loop for classifiers, with its history and a progress bar."""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from torch.optim.adam import adam

from course_lib import seeds
from course_lib.notebook.progress import Progress

Data = np.ndarray | torch.Tensor


@dataclass
class History:
    """What `train` saw, one number per epoch: the mean loss over its batches, and accuracies after it."""

    loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)  # empty without validation data
    seconds: float = 0.0


@contextlib.contextmanager
def one_thread():
    """PyTorch on one thread: a small network gains nothing from more, and waits where cores are shared."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class Adam:
    """Adam (Kingma & Ba 2015), to the last bit as torch.optim.Adam, whose class imports PyTorch's compiler.

    That takes a second of a processor, and trains nothing here. The rate may be changed between steps, in
    param_groups as torch's. With `fused`, one kernel does the whole step; `maximize` adds what else is
    subtracted.
    """

    def __init__(
        self,
        parameters: Iterable[torch.Tensor],
        lr: float,
        *,
        weight_decay: float = 0.0,
        maximize: bool = False,
        fused: bool | None = None,
    ):
        self.parameters, self.param_groups = list(parameters), [{"lr": lr}]
        self._fixed = {"weight_decay": weight_decay, "maximize": maximize, "fused": fused}
        self._means = [torch.zeros_like(p, requires_grad=False) for p in self.parameters]
        self._squares = [mean.clone() for mean in self._means]
        self._steps = [torch.zeros((), device=p.device if fused else "cpu") for p in self.parameters]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Change each parameter by its gradient; one without a gradient stays as it is."""
        every = zip(self.parameters, self._means, self._squares, self._steps, strict=True)
        learning = [state for state in every if state[0].grad is not None]
        parameters, means, squares, steps = ([state[i] for state in learning] for i in range(4))
        adam(
            parameters, [p.grad for p in parameters], means, squares, [], steps,
            amsgrad=False, beta1=0.9, beta2=0.999, eps=1e-8, **self.param_groups[0], **self._fixed,
        )  # fmt: skip


class SGD:
    """Plain gradient descent, to the last bit as torch.optim.SGD; like Adam it does without that class."""

    def __init__(self, parameters: Iterable[torch.Tensor], lr: float):
        self.parameters, self.lr = list(parameters), lr

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Change each parameter by its gradient; one without a gradient stays as it is."""
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.add_(parameter.grad, alpha=-self.lr)


def mlp(widths: Sequence[int], activation: Callable[[], nn.Module] = nn.ReLU, seed: int = 0) -> nn.Sequential:
    """Linear layers of the given widths with an activation between them: `mlp([784, 256, 128, 10])`.

    Weights and biases are uniform in ±1/sqrt(inputs), torch's own default, but drawn from `seed` alone.
    Raises ValueError for fewer than two widths.
    """
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"widths needs an input and an output width, each at least 1, not {list(widths)}")
    random = seeds.torch_stream("training", "mlp", seed=seed)
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        with torch.random.fork_rng(devices=[]):  # what it draws itself is replaced
            linear = nn.Linear(inputs, outputs, device="cpu")
        for parameter in linear.parameters():
            nn.init.uniform_(parameter, -(inputs**-0.5), inputs**-0.5, generator=random)
        layers += [linear, activation()]
    return nn.Sequential(*layers[:-1])


def train(
    model: nn.Module,
    x: Data,
    y: Data,
    *,
    epochs: int,
    batch_size: int,
    lr: float,
    optimizer: str = "adam",
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    schedule: Callable[[int], float] | None = None,
    validation: tuple[Data, Data] | None = None,
    seed: int = 0,
    on_step: Callable[[int, float], None] | None = None,
    on_epoch: Callable[[int, History], bool | None] | None = None,
    progress: bool = True,
) -> History:
    """Train `model` in place on inputs x (n, ...) and classes y (n,) with the softmax cross-entropy.

    The rate of step t (from 0) is lr * schedule(t). Batches are reshuffled every epoch; the last one may be
    smaller. `optimizer` is "adam" or "sgd"; weight_decay adds weight_decay * w to the gradient (torch's Adam
    and SGD). Called back: on_step(step, loss) and on_epoch(epoch, history), which stops the training by
    returning True. The same seed and model give the same result, dropout included, whatever random numbers
    were drawn before. The model ends in eval mode. Raises ValueError for an unknown optimizer, for epochs or
    batch_size below 1, and for x and y of different or no length.
    """
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"epochs and batch_size must be at least 1, not {epochs} and {batch_size}")
    x, y = _tensors(model, x, y)
    held_out = _tensors(model, *validation) if validation is not None else None
    updater = _optimizer(optimizer, model, lr, momentum, weight_decay)
    order = seeds.torch_stream("training", "order", seed=seed)
    steps = epochs * -(-len(x) // batch_size)
    history, step, started = History(), 0, time.perf_counter()

    # The fork gives layers that draw for themselves (dropout) a stream of their own, and the caller's back.
    with torch.random.fork_rng(), Progress(steps, "training", show=progress) as bar:
        torch.manual_seed(seeds.torch_stream("training", "layers", seed=seed).initial_seed())
        for epoch in range(epochs):
            model.train()
            total = 0.0
            for batch in torch.randperm(len(x), generator=order).to(x.device).split(batch_size):
                loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
                updater.zero_grad()
                loss.backward()
                if schedule:
                    updater.param_groups[0]["lr"] = lr * schedule(step)
                updater.step()
                value = loss.item()
                total += value * len(batch)
                if on_step:
                    on_step(step, value)
                step += 1
                bar.update(1)
            history.loss.append(total / len(x))
            history.train_accuracy.append(accuracy(model, x, y))
            if held_out is not None:
                history.validation_accuracy.append(accuracy(model, *held_out))
            history.seconds = time.perf_counter() - started
            bar.update(0, _note(history))
            if on_epoch and on_epoch(epoch, history) is True:
                break
    return history


def accuracy(model: nn.Module, x: Data, y: Data) -> float:
    """Share of the inputs x (n, ...) whose largest output is the class in y (n,); leaves eval mode on."""
    x, y = _tensors(model, x, y)
    model.eval()
    right = 0
    with torch.no_grad():
        # In pieces, so that a large data set needs no large activations.
        for part, truth in zip(x.split(4096), y.split(4096), strict=True):
            right += (model(part).argmax(-1) == truth).sum().item()
    return right / len(x)


def _tensors(model: nn.Module, x: Data, y: Data) -> tuple[torch.Tensor, torch.Tensor]:
    """x and y where the model lies, x in the model's precision (tokens stay whole numbers)."""
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(f"x and y need the same length, at least 1: {len(x)} inputs, {len(y)} classes")
    weight = next(model.parameters(), torch.empty(0))
    x = torch.as_tensor(x, device=weight.device)
    return x.to(weight.dtype) if x.is_floating_point() else x, torch.as_tensor(y, device=weight.device).long()


def _optimizer(
    name: str, model: nn.Module, lr: float, momentum: float, weight_decay: float
) -> Adam | torch.optim.SGD:
    if name == "sgd":
        return torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum, weight_decay=weight_decay)
    if name == "adam":
        return Adam(model.parameters(), lr, weight_decay=weight_decay)
    raise ValueError(f"unknown optimizer {name!r}: use 'adam' or 'sgd'")


def _note(history: History) -> str:
    held_out = f", validation {history.validation_accuracy[-1]:.1%}" if history.validation_accuracy else ""
    return f"loss {history.loss[-1]:.4f}, training {history.train_accuracy[-1]:.1%}{held_out}"

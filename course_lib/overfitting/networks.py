"""Trains several small networks side by side, and keeps what each says of every image after every epoch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from course_lib import seeds, training
from course_lib.notebook.progress import Progress
from course_lib.overfitting.remedies import Weights, descend
from course_lib.overfitting.samples import Samples

EPOCHS = 40


@dataclass(frozen=True)
class Runs:
    """What networks said of every image, before training and after each epoch; one of `samples` per network.

    train, validation, test: classes, int8 (1 + epochs, networks, images).
    """

    samples: tuple[Samples, ...]
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def accuracy(self, on: str) -> np.ndarray:
        """Share right (1 + epochs, networks) on "given" or "true" training labels, "validation", "test"."""
        said = self.train if on in ("given", "true") else getattr(self, on)
        name = on if on in ("given", "true") else f"y_{on}"
        return (said == np.stack([getattr(sample, name) for sample in self.samples])).mean(axis=2)


class Stack:
    """One ReLU network a seed, all of the same widths, run side by side: weights (networks, in, out).

    Weights and biases are uniform in ±1/sqrt(inputs), each network's drawn from its own seed.
    """

    def __init__(self, widths: Sequence[int], network_seeds: Sequence[int]):
        generators = [seeds.torch_stream("overfitting", "weights", seed=seed) for seed in network_seeds]
        self.layers = len(widths) - 1
        self.weights: Weights = {}
        for i in range(self.layers):
            inputs, outputs = widths[i], widths[i + 1]
            for name, rows in ((f"{i}.weight", inputs), (f"{i}.bias", 1)):
                drawn = torch.stack([torch.rand(rows, outputs, generator=random) for random in generators])
                self.weights[name] = ((2 * drawn - 1) * inputs**-0.5).requires_grad_()

    def __call__(self, x: torch.Tensor, drop: Callable | None = None) -> torch.Tensor:
        """Scores (networks, n, classes) of x (networks, n, in); `drop` is called on each hidden layer."""
        for i in range(self.layers):
            x = torch.baddbmm(self.weights[f"{i}.bias"], x, self.weights[f"{i}.weight"])
            if i < self.layers - 1:
                x = torch.relu(x) if drop is None else drop(torch.relu(x))
        return x


def train(
    samples: Sequence[Samples],
    width: int,
    *,
    epochs: int = EPOCHS,
    batch_size: int = 64,
    lr: float = 6e-3,
    dropout: Callable[[torch.Tensor, int], torch.Tensor] | None = None,
    step: Callable[[Weights, Weights, float], Weights] = descend,
    augment: Callable[[np.ndarray, int], np.ndarray] | None = None,
    on_epoch: Callable[[Runs], None] | None = None,
    label: str = "",
    progress: bool = True,
) -> Runs:
    """Train a 784-width-width/2-10 network on each of the samples with Adam (Kingma & Ba 2015).

    While training, augment(images (n, 28, 28), seed) is called on each batch, dropout(h, seed) on each hidden
    layer, and step(weights, updates, lr) to make new weights of what Adam proposes, m / (√v + ε); names end
    in "weight" or "bias". on_epoch gets the runs so far; `label` stands before the progress bar. The same
    samples give the same runs. Raises ValueError for a width below 1 and for samples of different sizes.
    """
    if width < 1:
        raise ValueError(f"width must be at least 1, not {width}")
    x, given, ends = _side_by_side(samples)  # (networks, images, 784), (networks, n)
    network_seeds = [sample.seed for sample in samples]
    stack = Stack([784, width, max(width // 2, 1), 10], network_seeds)
    orders = [seeds.torch_stream("overfitting", "order", seed=seed) for seed in network_seeds]
    random = seeds.stream("overfitting", "remedies", *network_seeds)
    # Adam works on zeros, which so become its proposals; what to make of them is up to `step`.
    proposals = {name: torch.zeros_like(w) for name, w in stack.weights.items()}
    adam = training.Adam(proposals.values(), lr=1.0, maximize=True, fused=True)
    said = [_classes(stack, x)]

    def update(batch: torch.Tensor) -> None:
        inputs = x.gather(1, batch[:, :, None].expand(-1, -1, x.shape[2]))
        if augment is not None:
            moved = augment(inputs.reshape(-1, 28, 28).numpy(), int(random.integers(2**31)))
            inputs = torch.as_tensor(moved, dtype=x.dtype).reshape(inputs.shape)
        drop = None if dropout is None else lambda h: dropout(h, int(random.integers(2**31)))
        loss = torch.nn.functional.cross_entropy(
            stack(inputs, drop).flatten(0, 1), given.gather(1, batch).flatten(), reduction="sum"
        )
        # Divided by the images of one network: how many there are beside it changes nothing for it.
        gradients = torch.autograd.grad(loss / batch.shape[1], list(stack.weights.values()))
        for proposal, gradient in zip(proposals.values(), gradients, strict=True):
            proposal.zero_()
            proposal.grad = gradient
        adam.step()
        with torch.no_grad():
            new = step({name: w.detach() for name, w in stack.weights.items()}, proposals, lr)
        stack.weights = {name: new[name].detach().requires_grad_() for name in proposals}

    label = label or f"{len(samples)} networks of width {width}"
    with training.one_thread(), Progress(epochs, label, show=progress) as bar:
        for _ in range(epochs):
            order = torch.stack([torch.randperm(given.shape[1], generator=shuffle) for shuffle in orders])
            for batch in order.split(batch_size, dim=1):  # (networks, batch)
                update(batch)
            said.append(_classes(stack, x))
            bar.update()
            if on_epoch:
                on_epoch(_runs(samples, said, ends))
    return _runs(samples, said, ends)


def _side_by_side(samples: Sequence[Samples]) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
    """All images of each network, the labels it gets, and where its training and validation images end."""
    sizes = {(len(s.x_train), len(s.x_validation), len(s.x_test)) for s in samples}
    if len(sizes) != 1:
        raise ValueError(f"networks side by side need samples of one size, not of {len(sizes)}")
    ((n, validation, _),) = sizes
    x = np.stack([np.concatenate([s.x_train, s.x_validation, s.x_test]) for s in samples])
    return torch.from_numpy(x), torch.from_numpy(np.stack([s.given for s in samples])), [n, n + validation]


def _classes(stack: Stack, x: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return stack(x).argmax(-1).to(torch.int8).numpy()


def _runs(samples: Sequence[Samples], said: Sequence[np.ndarray], ends: Sequence[int]) -> Runs:
    return Runs(tuple(samples), *np.split(np.stack(said), ends, axis=2))

"""The classifier: mean of a sentence's word vectors, a linear layer, ReLU, and a linear layer to one logit.

Shapes: B sentences of a batch, L words of its longest, V words of the vocabulary, D numbers per word.
"""

from collections.abc import Callable

import numpy as np

from course_lib import seeds
from course_lib.autodiff import Tensor, no_grad
from course_lib.autodiff.backends import Backend
from course_lib.autodiff.backends.numpy import NUMPY
from course_lib.autodiff.functional import binary_cross_entropy_with_logits, one_hot
from course_lib.autodiff.modules import Embedding, Linear, Module, ReLU, Sequential
from course_lib.autodiff.optimizers import Adam, Optimizer
from course_lib.notebook.progress import Progress
from course_lib.notebook.reference import reference
from course_lib.sentiment.vocabulary import Examples


@reference("Lab2.5")
def mean_of_words(ids: np.ndarray, lengths: np.ndarray, table: Tensor) -> Tensor:
    """Mean over each sentence's words of their rows in the table (V, D): (B, D).

    ids (B, L), of which the first lengths (B,) count; a sentence without words has mean 0. The mean of rows
    of the table is the mean of one-hot rows times the table, and this product is L times smaller.
    """
    hot = one_hot(ids, table.shape[0], like=table)  # (B, L, V)
    is_word = table.constant(np.arange(ids.shape[1])[:, None]) < table.constant(lengths[:, None, None])
    shares = (hot * is_word).sum(1) / np.maximum(lengths, 1)[:, None]  # (B, V)
    return shares @ table


class Classifier(Module):
    """Logits (B,) of ids (B, L) and lengths (B,); above 0 it takes a sentence for praise.

    With hidden=0 there is no hidden layer: mean, then one linear layer. Raises ValueError for sizes below 1.
    """

    def __init__(self, vocabulary: int, width: int = 16, hidden: int = 32, seed: int = 0):
        if vocabulary < 1 or width < 1 or hidden < 0:
            raise ValueError(
                f"vocabulary and width must be at least 1 and hidden at least 0, "
                f"not {vocabulary}, {width} and {hidden}"
            )
        rng = seeds.stream("sentiment", "classifier", seed=seed)
        self.embedding = Embedding(vocabulary, width, rng=rng)
        layers = [Linear(width, hidden, rng=rng), ReLU()] if hidden else []
        self.layers = Sequential(*layers, Linear(hidden or width, 1, rng=rng))

    def forward(self, ids: np.ndarray, lengths: np.ndarray) -> Tensor:
        return self.layers(mean_of_words(ids, lengths, self.embedding.weight)).squeeze(1)


def train(
    model: Classifier,
    examples: Examples,
    *,
    epochs: int = 5,
    batch_size: int = 100,
    lr: float = 0.03,
    optimizer: Callable[..., Optimizer] = Adam,
    backend: Backend = NUMPY,
    seed: int = 0,
    on_step: Callable[[int, float], None] | None = None,
    progress: bool = False,
) -> list[float]:
    """Train the model in place, on the backend that is given; the loss of each step.

    Moves the model to the backend and leaves it there. Batches are shuffled again in each epoch by `seed`;
    the last one may be smaller. `optimizer` is called with the parameters and lr; on_step(step, loss) after
    each step. Raises ValueError for no examples, and for epochs or batch_size below 1.
    """
    if epochs < 1 or batch_size < 1 or not len(examples):
        raise ValueError(
            f"epochs, batch_size and examples must be at least 1, not {epochs}, {batch_size} "
            f"and {len(examples)}"
        )
    order = seeds.stream("sentiment", "order", seed=seed)
    stepper = optimizer(model.to(backend).parameters(), lr)
    losses: list[float] = []
    steps = epochs * -(-len(examples) // batch_size)
    with Progress(steps, "training", show=progress) as bar:
        for _ in range(epochs):
            shuffled = order.permutation(len(examples))
            for start in range(0, len(examples), batch_size):
                batch = examples.batch(shuffled[start : start + batch_size])
                loss = binary_cross_entropy_with_logits(model(batch.ids, batch.lengths), batch.labels)
                stepper.zero_grad()
                loss.backward()
                stepper.step()
                losses.append(loss.item())
                if on_step:
                    on_step(len(losses) - 1, losses[-1])
                bar.update(1, f"loss {losses[-1]:.3f}")
    return losses


@no_grad()
def logits(model: Classifier, ids: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The model's logits (n,) for ids (n, longest) and lengths (n,), in pieces that need little memory."""
    parts = [
        model(ids[start : start + 200], lengths[start : start + 200]).numpy()
        for start in range(0, len(ids), 200)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def accuracy(model: Classifier, examples: Examples) -> float:
    """Share of the examples, from 0 to 1, on the right side of logit 0. Raises ValueError for none."""
    if not len(examples):
        raise ValueError("there are no examples to be right about")
    return float(np.mean((logits(model, examples.ids, examples.lengths) > 0) == (examples.labels == 1)))

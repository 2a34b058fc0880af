"""A small transformer learns which token follows which: in FP32, in mixed precision, or in bf16 alone."""

import time
from dataclasses import dataclass, field, replace

import torch

from course_lib import seeds
from course_lib.accounting.mixed_precision import Adam
from course_lib.arguments import count, one_of
from course_lib.costs.memory import States
from course_lib.notebook.progress import Progress
from course_lib.shapes import Shape, shape
from course_lib.training import one_thread
from course_lib.transformer.model import Transformer, loss

PRECISIONS = ("fp32", "mixed", "bf16")
LEARNER = replace(
    shape("gpt2"), name="learner", layers=2, width=64, heads=4, kv_heads=4, head_dim=16, feed_forward=256,
    vocabulary=32, positions=16,
)  # fmt: skip


@dataclass
class History:
    """Loss of each step, the bytes of the states before the last one, and processor seconds in all."""

    loss: list[float] = field(default_factory=list)
    states: States | None = None
    seconds_of_processor: float = 0.0


def text(sentences: int, length: int, vocabulary: int, seed: int = 0) -> torch.Tensor:
    """Tokens (sentences, length); each has two that follow it, and nine times of ten it is the first of them.

    The least loss is about 0.325, the entropy of nine to one. Raises ValueError for sizes below 1.
    """
    count(sentences=sentences, length=length, vocabulary=vocabulary)
    random = seeds.torch_stream("accounting", "text", seed=seed)
    usual, rare = (torch.randperm(vocabulary, generator=random) for _ in range(2))
    tokens = [torch.randint(vocabulary, (sentences,), generator=random)]
    for _ in range(length - 1):
        surprise = torch.rand(sentences, generator=random) < 0.1
        tokens.append(torch.where(surprise, rare[tokens[-1]], usual[tokens[-1]]))
    return torch.stack(tokens, 1)


def train(
    precision: str,
    *,
    steps: int = 300,
    batch: int = 16,
    lr: float = 1e-4,
    seed: int = 0,
    model: Shape = LEARNER,
    progress: bool = True,
) -> History:
    """Train from the same start on the same batches with parameters of FP32, or of bf16.

    "mixed": Adam has an FP32 copy of the bf16 parameters; "bf16": it has none. The loss is always computed in
    FP32. Raises ValueError for another precision, and for steps or batch below 1.
    """
    one_of("precision", precision, PRECISIONS)
    count(steps=steps, batch=batch)
    network = Transformer(model, seed=seed)
    if precision != "fp32":
        network.bfloat16()
    adam, history = Adam(network.parameters(), lr, master=precision == "mixed"), History()
    length = model.positions or 16
    tokens = text(batch * steps, length + 1, model.vocabulary, seed)
    started = time.process_time()
    with one_thread(), Progress(steps, f"training in {precision}", show=progress) as bar:
        for rows in tokens.split(batch):
            adam.zero_grad()
            value = loss(network(rows[:, :-1]).float(), rows[:, 1:])
            value.backward()
            history.states = adam.states()
            adam.step()
            history.loss.append(value.item())
            bar.update(1, f"loss {history.loss[-1]:.4f}")
    history.seconds_of_processor = time.process_time() - started
    return history

"""What one rank does in a pipeline: receives, has its stage compute, keeps the pace, and hands on."""

import time
from collections.abc import Callable

import torch
import torch.distributed as dist

from course_lib.distributed import gradients
from course_lib.distributed.schedules import Operation
from course_lib.distributed.sentences import GPT, sentences, tokens_that_count
from course_lib.distributed.stages import PipelineStage, cut
from course_lib.ranks.device import device
from course_lib.ranks.pace import sleep_until
from course_lib.ranks.source import Source, load
from course_lib.transformer.model import Transformer
from course_lib.transformer.saved import SavedBytes


class Mail:
    """Messages to and from neighbors: a tensor, and the moment from which it may be used.

    They go through the memory of the host: gloo carries them.
    """

    def __init__(self, shape: tuple[int, ...], seconds: float):
        self.shape, self.seconds = shape, seconds
        self._sent: list[tuple[dist.Work, torch.Tensor]] = []

    def send(self, rank: int, m: int, x: torch.Tensor) -> None:
        """Without waiting: where both neighbors did, nobody would receive."""
        usable = torch.tensor([time.perf_counter() + self.seconds], dtype=torch.float64)
        for tag, tensor in ((2 * m, x.cpu().contiguous()), (2 * m + 1, usable)):
            self._sent.append((dist.isend(tensor, rank, tag=tag), tensor))

    def receive(self, rank: int, m: int) -> torch.Tensor:
        """Wait for a microbatch of this neighbor, and until it may be used."""
        x, usable = torch.empty(self.shape), torch.empty(1, dtype=torch.float64)
        dist.recv(x, rank, tag=2 * m)
        dist.recv(usable, rank, tag=2 * m + 1)
        sleep_until(usable.item())
        return x.to(device())

    def flush(self) -> None:
        """Wait until all has been received."""
        for work, _ in self._sent:
            work.wait()
        self._sent.clear()


class StageWorker:
    """Carries out a stage's operations on the student's or the library's PipelineStage."""

    def __init__(
        self,
        stage: int,
        stages: int,
        module: torch.nn.Module,
        batch: tuple[torch.Tensor, torch.Tensor],
        kind: Callable,
        pace: tuple[float, float],
        message: float,
        sequences: int,
    ):
        self.stage, self.last, self.module = stage, stage == stages - 1, module
        self.tokens, self.targets = (whole.split(sequences) for whole in batch)
        self.kind, self.pace = kind, dict(zip("FB", pace, strict=True))
        self.all_tokens = tokens_that_count(batch[1])
        self.mail = Mail((sequences, batch[0].shape[1], GPT.width), message)
        self.kept = self.kept_bytes = 0

    def run(self, order: list[Operation], tell: Callable[[], None]) -> tuple[float, list[tuple]]:
        """All operations: this stage's part of the loss, and when each one took how long."""
        self.loss, spells = 0.0, []
        self.work, self.meters = self.kind(self.module, self.all_tokens), {}
        for kind, m in order:
            x = self._needed(kind, m)
            start = time.perf_counter()
            result = self._forward(m, x) if kind == "F" else self._backward(m, x)
            sleep_until(start + self.pace[kind])
            spells.append((kind, m, start, time.perf_counter()))
            if result is not None:
                self.mail.send(self.stage + (1 if kind == "F" else -1), m, result)
            tell()
        self.mail.flush()
        return self.loss, spells

    def _needed(self, kind: str, m: int) -> torch.Tensor | None:
        if kind == "F":
            return self.mail.receive(self.stage - 1, m) if self.stage else self.tokens[m].to(device())
        return None if self.last else self.mail.receive(self.stage + 1, m)

    def _forward(self, m: int, x: torch.Tensor) -> torch.Tensor | None:
        self.meters[m] = SavedBytes([*self.module.parameters(), self.tokens[m], self.targets[m]])
        with self.meters[m]:
            y = self.work.forward(m, x, self.targets[m].to(device()) if self.last else None)
        held = [meter.now for meter in self.meters.values() if meter.now]
        self.kept, self.kept_bytes = max(self.kept, len(held)), max(self.kept_bytes, sum(held))
        if not self.last:
            return self._checked(y, f"forward({m}, x)")
        if not isinstance(y, float):
            raise ValueError(
                f"PipelineStage.forward({m}, x, targets) of the last stage must return a float, "
                f"not {type(y).__name__}"
            )
        self.loss += y
        return None

    def _backward(self, m: int, gradient: torch.Tensor | None) -> torch.Tensor | None:
        found = self.work.backward(m, gradient)
        return self._checked(found, f"backward({m}, …)") if self.stage else None

    def _checked(self, x: object, call: str) -> torch.Tensor:
        """What is sent must be what a neighbor waits for."""
        found = tuple(x.shape) if isinstance(x, torch.Tensor) else type(x).__name__
        if found != self.mail.shape or x.dtype != torch.float32:
            raise ValueError(
                f"PipelineStage.{call} of stage {self.stage} must return a float32 tensor of shape "
                f"{self.mail.shape}, not {found}"
            )
        return x.detach()


def work(
    tell: Callable[[], None],
    plan: list[list[Operation]],
    source: Source | None,
    paces: list[tuple[float, float]],
    message: float,
    microbatches: int,
    sequences: int,
    repeats: int,
    seed: int,
) -> tuple | None:
    """An order: this stage's part of the loss, its gradient, spells of each repeat, and what it kept."""
    stage = dist.get_rank()
    if stage >= len(plan):
        for _ in range(repeats):
            dist.barrier()
        return None
    kind = PipelineStage if source is None else load(source)
    module = cut(Transformer(GPT, seed=seed), len(plan))[stage].to(device())
    batch = sentences(microbatches * sequences, seed)
    worker = StageWorker(stage, len(plan), module, batch, kind, paces[stage], message, sequences)
    loss, runs = 0.0, []
    for _ in range(repeats):
        module.zero_grad()
        dist.barrier()
        loss, spells = worker.run(plan[stage], tell)
        runs.append(spells)
    return loss, gradients.grads(module), runs, worker.kept, worker.kept_bytes

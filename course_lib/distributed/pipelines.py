"""Pipeline training on real processes: stages that follow a schedule, watched and timed."""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.arguments import count, not_negative
from course_lib.distributed import gradients
from course_lib.distributed.schedules import Operation
from course_lib.distributed.sentences import GPT, sentences, tokens_that_count
from course_lib.distributed.simulation import Orders, simulate, stage_seconds
from course_lib.distributed.stages import cut
from course_lib.notebook.awake import cores_awake
from course_lib.notebook.progress import Progress
from course_lib.ranks.processes import Ranks
from course_lib.ranks.source import Source, source_of
from course_lib.transformer.model import Transformer

Spell = tuple[str, int, float, float]  # "F" or "B", microbatch, start and end in seconds


@dataclass(frozen=True)
class PipelineRun:
    """What came of a batch on real stages: of the fastest repeat, what is measured in seconds.

    loss: the mean over the batch's targets. difference: how far all stages' gradients are from those of one
    process. kept, kept_bytes: most microbatches of which a stage kept tensors for its backward pass, and most
    bytes, by saved-tensor hooks. spells: what each stage did when, from the first start.
    """

    loss: float
    difference: float
    kept: list[int]
    kept_bytes: list[int]
    spells: list[list[Spell]]
    tokens: int

    @property
    def seconds(self) -> float:
        """From the first start to the last end."""
        return max(end for spells in self.spells for *_, end in spells)

    @property
    def idle(self) -> float:
        """Share of all stages' time in which they do nothing."""
        busy = sum(end - start for spells in self.spells for *_, start, end in spells)
        return 1 - busy / (len(self.spells) * self.seconds)

    @property
    def tokens_per_second(self) -> float:
        """Targets that count, over the time of the batch."""
        return self.tokens / self.seconds


@dataclass(frozen=True)
class Yardstick:
    """One process on the whole batch: its loss, seconds (fastest of the repeats) and targets that count."""

    loss: float
    seconds: float
    tokens: int

    @property
    def tokens_per_second(self) -> float:
        """Targets that count, over the time of the batch."""
        return self.tokens / self.seconds


def one_process(microbatches: int, sequences: int = 2, *, repeats: int = 3, seed: int = 0) -> Yardstick:
    """Loss and gradient of the batch of `run`, in this process, one thread, without stages."""
    count(microbatches=microbatches, sequences=sequences, repeats=repeats)
    network, batch = Transformer(GPT, seed=seed), sentences(microbatches * sequences, seed)
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        loss = gradients.whole_batch(network, *batch)
        seconds.append(time.perf_counter() - began)
    return Yardstick(loss, min(seconds), tokens_that_count(batch[1]))


def run(
    ranks: Ranks,
    orders: Orders,
    *,
    stage: str | type | None = None,
    forward: float | Sequence[float] = 0.0,
    backward: float | Sequence[float] = 0.0,
    message: float = 0.0,
    sequences: int = 2,
    repeats: int = 1,
    seed: int = 0,
) -> PipelineRun:
    """One batch through as many stages as there are orders, on the first ranks.

    `orders` as from `schedule`. `stage`: a class PipelineStage, or a text that defines it, which may use
    torch, functional and np; None for the library's. `forward`, `backward`: seconds that these last at least
    on slower devices, of all stages or one each; `message`: seconds until a neighbor may use a result.
    `sequences`: of a microbatch. Raises ValueError for orders that `simulate` refuses, those in which a stage
    leaves out a microbatch, and more stages than ranks or blocks, and RankEnded.
    """
    count(sequences=sequences, repeats=repeats)
    not_negative(message=message)
    simulate(orders, forward, backward, message)
    plan = [[(str(kind), int(m)) for kind, m in order] for order in orders]
    microbatches = _microbatches(plan)
    if len(plan) > ranks.count:
        raise ValueError(f"{len(plan)} stages need as many ranks, and {ranks.count} were started")
    network = Transformer(GPT, seed=seed)
    parts = cut(network, len(plan))
    paces = list(
        zip(stage_seconds(plan, forward=forward), stage_seconds(plan, backward=backward), strict=True)
    )
    if isinstance(stage, type):
        source = source_of(stage)
    else:
        source = None if stage is None else Source("PipelineStage", stage)
    # Computing gets slower beside what keeps the cores awake; a pace does not.
    awake = cores_awake() if any(map(any, paces)) else contextlib.nullcontext()
    total = repeats * sum(map(len, plan))
    with (
        awake,
        Progress(total, f"{microbatches} microbatches, {len(plan)} stages", show=ranks.progress) as bar,
    ):
        answers = ranks.order(
            "course_lib.distributed.stage_worker:work",
            plan, source, paces, message, microbatches, sequences, repeats, seed, bar=bar,
        )[: len(plan)]  # fmt: skip
    batch = sentences(microbatches * sequences, seed)
    gradients.whole_batch(network, *batch)
    right = np.concatenate([gradients.grads(part) for part in parts])
    losses, rows, runs, kept, kept_bytes = zip(*answers, strict=True)
    spells = min((_from_the_start(repeat) for repeat in zip(*runs, strict=True)), key=_end)
    return PipelineRun(
        loss=sum(losses),
        difference=gradients.difference(np.concatenate(rows), right),
        kept=list(kept),
        kept_bytes=list(kept_bytes),
        spells=spells,
        tokens=tokens_that_count(batch[1]),
    )


def _microbatches(plan: list[list[Operation]]) -> int:
    """How many there are, if every stage takes each forward and backward."""
    microbatches = 1 + max(m for order in plan for _, m in order)
    for stage, order in enumerate(plan):
        missing = {(kind, m) for kind in "FB" for m in range(microbatches)} - set(order)
        if missing:
            kind, m = min(missing)
            raise ValueError(f"{kind}{m} is missing at stage {stage}, so that its gradients would be wrong")
    return microbatches


def _from_the_start(runs: Sequence[list[Spell]]) -> list[list[Spell]]:
    first = min(start for spells in runs for _, _, start, _ in spells)
    return [[(kind, m, start - first, end - first) for kind, m, start, end in spells] for spells in runs]


def _end(runs: list[list[Spell]]) -> float:
    return max(end for spells in runs for *_, end in spells)

"""What one rank does for a job: its stage and shard of the model, for its replica's users."""

import time
from collections.abc import Callable

import numpy as np
import torch
import torch.distributed as dist

from course_lib.costs.layouts import Layout
from course_lib.parallelism import model
from course_lib.parallelism.job import Job, RankReport, Spell
from course_lib.parallelism.mesh import Mesh
from course_lib.ranks.traffic import sent_bytes


class Worker:
    """Runs a job's rounds; a round brings every user one token further."""

    def __init__(self, job: Job, mesh: Mesh):
        self.job, self.mesh, layout = job, mesh, mesh.layout
        self.blocks = [
            model.Block(job, int(layer), mesh.shard, layout.tensor)
            for layer in job.layers_of(layout, mesh.stage)
        ]
        self.ends = model.Ends(job, mesh.shard, layout.tensor)
        self.groups = job.users_of(layout, mesh.replica)
        self.prompts = torch.as_tensor(model.prompts(job))
        self.spells: list[Spell] = []
        self.logits: list[list[torch.Tensor]] = [[] for _ in self.groups]
        self.next_tokens: list[torch.Tensor] = [self.prompts[users] for users in self.groups]

    def run(self, tell: Callable[[], None]) -> None:
        """All rounds; `tell` is called after each."""
        for number in range(self.job.answer):
            for group in range(len(self.groups)):
                self._pass(number, group)
            tell()
        self.mesh.flush()

    def _pass(self, number: int, group: int) -> None:
        """One group through this stage: receive, compute, hand on."""
        job, mesh, users = self.job, self.mesh, len(self.groups[group])
        new = job.prompt if number == 0 else 1
        if mesh.stage:
            x = mesh.receive(torch.empty(users, new, job.width))
        else:
            if number and mesh.layout.pipeline > 1:
                self.next_tokens[group] = mesh.receive(torch.empty(users, 1, dtype=torch.int64))
            position = 0 if number == 0 else job.prompt + number - 1
            x = self.ends.embed(self.next_tokens[group], position)
        for block in self.blocks:
            x = x + mesh.sum(self._timed(lambda x=x, block=block: block.attention(x, group), group))
            x = x + mesh.sum(self._timed(lambda x=x, block=block: block.feed_forward(x), group))
        if not mesh.is_last:
            mesh.send(x)
            return
        logits = mesh.join(self.ends.logits(x))
        self.logits[group].append(logits)
        tokens = logits.argmax(-1, keepdim=True)
        if mesh.layout.pipeline == 1:
            self.next_tokens[group] = tokens
        elif number < job.answer - 1:
            mesh.send(tokens)

    def _timed(self, compute: Callable[[], torch.Tensor], group: int) -> torch.Tensor:
        """Half a layer: computed, then drawn out to the time that a slower device would take."""
        start = time.perf_counter()
        x = compute()
        layer = self.job.layer_seconds + self.job.user_seconds * len(self.groups[group])
        left = start + layer / 2 / self.mesh.layout.tensor - time.perf_counter()
        if left > 0:
            time.sleep(left)
        self.spells.append(Spell(start, time.perf_counter(), group))
        return x

    def results(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Users (indices) and their logits (users, answer, vocabulary); from the last stage's first shard."""
        if not self.mesh.is_last or self.mesh.shard:
            return []
        return [
            (users, torch.stack(logits, dim=1).numpy())
            for users, logits in zip(self.groups, self.logits, strict=True)
        ]

    @property
    def weight_bytes(self) -> int:
        """Bytes of this rank's layers."""
        return sum(block.nbytes for block in self.blocks)


@torch.inference_mode()
def generate(tell: Callable[[], None], job: Job, layout: Layout) -> tuple[RankReport, list] | None:
    """An order: this rank's part of a job; None for a rank that the layout does not use."""
    mesh = Mesh(layout, dist.get_rank())
    worker = Worker(job, mesh) if mesh.rank < layout.gpus else None
    dist.barrier()
    if worker is None:
        dist.barrier()
        return None
    sent_before, began = sent_bytes(), time.perf_counter()
    worker.run(tell)
    ended, sent_after = time.perf_counter(), sent_bytes()
    dist.barrier()
    spells = [Spell(s.start - began, s.end - began, s.group) for s in worker.spells]
    sent = None if sent_after is None else sent_after - sent_before
    return RankReport(spells, began, ended, sent, worker.weight_bytes), worker.results()

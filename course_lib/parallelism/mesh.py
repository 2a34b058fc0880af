"""Where a rank stands in a layout, and how it talks to the others: torch.distributed with gloo."""

import torch
import torch.distributed as dist

from course_lib.costs.layouts import Layout


class Mesh:
    """Rank r is shard t of stage s of replica c: r = (c · stages + s) · shards + t.

    Shards of a layer lie side by side, as they do in a node. All ranks of the process group must make the
    mesh, also those that have no place in it.
    """

    def __init__(self, layout: Layout, rank: int):
        self.layout, self.rank = layout, rank
        self.stage_and_replica, self.shard = divmod(rank, layout.tensor)
        self.replica, self.stage = divmod(self.stage_and_replica, layout.pipeline)
        self.group = None
        for first in range(0, layout.gpus, layout.tensor):
            members = range(first, first + layout.tensor)
            group = dist.new_group(list(members)) if layout.tensor > 1 else None
            if rank in members:
                self.group = group
        self._sent: list[tuple[dist.Work, torch.Tensor]] = []

    @property
    def is_last(self) -> bool:
        """Whether this rank's stage is the last of its replica."""
        return self.stage == self.layout.pipeline - 1

    def neighbor(self, stages: int) -> int:
        """The rank with the same shard, `stages` further on; after the last stage comes the first."""
        stage = (self.stage + stages) % self.layout.pipeline
        return (self.replica * self.layout.pipeline + stage) * self.layout.tensor + self.shard

    def sum(self, parts: torch.Tensor) -> torch.Tensor:
        """The sum of all shards' parts (any shape), in place."""
        if self.group is not None:
            dist.all_reduce(parts, group=self.group)
        return parts

    def join(self, parts: torch.Tensor) -> torch.Tensor:
        """All shards' parts (n, m) side by side: (n, shards · m)."""
        if self.group is None:
            return parts
        all_parts = [torch.empty_like(parts) for _ in range(self.layout.tensor)]
        dist.all_gather(all_parts, parts.contiguous(), group=self.group)
        return torch.cat(all_parts, dim=-1)

    def send(self, x: torch.Tensor) -> None:
        """Hand x to the next stage without waiting: gloo's send waits for the other side's receive, and in a
        ring of stages that all send, nobody would."""
        x = x.contiguous()
        self._sent = [pair for pair in self._sent if not pair[0].is_completed()]
        self._sent.append((dist.isend(x, self.neighbor(1)), x))

    def receive(self, x: torch.Tensor) -> torch.Tensor:
        """Fill x with what the stage before this one sent."""
        dist.recv(x, self.neighbor(-1))
        return x

    def flush(self) -> None:
        """Wait until all that was sent has gone."""
        for work, _ in self._sent:
            work.wait()
        self._sent.clear()

"""When waiting requests are taken, and how many together."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Greedy:
    """Whenever the engine is free, take what waits, at most `batch`, and keep it until its longest ends."""

    batch: int

    def __post_init__(self):
        _batch(self.batch)


@dataclass(frozen=True)
class Static:
    """Wait until exactly `batch` requests wait; a rest that never fills a batch is never served."""

    batch: int

    def __post_init__(self):
        _batch(self.batch)


@dataclass(frozen=True)
class Timeout:
    """Go when `batch` requests wait, or `seconds` after the first of them came."""

    batch: int
    seconds: float

    def __post_init__(self):
        _batch(self.batch)
        if not 0 <= self.seconds < math.inf:
            raise ValueError(f"seconds must be at least 0 and finite, not {self.seconds}")


@dataclass(frozen=True)
class Continuous:
    """Admit at every step, oldest first, while fewer than `max_sequences` run and their room is found.

    chunk: prompt tokens computed a step at most; None: whole prompts. preempt: what happens to the newest
    when growing sequences find no room: "recompute" its cache later, or "swap" it to host memory.
    Orca (Yu et al. 2022); PagedAttention (Kwon et al. 2023); chunked prefill (Agrawal et al. 2024).
    """

    max_sequences: int
    chunk: int | None = None
    preempt: str = "recompute"

    def __post_init__(self):
        if self.max_sequences < 1:
            raise ValueError(f"max_sequences must be at least 1, not {self.max_sequences}")
        if self.chunk is not None and self.chunk < 1:
            raise ValueError(f"chunk must be at least 1 or None, not {self.chunk}")
        if self.preempt not in ("recompute", "swap"):
            raise ValueError(f"preempt must be 'recompute' or 'swap', not {self.preempt!r}")


Policy = Greedy | Static | Timeout | Continuous


def _batch(batch: int) -> None:
    if batch < 1:
        raise ValueError(f"batch must be at least 1, not {batch}")

"""When waiting requests are taken, and how many together."""

from dataclasses import dataclass

from course_lib.arguments import COUNT, NOT_NEGATIVE, check_fields, or_none, real


@dataclass(frozen=True)
class Greedy:
    """Whenever the engine is free, take what waits, at most `batch`, and keep it until its longest ends.

    Raises ValueError for a batch below 1.
    """

    batch: int

    def __post_init__(self):
        check_fields(self, batch=COUNT)


@dataclass(frozen=True)
class Static:
    """Wait until exactly `batch` requests wait; a rest that never fills a batch is never served.

    Raises ValueError for a batch below 1.
    """

    batch: int

    def __post_init__(self):
        check_fields(self, batch=COUNT)


@dataclass(frozen=True)
class Timeout:
    """Go when `batch` requests wait, or `seconds` after the first of them came.

    Raises ValueError for a batch below 1, and seconds that are negative or infinite.
    """

    batch: int
    seconds: float

    def __post_init__(self):
        check_fields(self, batch=COUNT, seconds=NOT_NEGATIVE)


@dataclass(frozen=True)
class Continuous:
    """Admit at every step, oldest first, while fewer than `max_sequences` run and their room is found.

    chunk: prompt tokens computed a step at most; None: whole prompts. preempt: what happens to the newest
    when growing sequences find no room: "recompute" its cache later, or "swap" it to host memory.
    Orca (Yu et al. 2022); PagedAttention (Kwon et al. 2023); chunked prefill (Agrawal et al. 2024). Raises
    ValueError for a number below 1, and another way to preempt.
    """

    max_sequences: int
    chunk: int | None = None
    preempt: str = "recompute"

    def __post_init__(self):
        check_fields(self, max_sequences=COUNT)
        if self.chunk is not None and not real("chunk", self.chunk) >= 1:
            raise ValueError(f"chunk must be at least 1 or None, not {self.chunk}")
        check_fields(self, chunk=or_none(COUNT))
        if self.preempt not in ("recompute", "swap"):
            raise ValueError(f"preempt must be 'recompute' or 'swap', not {self.preempt!r}")


Policy = Greedy | Static | Timeout | Continuous

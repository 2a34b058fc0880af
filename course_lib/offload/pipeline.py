"""A decode step whose cache comes layer by layer: one link copies, one card computes, a few buffers between.

With unlimited buffers this is the flow shop of two machines with the order of the jobs given (Johnson 1954).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.arguments import COUNT, FINITE, each, real, takes
from course_lib.notebook.reference import reference


@dataclass(frozen=True)
class Schedule:
    """Starts and ends (n, 2) in seconds of n copies and of the n computes that read what they brought."""

    copies: np.ndarray
    computes: np.ndarray

    @property
    def seconds(self) -> float:
        """When the last compute has ended."""
        return float(self.computes[-1, 1]) if len(self.computes) else 0.0

    @property
    def durations(self) -> tuple[list[float], list[float]]:
        """How long each copy and each compute took: what `schedule` is given."""
        return tuple(list(np.diff(spans)[:, 0]) for spans in (self.copies, self.computes))


@reference("Q10.2")
def schedule(transfers: Sequence[float], computes: Sequence[float], buffers: int | None = None) -> Schedule:
    """The earliest starts when copy i brings what compute i reads, both in order, through `buffers` buffers.

    Copy i waits for copy i - 1 and until compute i - buffers has ended, which frees its buffer; compute i
    waits for copy i and compute i - 1. None means as many buffers as layers. Raises ValueError for lists of
    different length, a negative or infinite time, and less than one buffer.
    """
    for name, values in (("transfers", transfers), ("computes", computes)):
        each(real)(name, values)
    times = np.array([transfers, computes], dtype=float) if len(transfers) == len(computes) else None
    if times is None:
        raise ValueError(
            f"a transfer for each compute is needed, not {len(transfers)} for {len(computes)} computes"
        )
    if not np.isfinite(times).all() or (times < 0).any():
        raise ValueError("times of transfers and computes must be finite and at least 0 seconds")
    if buffers is not None and not math.isnan(real("buffers", buffers)) and buffers >= 1:
        COUNT("buffers", buffers)
    if buffers is not None and not buffers >= 1:
        raise ValueError(f"a copy needs at least one buffer to go to, not {buffers}: buffers is too small")
    copies, works = np.zeros((times.shape[1], 2)), np.zeros((times.shape[1], 2))
    for i, (transfer, compute) in enumerate(times.T):
        free = works[i - buffers, 1] if buffers is not None and i >= buffers else 0.0
        copies[i, 0] = max(copies[i - 1, 1] if i else 0.0, free)
        copies[i, 1] = copies[i, 0] + transfer
        works[i, 0] = max(works[i - 1, 1] if i else 0.0, copies[i, 1])
        works[i, 1] = works[i, 0] + compute
    return Schedule(copies, works)


@takes(serial=FINITE, measured=FINITE, bound=FINITE)
def saved_share(serial: float, measured: float, bound: float) -> float:
    """Of the time that overlap can save at most, serial - bound, the share that was saved.

    Raises ValueError where nothing can be saved.
    """
    if not serial > bound:
        raise ValueError(f"nothing can be saved between the serial {serial} s and the bound of {bound} s")
    return (serial - measured) / (serial - bound)

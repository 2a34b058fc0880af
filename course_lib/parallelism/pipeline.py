"""Who works when in a pipeline of stages."""

from collections.abc import Sequence

import numpy as np

from course_lib.notebook.reference import reference


@reference("Q6.2")
def schedule(stage_times: Sequence[float], groups: int, rounds: int = 1) -> np.ndarray:
    """Start of each group at each stage in each round, (rounds, stages, groups), first come, first served.

    A group starts when it has arrived and the stage is free; in the next round it comes back to the first
    stage as soon as it has left the last, as a user does who needs another token. One round is the forward
    pass of Huang et al. 2019, of as many microbatches. Raises ValueError for no stages, groups or rounds, or
    a negative time.
    """
    if not len(stage_times) or min(groups, rounds) < 1 or min(stage_times) < 0:
        raise ValueError("a pipeline needs at least one stage, group and round, and no negative time")
    starts = np.zeros((rounds, len(stage_times), groups))
    free, back = np.zeros(len(stage_times)), np.zeros(groups)
    for number in range(rounds):
        for group in range(groups):
            for stage, time in enumerate(stage_times):
                starts[number, stage, group] = max(free[stage], back[group])
                free[stage] = back[group] = starts[number, stage, group] + time
    return starts


@reference("Q6.2")
def idle_share(stage_times: Sequence[float], starts: np.ndarray) -> float:
    """Share of all stages' time, from the first start to the last end, in which they wait."""
    times = np.asarray(stage_times, dtype=float)
    rounds, stages, groups = starts.shape
    span = float((starts + times[:, None]).max() - starts.min())
    return 1 - float(times.sum()) * rounds * groups / (stages * span) if span else 0.0


def clocks(stages: int, microbatches: int) -> int:
    """Clock cycles of a forward pass through equal stages: M + S - 1 (torchgpipe's schedule)."""
    return round(float(schedule([1.0] * stages, microbatches).max())) + 1

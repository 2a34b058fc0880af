"""Who works when in a pipeline that is filled once and flushed (Huang et al. 2019)."""

from collections.abc import Sequence

import numpy as np

from course_lib.reference import reference


@reference("Q6.2")
def schedule(stage_times: Sequence[float], microbatches: int) -> np.ndarray:
    """Start of each microbatch at each stage, (stages, microbatches): in order, as soon as both are ready.

    Raises ValueError for no stages, no microbatches or a negative time.
    """
    if not len(stage_times) or microbatches < 1 or min(stage_times) < 0:
        raise ValueError("a pipeline needs stages of at least 0 seconds and at least one microbatch")
    starts = np.zeros((len(stage_times), microbatches))
    for stage, time in enumerate(stage_times):
        free = 0.0
        for microbatch in range(microbatches):
            arrived = starts[stage - 1, microbatch] + stage_times[stage - 1] if stage else 0.0
            starts[stage, microbatch] = max(free, arrived)
            free = starts[stage, microbatch] + time
    return starts


def idle_share(stage_times: Sequence[float], starts: np.ndarray) -> float:
    """Share of all stages' time, from the first start to the last end, in which they wait."""
    times = np.asarray(stage_times, dtype=float)
    span = float((starts + times[:, None]).max() - starts.min())
    return 1 - float(times.sum()) * starts.shape[1] / (len(times) * span) if span else 0.0


def clocks(stages: int, microbatches: int) -> int:
    """Clock cycles of a forward pass through equal stages: M + S - 1 (torchgpipe's schedule)."""
    return round(float(schedule([1.0] * stages, microbatches)[-1, -1])) + 1

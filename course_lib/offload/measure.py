"""Repeats of a real step, in turn and overlapped by turns, so that a machine's drift favors neither."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from course_lib.arguments import COUNT, NOT_NEGATIVE, NUMBER, POSITIVE, a, each, takes
from course_lib.offload.layers import OffloadedStep
from course_lib.offload.pipeline import Schedule, saved_share, schedule


def _step(name: str, value: object) -> None:
    """Something that runs and has a link, as an OffloadedStep."""
    if not (hasattr(value, "run") and hasattr(value, "link")):
        raise TypeError(f"{name} must be an OffloadedStep, not {type(value).__name__}")


@dataclass(frozen=True)
class Repeats:
    """The same step, as often in turn (one buffer) as overlapped through `buffers` buffers."""

    in_turn: list[Schedule]
    overlapped: list[Schedule]
    buffers: int

    @property
    def seconds(self) -> tuple[float, float]:
        """Medians of the step in turn and overlapped."""
        return tuple(
            float(np.median([run.seconds for run in runs])) for runs in (self.in_turn, self.overlapped)
        )

    @property
    def bound(self) -> float:
        """Median of what the schedule allows at best for the durations measured in turn."""
        return float(np.median([schedule(*run.durations, self.buffers).seconds for run in self.in_turn]))

    @property
    def saved(self) -> float:
        """Share saved of what overlap can save: (serial - measured) / (serial - bound), of the medians."""
        return saved_share(*self.seconds, self.bound)

    @property
    def disturbed(self) -> bool:
        """Whether more seems to be saved than can be: then other programs held up the runs in turn."""
        return self.saved > 1 + 1e-9

    @property
    def ratio(self) -> float:
        """A layer's copy over its computing, medians of what was measured in turn."""
        copy, compute = _medians(self.in_turn)
        return copy / compute

    @property
    def typical(self) -> tuple[Schedule, Schedule]:
        """The run in turn and the overlapped run nearest to their medians."""
        return tuple(
            min(runs, key=lambda run, middle=middle: abs(run.seconds - middle))
            for runs, middle in zip((self.in_turn, self.overlapped), self.seconds, strict=True)
        )


@takes(step=_step, times=COUNT, buffers=COUNT)
def repeat(step: OffloadedStep, times: int = 7, buffers: int = 2) -> Repeats:
    """Measure a step `times` times each way, after one run of each that does not count.

    Raises ValueError for no times or buffers.
    """
    step.run(1), step.run(buffers)
    runs = [(step.run(1), step.run(buffers)) for _ in range(times)]
    return Repeats(*map(list, zip(*runs, strict=True)), buffers)


@takes(step=_step, enough=NUMBER, most=COUNT, times=COUNT)
def batches(step: OffloadedStep, enough: float, most: int = 8, times: int = 5) -> list[Repeats]:
    """Pace the step's link and repeat, until a batch has saved the share `enough` or there are `most`.

    Other programs mostly make overlap look worse: a thread that always computes is moved aside for them, one
    that has just slept, as in turn it does, is not. A batch that is `disturbed` is not enough. All are
    returned; `fairest` chooses. Raises ValueError for no batches or times.
    """
    done: list[Repeats] = []
    while len(done) < most and not any(batch.saved >= enough and not batch.disturbed for batch in done):
        pace(step)
        done.append(repeat(step, times))
    return done


@takes(done=each(a(Repeats), empty=False))
def fairest(done: Sequence[Repeats]) -> Repeats:
    """Of the batches that are not disturbed, the one that saved most; if all are, the one that saved least.

    Raises ValueError for no batches.
    """
    fair = [batch for batch in done if not batch.disturbed]
    by_share = attrgetter("saved")
    return max(fair, key=by_share) if fair else min(done, key=by_share)


@takes(step=_step, ratio=POSITIVE, within=NOT_NEGATIVE, most=COUNT, times=COUNT)
def at_ratio(
    step: OffloadedStep, ratio: float, within: float = 0.15, most: int = 6, times: int = 3
) -> Repeats:
    """Pace the step's link and repeat, at most `most` times, until copy over computing is `ratio`.

    Computing gets slower when another program comes after the pacing, and when it takes turns with a copy
    that sleeps: so the link is paced again for what the last batch computed. Of all batches the one nearest
    to `ratio` is returned; on a GPU, whose link has a rate of its own, the first.
    Raises ValueError for a ratio that is not above 0, and no batches or times.
    """
    pace(step, ratio)
    done = [repeat(step, times)]
    off = [abs(done[0].ratio / ratio - 1)]
    while step.device != "cuda" and len(done) < most and min(off) > within:
        step.link.rate *= done[-1].ratio / ratio
        done.append(repeat(step, times))
        off.append(abs(done[-1].ratio / ratio - 1))
    return done[off.index(min(off))]


@takes(step=_step, ratio=POSITIVE, times=COUNT)
def pace(step: OffloadedStep, ratio: float = 1.0, times: int = 3) -> float:
    """Set the rate of the step's link so that a layer's copy takes `ratio` times its computing; the rate.

    On a GPU the link has a rate of its own, which is measured and left as it is. Raises ValueError for a
    ratio that is not above 0, and no times.
    """
    step.link.rate = None
    step.run(1)
    copy, compute = _medians([step.run(1) for _ in range(times)])
    if step.device == "cuda":
        return step.layer_bytes / copy
    step.link.rate = step.layer_bytes / (ratio * compute)
    return step.link.rate


def _medians(runs: list[Schedule]) -> tuple[float, float]:
    """Median seconds of a layer's copy and of its computing, over all layers of `runs`."""
    return tuple(float(np.median([run.durations[side] for run in runs])) for side in (0, 1))

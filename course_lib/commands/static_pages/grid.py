"""Which values of its controls a demo is exported at, where all of them together would be too many."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

STATES = 600  # of one figure and its controls, unless MORE says how many
# One bar of six parts a state; with fewer, nine controls would have little more than their ends.
MORE = {"training_memory": 6000}
TRAININGS = 24  # settings of a demo that trains a network for each of them, a second or more


@dataclass(frozen=True)
class Axis:
    """One control: its name, how many values it has, which one it starts at, whether some may be left out."""

    name: str
    count: int
    start: int
    ordered: bool = True


def kept(count: int, stride: int, start: int) -> list[int]:
    """Every `stride`-th of `count` values, both ends, and the one that the control starts at."""
    return sorted({*range(0, count, stride), count - 1, min(start, count - 1)})


def strides(axes: Sequence[Axis], most: int) -> list[int]:
    """How far apart the values of each control are taken, so that at most `most` states remain.

    The control with the most values is thinned first, and one whose values have no order never. Ends and
    start always stay: where these alone are more than `most`, so many states remain.
    """
    chosen = [1] * len(axes)

    def left(i: int) -> int:
        return len(kept(axes[i].count, chosen[i], axes[i].start))

    while math.prod(left(i) for i in range(len(axes))) > most:
        able = [i for i, axis in enumerate(axes) if axis.ordered and chosen[i] < axis.count - 1]
        if not able:
            break
        chosen[max(able, key=left)] += 1
    return chosen


def said(axis: Axis, stride: int) -> str:
    """What of a control is left out, as a line for its page; empty where nothing is."""
    remaining = len(kept(axis.count, stride, axis.start))
    return "" if remaining == axis.count else f"{axis.name}: {remaining} of {axis.count} values"

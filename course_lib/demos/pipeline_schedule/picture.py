"""The numbers of lab 5's first demo: a pipeline that is played, and the microbatches that its stages keep."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from course_lib.distributed import schedules, simulation

KINDS = {"GPipe": "gpipe", "1F1B": "1f1b"}
STAGES, MICROBATCHES = 8, 16  # at most
FORWARD, BACKWARD = 1.0, 2.0  # a backward pass is two products for each one of a forward pass
SLOWER = 2.0  # times as long as the others takes a slow stage
NONE = -1  # the stage that is slow, where none is
MESSAGES = (0, 0.25, 0.5, 1, 2)
Spell = tuple[str, int, float, float]  # "F" or "B", microbatch, start and end


@dataclass(frozen=True)
class Setting:
    """Stages, microbatches, a name of KINDS, time of a message, and the stage that is slow, or NONE.

    Times are in forward passes of a stage that is not slow.
    """

    stages: int = 4
    microbatches: int = 8
    kind: str = "GPipe"
    message: float = 0
    slow: int = NONE

    @property
    def other(self) -> "Setting":
        """The same pipeline with the other schedule."""
        (kind,) = KINDS.keys() - {self.kind}
        return replace(self, kind=kind)

    @property
    def bubble(self) -> float:
        """Idle share of equal stages and messages that take no time: (S - 1) / (M + S - 1).

        Huang et al. 2019, section 2.3.
        """
        return (self.stages - 1) / (self.microbatches + self.stages - 1)


@dataclass(frozen=True)
class Played:
    """What came of a setting: spells of each stage in order, idle share, most kept by each stage, the end."""

    spells: list[list[Spell]]
    idle: float
    kept: list[int]
    end: float


@functools.lru_cache(maxsize=4)  # one setting is asked for several times while it is drawn
def play(setting: Setting) -> Played:
    """Each operation of a setting, as early as it can be."""
    slower = [SLOWER if stage == setting.slow else 1.0 for stage in range(setting.stages)]
    seconds = {"F": [FORWARD * times for times in slower], "B": [BACKWARD * times for times in slower]}
    orders = schedules.schedule(setting.stages, setting.microbatches, KINDS[setting.kind])
    found = simulation.simulate(orders, seconds["F"], seconds["B"], setting.message)
    spells = [
        [
            (kind, m, start, start + seconds[kind][stage])
            for (kind, m), start in zip(order, starts, strict=True)
        ]
        for stage, (order, starts) in enumerate(zip(orders, found.starts, strict=True))
    ]
    return Played(spells, found.idle, found.kept, max(stage[-1][3] for stage in spells))


def kept_over_time(spells: Sequence[Spell]) -> list[tuple[float, int]]:
    """From which time on a stage keeps how many microbatches: from the start of F to the end of B."""
    changes = sorted((start, 1) if kind == "F" else (end, -1) for kind, _, start, end in spells)
    kept, found = 0, []
    for time, change in changes:
        kept += change
        found.append((time, kept))
    return found

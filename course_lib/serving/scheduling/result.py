"""What became of every request in a cluster, and where."""

from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import NamedTuple

from course_lib.serving.result import Result
from course_lib.serving.scheduling.cluster import Place


class Spell(NamedTuple):
    """A request's time at a place, from joining a step to its end, or to when it was sent back."""

    request: int
    place: str
    start: float
    end: float


@dataclass(frozen=True)
class ClusterResult(Result):
    """A Result of a cluster: `busy` is the mean over its GPUs.

    spells: who was where and when; peaks: most tokens reserved at once at each place; recomputed: tokens
    computed again after requests were sent back; decisions and slowest_decision (seconds): how often the
    scheduler was asked, and its longest answer.
    """

    places: dict[str, Place] = field(default_factory=dict)
    spells: tuple[Spell, ...] = ()
    peaks: dict[str, int] = field(default_factory=dict)
    exclusive: bool = False
    recomputed: int = 0
    decisions: int = 0
    slowest_decision: float = 0.0

    @property
    def place(self) -> list[str]:
        """Where each request ended; "" for one that never did."""
        names = [""] * len(self)
        for spell in self.spells:
            names[spell.request] = spell.place
        return names

    def gpu_busy(self) -> dict[str, float]:
        """Seconds in which somebody was served on each GPU."""
        spans: dict[str, list[tuple[float, float]]] = {}
        for spell in self.spells:
            for gpu in self.places[spell.place].gpus:
                spans.setdefault(gpu, []).append((spell.start, spell.end))
        gpus = dict.fromkeys(gpu for place in self.places.values() for gpu in place.gpus)
        return {gpu: _covered(spans.get(gpu, [])) for gpu in gpus}

    def gpu_rows(self) -> list[tuple[str, float, float, int]]:
        """(GPU, start, end, request) of every spell, a row for each GPU that it took: a Gantt chart."""
        return [
            (gpu, spell.start, spell.end, spell.request)
            for spell in self.spells
            for gpu in self.places[spell.place].gpus
        ]

    def check(self) -> None:
        """Raise ValueError, naming it, when an invariant of a run is broken.

        Those of every Result; a request is at one place at a time; what runs at a place fits it, alone where
        places are exclusive; places that share a GPU do not run together.
        """
        super().check()
        by_request: dict[int, list[Spell]] = {}
        by_place: dict[str, list[Spell]] = {}
        for spell in self.spells:
            by_request.setdefault(spell.request, []).append(spell)
            by_place.setdefault(spell.place, []).append(spell)
        for request, spells in by_request.items():
            ordered = sorted(spells, key=lambda spell: spell.start)
            if any(a.end > b.start for a, b in pairwise(ordered)):
                raise ValueError(f"request {request} is at two places at once")
        for name, spells in by_place.items():
            if self.exclusive and (together := _most_together(spells)) > 1:
                raise ValueError(f"{name} serves {together} requests at once, not one")
            if (held := self.peaks[name]) > self.places[name].room:
                raise ValueError(f"{name} holds {held:,} tokens, {self.places[name].room:,} fit")
        for name, place in self.places.items():
            for other in self.places.values():
                if name < other.name and set(place.gpus) & set(other.gpus):
                    _apart(by_place.get(name, []), by_place.get(other.name, []))


def _covered(spans: list[tuple[float, float]]) -> float:
    covered, reached = 0.0, 0.0
    for start, end in sorted(spans):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered


def _most_together(spells: list[Spell]) -> int:
    changes = sorted(change for spell in spells for change in ((spell.end, -1), (spell.start, 1)))
    return max(accumulate(by for _, by in changes))


def _apart(some: list[Spell], others: list[Spell]) -> None:
    for a in some:
        for b in others:
            if a.start < b.end and b.start < a.end:
                raise ValueError(
                    f"requests {a.request} and {b.request} have a GPU at once, at {a.place} and {b.place}"
                )

"""Who has which place from when to when, planned ahead."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping

from course_lib.serving.scheduling.cluster import Place


class Timeline:
    """Planned stays at the places of a cluster: one at a time each (`exclusive`), or while tokens fit.

    Kept for each place are the moments at which its tokens in use change, and how many are in use from each
    on: to find a start is one walk along them.
    """

    def __init__(self, places: Mapping[str, Place], exclusive: bool):
        self.rooms = {name: place.room for name, place in places.items()}
        self.exclusive = exclusive
        self.rivals = {
            name: [other for other in places if other != name and set(places[other].gpus) & set(place.gpus)]
            for name, place in places.items()
        }
        self.moments: dict[str, list[float]] = {name: [-math.inf] for name in places}
        self.used: dict[str, list[int]] = {name: [0] for name in places}

    def copy(self) -> "Timeline":
        """The same stays; what is put into the one is not in the other."""
        other = object.__new__(Timeline)
        other.rooms, other.exclusive, other.rivals = self.rooms, self.exclusive, self.rivals
        other.moments = {name: moments.copy() for name, moments in self.moments.items()}
        other.used = {name: used.copy() for name, used in self.used.items()}
        return other

    def put(self, name: str, start: float, end: float, tokens: int) -> None:
        """Somebody has the place, or `tokens` of it, in [start, end)."""
        if end <= start:
            return
        moments, used = self.moments[name], self.used[name]
        first = _cut(moments, used, start)
        for at in range(first, _cut(moments, used, end)):
            used[at] += tokens

    def earliest(self, name: str, release: float, duration: float, tokens: int) -> float:
        """The first start from `release` on at which `tokens` find room for all of `duration`.

        Raises ValueError for more tokens than the place has room for.
        """
        if tokens > self.rooms[name]:
            raise ValueError(f"{name} never has room for {tokens:,} tokens")
        most = 0 if self.exclusive else self.rooms[name] - tokens
        if not self.rivals[name]:
            return _first_gap(self.moments[name], self.used[name], most, release, duration)
        lines = [(self.moments[name], self.used[name], most)]
        lines += [(self.moments[rival], self.used[rival], 0) for rival in self.rivals[name]]
        start, settled, turn = release, 0, 0
        while settled < len(lines):
            moments, used, most = lines[turn]
            free = _first_gap(moments, used, most, start, duration)
            settled = settled + 1 if free == start else 1
            start, turn = free, (turn + 1) % len(lines)
        return start


def _cut(moments: list[float], used: list[int], moment: float) -> int:
    """The index of `moment` among the moments, where it is put if it was not there."""
    at = bisect_left(moments, moment)
    if at == len(moments) or moments[at] != moment:
        moments.insert(at, moment)
        used.insert(at, used[at - 1])
    return at


def _first_gap(moments: list[float], used: list[int], most: int, start: float, duration: float) -> float:
    """The first moment from `start` on from which at most `most` tokens are in use for `duration`."""
    at, last = bisect_right(moments, start) - 1, len(moments) - 1
    while True:
        if used[at] > most:  # never after the last moment, when nothing is in use
            at += 1
            start = moments[at]
            continue
        end, ahead = start + duration, at + 1
        while ahead <= last and moments[ahead] < end and used[ahead] <= most:
            ahead += 1
        if ahead > last or moments[ahead] >= end:
            return start
        at = ahead

"""The first in a line that is small enough, found without looking at all the others."""

import math
from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence

ANY = 2**62  # more tokens than any request looks for


class FirstFit:
    """Sizes by position in a line; `first(most)` is the first position whose size is at most `most`.

    A tree of minima: to find, to put and to take away takes as many looks as the line's length has binary
    digits.
    """

    def __init__(self):
        self.width = 1
        self.least = [math.inf, math.inf]

    def put(self, position: int, size: float) -> None:
        """Somebody of that size stands at `position`; infinite: nobody does."""
        while position >= self.width:
            self._widen()
        least, at = self.least, self.width + position
        least[at] = size
        at >>= 1
        while at:
            smaller = min(least[2 * at], least[2 * at + 1])
            if least[at] == smaller:
                return
            least[at] = smaller
            at >>= 1

    def first(self, most: float) -> int:
        """The first position of somebody whose size is at most `most`, a finite number; -1: there is none."""
        least, at = self.least, 1
        if least[1] > most:
            return -1
        while at < self.width:
            at *= 2
            if least[at] > most:
                at += 1
        return at - self.width

    def _widen(self) -> None:
        sizes = self.least[self.width :]
        self.width *= 2
        self.least = [math.inf] * self.width + sizes + [math.inf] * len(sizes)
        for at in range(self.width - 1, 0, -1):
            self.least[at] = min(self.least[2 * at], self.least[2 * at + 1])


class Line:
    """Requests that wait, in the order of their positions, apart by the places that are large enough.

    rooms: of all places, each once, rising. A request looks for its size and `extra` tokens, at most for the
    largest room, and belongs to the first room that holds them.
    """

    def __init__(self, rooms: Sequence[int]):
        self.rooms, self.extra = rooms, 0
        self.parts = [FirstFit() for _ in rooms]
        self.count = [0] * len(rooms)
        self.who: dict[int, tuple[int, int, int]] = {}  # position -> request, its size and part
        self.order: list[int] = []  # their positions, sorted
        self.sizes: list[tuple[int, int]] = []  # and position, sorted

    def add(self, position: int, request: int, size: int) -> None:
        """A request waits at a position that nobody else has."""
        insort(self.order, position)
        insort(self.sizes, (size, position))
        self._put(position, request, size)

    def remove(self, position: int) -> None:
        """A request that stands there waits no more."""
        size = self._take(position)[1]
        del self.order[bisect_left(self.order, position)]
        del self.sizes[bisect_left(self.sizes, (size, position))]

    def look_for(self, extra: int) -> None:
        """From now on everybody looks for so many tokens more than its size."""
        if extra == self.extra:
            return
        before, self.extra = self.extra, extra
        for room in self.rooms[:-1]:
            low, high = sorted((room - before, room - extra))
            moved = self.sizes[bisect_left(self.sizes, (low + 1,)) : bisect_left(self.sizes, (high + 1,))]
            for _, position in moved:
                request, size, _ = self._take(position)
                self._put(position, request, size)

    def foremost(self, count: int) -> list[int]:
        """The first `count` requests of the line."""
        return [self.who[position][0] for position in self.order[:count]]

    def _put(self, position: int, request: int, size: int) -> None:
        tokens, last = size + self.extra, len(self.rooms) - 1
        part = next((part for part, room in enumerate(self.rooms) if tokens <= room), last)
        self.who[position] = request, size, part
        self.parts[part].put(position, size)
        self.count[part] += 1

    def _take(self, position: int) -> tuple[int, int, int]:
        request, size, part = self.who.pop(position)
        self.parts[part].put(position, math.inf)
        self.count[part] -= 1
        return request, size, part

    def place_first(
        self,
        places: Mapping[str, Mapping],
        homes_of: Callable[[int], list[str]],
        held: set[str] | None = None,
        before: float = math.inf,
    ) -> tuple[int, str, int] | None:
        """Request, place and tokens of the first that finds room in one of its homes, or None.

        A request that finds none holds back the GPUs of its best home: they are added to `held`.
        homes_of(tokens) must be the same for all that belong to one room. Only positions below `before` are
        looked at.
        """
        if held is None:  # nobody else looks at what is held: so nothing is done where nobody fits
            smallest = min(part.least[1] for part in self.parts) + self.extra
            if min(smallest, self.rooms[-1]) > max(place["free"] for place in places.values()):
                return None
            held = set()
        firsts = {part: self.parts[part].first(ANY) for part, count in enumerate(self.count) if count}
        heads = {part: position for part, position in firsts.items() if position < before}
        if not heads:
            return None
        parts = list(heads)
        names = {part: homes_of(self.rooms[part]) for part in parts}
        while True:
            found, holds = before, before
            for part in parts:
                most = 0
                for name in names[part]:
                    place = places[name]
                    if place["free"] > most and held.isdisjoint(place["gpus"]):
                        most = place["free"]
                # A request that would fill the largest place alone looks for no more than all of it.
                most = ANY if most >= self.rooms[-1] else most - self.extra
                if most > 0 and (position := self.parts[part].first(most)) >= 0:
                    found = min(found, position)
                if part in heads:
                    holds = min(holds, heads[part])
            if found == holds == before:
                return None
            if found <= holds:
                request, size, part = self.who[found]
                tokens = min(size + self.extra, self.rooms[-1])
                for name in names[part]:
                    if places[name]["free"] >= tokens and held.isdisjoint(places[name]["gpus"]):
                        return request, name, tokens
            part = self.who[holds][2]
            held |= set(places[names[part][0]]["gpus"])
            del heads[part]

"""Requests that wait to be given to a place: by arrival, and in the lines that schedulers ask for."""

from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from course_lib.serving.scheduling.cluster import Place
from course_lib.serving.scheduling.first_fit import Line
from course_lib.serving.scheduling.view import Waiting
from course_lib.serving.trace import Trace


class Queue:
    """Rows by arrival, then by number, whoever came back when.

    lengths: what "shortest" and "longest" go by. A row is made once, and is the same in every view while its
    request waits.
    """

    def __init__(self, trace: Trace, lengths: Sequence[int], places: Sequence[Place]):
        self.rooms = sorted({place.room for place in places})
        self.closed = trace.after is not None  # who comes when is not known beforehand
        self.lengths = lengths
        self.by_id: dict[int, Waiting] = {}
        self.back: dict[int, Waiting] = {}  # of these, who has generated something
        self.ages: list[tuple[float, int]] = []
        self.rows: list[Waiting] = []  # in the order of `ages`
        self.lines: dict[object, tuple[Line, Sequence[int], Callable[[Waiting], int | None]]] = {}
        self.news: list[Waiting] = []  # added since somebody last emptied it

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, request: int) -> bool:
        return request in self.by_id

    def add(self, row: Waiting) -> None:
        """A request comes, or comes back."""
        age = (row["arrived"], row["id"])
        place = bisect_left(self.ages, age)
        self.ages.insert(place, age)
        self.rows.insert(place, row)
        self.by_id[row["id"]] = row
        if row["generated"]:
            self.back[row["id"]] = row
        self.news.append(row)
        for line, positions, size_of in self.lines.values():
            if (size := size_of(row)) is not None:
                line.add(positions[row["id"]], row["id"], size)

    def remove(self, request: int) -> None:
        """A request has been given to a place."""
        row = self.by_id.pop(request)
        self.back.pop(request, None)
        place = bisect_left(self.ages, (row["arrived"], request))
        del self.ages[place], self.rows[place]
        for line, positions, _ in self.lines.values():
            if positions[request] in line.who:
                line.remove(positions[request])

    def returned(self) -> list[Waiting]:
        """Those that were sent back with a part of their answer, by arrival."""
        return sorted((row for row in self.back.values()), key=lambda row: (row["arrived"], row["id"]))

    def line(self, order: str, size_of: Callable[[Waiting], int | None], name: object = None) -> Line | None:
        """The line in the order "arrived", "shortest" or "longest", kept from now on.

        `size_of` a row: the tokens it looks for, or None for one that does not stand in this line; `name`
        tells apart lines whose `size_of` is made again each time. None for a closed trace: when its requests
        come is not known beforehand.
        """
        if self.closed:
            return None
        key = order, name or size_of
        if key not in self.lines:
            positions = self._positions(order)
            line = Line(self.rooms)
            for row in self.rows:
                if (size := size_of(row)) is not None:
                    line.add(positions[row["id"]], row["id"], size)
            self.lines[key] = line, positions, size_of
        return self.lines[key][0]

    def _positions(self, order: str) -> Sequence[int]:
        """Where each request stands, by its number: by arrival the numbers themselves."""
        if order == "arrived":
            return range(len(self.lengths))
        by = np.argsort(np.array(self.lengths) * (1 if order == "shortest" else -1), kind="stable")
        positions = np.empty(len(by), int)
        positions[by] = np.arange(len(by))
        return positions.tolist()

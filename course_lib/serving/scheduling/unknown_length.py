"""Three ways to serve when nobody knows how long an answer will be: reserve, grow, or give it turns.

Each is a scheduler of `engine.simulate_cluster(..., known=False)`: its view holds no true length of
an answer that has not ended (the types in `view` have no such field). Oldest first, small GPUs first.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable

import numpy as np

from course_lib.arguments import COUNT, NUMBER, between, each, takes
from course_lib.notebook.reference import reference
from course_lib.serving.scheduling.first_fit import Line
from course_lib.serving.scheduling.live_view import LiveView
from course_lib.serving.scheduling.schedulers import homes_among
from course_lib.serving.scheduling.view import Running, View, Waiting


class _InTurn:
    """Gives the first request in line a place with room for what the subclass would reserve."""

    live = True  # it keeps no view: see engine.view

    def __call__(self, view: View) -> list:
        if isinstance(view, LiveView) and not view.waiting.closed:
            places = view["places"]
            found = self.first(view, lambda tokens: homes_among(places, tokens))
        else:
            found = self._place(view, self.line(view), set())
        return [list(found)] if found else []

    def _place(self, view: View, rows: Iterable[Waiting], held: set[str]) -> tuple[int, str, int] | None:
        """The first of `rows` that finds room, its place, its reservation. Without room it holds a home."""
        for row in rows:
            tokens = min(self.reservation(view, row), max(place["room"] for place in view["places"].values()))
            names = homes_among(view["places"], tokens)
            for name in names:
                place = view["places"][name]
                if place["free"] >= tokens and not held & set(place["gpus"]):
                    return row["id"], name, tokens
            held |= set(view["places"][names[0]]["gpus"])
        return None

    def first(self, view: LiveView, homes_of: Callable[[int], list[str]]) -> tuple[int, str, int] | None:
        """What `_place` finds in the whole line, without looking at each that waits."""
        raise NotImplementedError

    def line(self, view: View) -> list[Waiting]:
        """Those that may be served, in order."""
        return list(view["queue"])

    def reservation(self, view: View, row: Waiting) -> int:
        """Tokens of room to begin with, at least those of the next step."""
        raise NotImplementedError

    def outgrown(self, view: View, request: Running) -> tuple[int, list[int]]:
        """More tokens for a request whose room is full, and who must go for it."""
        raise NotImplementedError


class QuantileReservation(_InTurn):
    """Reserve for the answer what a share `quantile` of those seen so far needed; `first` before any was.

    Of a request that is sent back, among those that were longer still. An answer that outgrows it gets as
    much again if that is free, and goes back to the queue if not. quantile 1: as long as the longest so far.
    Raises ValueError for a quantile outside 0 to 1, and a first or window below 1.
    """

    @takes(quantile=NUMBER, first=NUMBER, window=between(1, 10**6))
    def __init__(self, quantile: float, first: int = 1000, window: int = 500):
        if not 0 < quantile <= 1:
            raise ValueError(f"quantile must be above 0 and at most 1, not {quantile}")
        if first < 1:
            raise ValueError(f"first must be at least 1, not {first}")
        COUNT("first", first)
        self.quantile, self.begin, self.window = quantile, first, window
        self.seen, self.answer = None, 0  # what a new request reserves, after so many have ended

    def reservation(self, view: View, row: Waiting) -> int:
        return row["input"] + self._answer(view, row["generated"])

    @reference("Q11.5", guard=False)
    def _answer(self, view: View, generated: int) -> int:
        """Tokens to reserve for an answer of which so many are there."""
        recent = view["finished"][-self.window :]
        longer = sorted(ended["output"] for ended in recent if ended["output"] > generated)
        if longer:
            answer = longer[math.ceil((len(longer) - 1) * self.quantile)]
        else:
            answer = max(self.begin, 2 * generated)
        return max(answer, generated + 1)

    def first(self, view: LiveView, homes_of: Callable[[int], list[str]]) -> tuple[int, str, int] | None:
        waiting, places, ended = view.waiting, view["places"], len(view["finished"])
        if (waiting, ended) != self.seen:
            self.seen, self.answer = (waiting, ended), self._answer(view, 0)
        fresh = waiting.line("arrived", _input_of_fresh)
        fresh.look_for(self.answer)
        held: set[str] = set()
        for row in waiting.returned():  # few: each has its own reservation
            found = fresh.place_first(places, homes_of, held, before=row["id"])
            if found := found or self._place(view, [row], held):
                return found
        return fresh.place_first(places, homes_of, held)

    def outgrown(self, view: View, request: Running) -> tuple[int, list[int]]:
        more = max(1, request["generated"])
        return (more, []) if view["places"][request["place"]]["free"] >= more else (0, [])


class GrowAndPreempt(_InTurn):
    """Reserve a block beyond what a request has, and another when that is full.

    When no block is left, the newest on that place goes back to the queue. Kwon et al. 2023 (PagedAttention),
    recomputation. Raises ValueError for a block below 1.
    """

    @takes(block=COUNT)
    def __init__(self, block: int = 16):
        self.block = block

    def reservation(self, view: View, row: Waiting) -> int:
        return row["input"] + row["generated"] + self.block

    def first(self, view: LiveView, homes_of: Callable[[int], list[str]]) -> tuple[int, str, int] | None:
        line = view.waiting.line("arrived", held_tokens)
        line.look_for(self.block)
        return line.place_first(view["places"], homes_of)

    @reference("Q11.5", guard=False)
    def outgrown(self, view: View, request: Running) -> tuple[int, list[int]]:
        """Another block; when none is left, the newest go back for it, up to the request itself."""
        place = view["places"][request["place"]]
        if place["free"] > 0:
            return min(self.block, place["free"]), []
        if isinstance(view, LiveView):
            mates = view.running_at(request["place"])
        else:
            mates = [row for row in view["running"] if row["place"] == request["place"]]
        newest_first = sorted(mates, key=lambda row: (row["since"], row["id"]), reverse=True)
        free, evicted = place["room"] - sum(row["reserved"] for row in mates), []
        for row in newest_first:
            if free > 0 or row["id"] == request["id"]:
                break
            free += row["reserved"]
            evicted.append(row["id"])
        return (min(self.block, free), evicted) if free > 0 else (0, [])


class Feedback(_InTurn):
    """Turns of growing length: a request that outlives one goes to the end of the next level's line.

    Unless nobody waits. Short answers overtake long ones without anybody knowing which they are.

    turns: tokens of each level; the last level's are repeated. Corbató et al. 1962; for language models Wu et
    al. 2023 (FastServe). Raises ValueError for no turns and one below 1.
    """

    def __init__(self, turns: tuple[int, ...] = (64, 256, 1024)):
        each(NUMBER)("turns", turns)
        if not turns or min(turns) < 1:
            raise ValueError(f"turns must be at least 1 token each, not {turns}")
        each(COUNT)("turns", turns)
        self.ends = np.cumsum(turns).tolist()
        self.last = turns[-1]
        self.lines: list[deque[int]] = [deque() for _ in range(len(turns) + 1)]
        self.queue, self.sorted, self.came = None, [], 0  # the same lines as `Line`, and positions given out

    def level(self, generated: int) -> int:
        """The level at which an answer of so many tokens goes on."""
        return next((level for level, end in enumerate(self.ends) if generated < end), len(self.ends))

    def turn(self, generated: int) -> int:
        """Tokens left of the turn."""
        level = self.level(generated)
        return self.ends[level] - generated if level < len(self.ends) else self.last

    def line(self, view: View) -> list[Waiting]:
        rows = {row["id"]: row for row in view["queue"]}
        known = {request for line in self.lines for request in line}
        for request, row in rows.items():
            if request not in known:
                self.lines[self.level(row["generated"])].append(request)
        self.lines = [deque(request for request in line if request in rows) for line in self.lines]
        return [rows[request] for line in self.lines for request in line]

    def reservation(self, view: View, row: Waiting) -> int:
        return row["input"] + row["generated"] + self.turn(row["generated"])

    def first(self, view: LiveView, homes_of: Callable[[int], list[str]]) -> tuple[int, str, int] | None:
        waiting = view.waiting
        if waiting is not self.queue:
            self.queue, self.sorted = waiting, [Line(waiting.rooms) for _ in self.lines]
        for row in sorted(waiting.news, key=lambda row: (row["arrived"], row["id"])):
            line = self.sorted[self.level(row["generated"])]
            line.add(self.came, row["id"], self.reservation(view, row))
            self.came += 1
        waiting.news.clear()
        held: set[str] = set()
        for line in self.sorted:
            if found := line.place_first(view["places"], homes_of, held):
                line.remove(next(position for position, who in line.who.items() if who[0] == found[0]))
                return found
        return None

    def outgrown(self, view: View, request: Running) -> tuple[int, list[int]]:
        more = self.turn(request["generated"])
        if view["queue"] or view["places"][request["place"]]["free"] < 1:
            return 0, []
        return min(more, view["places"][request["place"]]["free"]), []


def held_tokens(row: Waiting) -> int:
    """Tokens in a request's cache once its prompt, and what it has generated, are computed."""
    return row["input"] + row["generated"]


def _input_of_fresh(row: Waiting) -> int | None:
    return None if row["generated"] else row["input"]

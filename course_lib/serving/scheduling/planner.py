"""Our scheduler: plan who waits, in several orders, keep the best plan, and do what it says for now."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.arguments import INTEGER, NUMBER, between, takes
from course_lib.notebook.reference import reference
from course_lib.seeds import stream
from course_lib.serving.scheduling.cluster import Place
from course_lib.serving.scheduling.live_view import LiveView
from course_lib.serving.scheduling.schedulers import needed
from course_lib.serving.scheduling.timeline import Timeline
from course_lib.serving.scheduling.view import View, Waiting


@dataclass(frozen=True)
class Planned:
    """A plan: its cost, the order and the places left out by which it was made, and who starts where now."""

    cost: float
    order: tuple[int, ...]
    closed: frozenset[str]
    now: list


class Planner:
    """Known lengths: a list scheduler that at every decision tries `tries` orders.

    Each request starts as early as it can. makespan: what the end of the last counts against the mean
    completion, from 0 to 1. exclusive: whether a place serves one at a time. At most `ahead` requests are
    planned, the shortest. The first orders are the last plan's, shortest, longest and largest first; then
    exchanges of two in the best so far. While more than `ahead` wait, every start changes who is planned: the
    last plan's order is kept, and of the requests that must wait only the first has a place kept.

    Raises ValueError for a makespan outside 0 to 1, negative tries, and nobody ahead.
    """

    live = True  # it keeps no view: see engine.view

    @takes(makespan=NUMBER, tries=between(0, 10**6), ahead=between(1, 10**4), seed=INTEGER)
    def __init__(
        self, makespan: float = 0.5, exclusive: bool = False, tries: int = 120, ahead: int = 12, seed: int = 0
    ):
        if not 0 <= makespan <= 1:
            raise ValueError(f"makespan must be from 0 to 1, not {makespan}")
        self.makespan, self.exclusive, self.tries, self.ahead = makespan, exclusive, tries, ahead
        self.random = stream("planner", seed=seed)
        self.last: tuple[int, ...] = ()

    @reference("Q11.4")
    def __call__(self, view: View) -> list:
        """Everybody whom the best plan lets start now."""
        rows = {row["id"]: row for row in self._shortest(view)}
        free = max(place["free"] for place in view["places"].values())
        if all(needed(row) > free for row in rows.values()):
            return []
        draft = _Draft(view, rows, self.makespan, self.exclusive)
        if len(view["queue"]) > len(rows):
            self.last = tuple(self._as_before(rows))
            return draft.starts(self.last)
        ways = self._ways(view)
        first = [draft.plan(order, way) for order in self._first_orders(view, rows) for way in ways]
        best = min(first, key=lambda plan: plan.cost)
        if len(rows) > 1:
            for n in range(self.tries):
                order = list(best.order)
                i, j = self.random.choice(len(order), 2, replace=False)
                order[i], order[j] = order[j], order[i]
                plan = draft.plan(order, ways[n % len(ways)])
                if plan.cost < best.cost:
                    best = plan
        self.last = best.order
        return best.now

    def _shortest(self, view: View) -> list[Waiting]:
        """The `ahead` requests with the shortest answers, among equals those that came first."""
        line = view.waiting.line("shortest", needed) if isinstance(view, LiveView) else None
        if line is None:
            return sorted(view["queue"], key=lambda row: row["output"])[: self.ahead]
        return [view.waiting.by_id[request] for request in line.foremost(self.ahead)]

    def _as_before(self, rows: dict[int, Waiting]) -> list[int]:
        """The last plan's order, and then those that are new, the shortest first."""
        kept = [request for request in self.last if request in rows]
        return kept + [request for request in rows if request not in kept]

    def _first_orders(self, view: View, rows: dict[int, Waiting]) -> list[list[int]]:
        by_length = list(rows)
        largest = max(place["room"] for place in view["places"].values() if len(place["gpus"]) == 1)
        joined_first = sorted(
            by_length, key=lambda request: (needed(rows[request]) <= largest, -rows[request]["output"])
        )
        return [self._as_before(rows), by_length, by_length[::-1], joined_first]

    def _ways(self, view: View) -> list[frozenset[str]]:
        """Places to leave out while others will do: none; or joined GPUs' own places.

        With shared memory, for one copy of the model leaves more room than two.
        """
        joined = [name for name, place in view["places"].items() if len(place["gpus"]) > 1]
        members = frozenset(gpu for name in joined for gpu in view["places"][name]["gpus"])
        return [frozenset()] if self.exclusive or not joined else [frozenset(), members]


class _Draft:
    """What all plans of one decision begin with: who runs until when, and where each request could go."""

    def __init__(self, view: View, rows: dict[int, Waiting], makespan: float, exclusive: bool):
        self.makespan, self.now = makespan, view["time"]
        places = {name: Place(name, tuple(p["gpus"]), p["room"]) for name, p in view["places"].items()}
        self.free = {name: place["free"] for name, place in view["places"].items()}
        self.timeline = Timeline(places, exclusive)
        for row in view["running"]:
            left = (row["output"] - row["generated"]) * view["places"][row["place"]]["step"]
            self.timeline.put(row["place"], row["since"], self.now + left, row["reserved"])
        self.tokens = {request: needed(row) for request, row in rows.items()}
        self.options = {
            request: sorted(
                (self.now + row["output"] * view["places"][name]["step"], place.room, name)
                for name, place in places.items()
                if place.room >= self.tokens[request]
            )
            for request, row in rows.items()
        }

    def plan(self, order: Sequence[int], closed: frozenset[str]) -> Planned:
        """Each request in turn where it ends first, but not at a place that is `closed`."""
        timeline, start_now, total, last = self.timeline.copy(), [], 0.0, 0.0
        for request in order:
            start, end, name = self._put(timeline, request, closed)
            total, last = total + end - self.now, max(last, end - self.now)
            if start == self.now and self.free[name] >= self.tokens[request]:
                start_now.append([request, name])
        cost = (1 - self.makespan) * total / len(order) + self.makespan * last
        return Planned(cost, tuple(order), closed, start_now)

    def starts(self, order: Sequence[int]) -> list:
        """Who starts where now, in that order, when the first that must wait has its place kept.

        For the others that must wait none is kept (EASY backfilling, Lifka 1995).
        """
        timeline, start_now, is_kept = self.timeline.copy(), [], False
        for request in order:
            tokens = self.tokens[request]
            if is_kept and all(self.free[name] < tokens for _, _, name in self.options[request]):
                continue
            start, _, name = self._put(timeline, request, frozenset())
            if start == self.now and self.free[name] >= tokens:
                start_now.append([request, name])
            else:
                is_kept = True
        return start_now

    def _put(self, timeline: Timeline, request: int, closed: frozenset[str]) -> tuple[float, float, str]:
        """Start, end and place of a request, which is put there."""
        tokens, best = self.tokens[request], (math.inf, 0, 0.0, "")
        for soonest, room, name in self.options[request]:
            if name not in closed and (soonest, room) <= best[:2]:
                start = timeline.earliest(name, self.now, soonest - self.now, tokens)
                best = min(best, (start + (soonest - self.now), room, start, name))
        end, _, start, name = best
        timeline.put(name, start, end, tokens)
        return start, end, name

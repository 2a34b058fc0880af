"""Our scheduler: plan who waits, in several orders, keep the best plan, and do what it says for now."""

from dataclasses import dataclass

from course_lib.arguments import INTEGER, NUMBER, between, takes
from course_lib.notebook.reference import reference
from course_lib.seeds import stream
from course_lib.serving.scheduling.cluster import Place
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
    exchanges of two in the best so far. Raises ValueError for a makespan outside 0 to 1, negative tries, and
    nobody ahead.
    """

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
        rows = {row["id"]: row for row in sorted(view["queue"], key=lambda row: row["output"])[: self.ahead]}
        if not any(place["free"] for place in view["places"].values()):
            return []
        ways = self._ways(view)
        first = [
            self._plan(view, rows, order, way) for order in self._first_orders(view, rows) for way in ways
        ]
        best = min(first, key=lambda plan: plan.cost)
        if len(rows) > 1:
            for n in range(self.tries):
                order = list(best.order)
                i, j = self.random.choice(len(order), 2, replace=False)
                order[i], order[j] = order[j], order[i]
                plan = self._plan(view, rows, order, ways[n % len(ways)])
                if plan.cost < best.cost:
                    best = plan
        self.last = best.order
        return best.now

    def _first_orders(self, view: View, rows: dict[int, Waiting]) -> list[list[int]]:
        kept = [request for request in self.last if request in rows]
        by_length = sorted(rows, key=lambda request: rows[request]["output"])
        largest = max(place["room"] for place in view["places"].values() if len(place["gpus"]) == 1)
        joined_first = sorted(
            by_length, key=lambda request: (needed(rows[request]) <= largest, -rows[request]["output"])
        )
        return [
            kept + [request for request in by_length if request not in kept],
            by_length,
            by_length[::-1],
            joined_first,
        ]

    def _ways(self, view: View) -> list[frozenset[str]]:
        """Places to leave out while others will do: none; or joined GPUs' own places.

        With shared memory, for one copy of the model leaves more room than two.
        """
        joined = [name for name, place in view["places"].items() if len(place["gpus"]) > 1]
        members = frozenset(gpu for name in joined for gpu in view["places"][name]["gpus"])
        return [frozenset()] if self.exclusive or not joined else [frozenset(), members]

    def _plan(self, view: View, rows: dict[int, Waiting], order, closed: frozenset[str]) -> Planned:
        places = {name: Place(name, tuple(p["gpus"]), p["room"]) for name, p in view["places"].items()}
        timeline, now = Timeline(places, self.exclusive), view["time"]
        for row in view["running"]:
            left = (row["output"] - row["generated"]) * view["places"][row["place"]]["step"]
            timeline.put(row["place"], row["since"], now + left, row["reserved"])
        start_now, total, last = [], 0.0, 0.0
        for request in order:
            tokens, options = needed(rows[request]), []
            for name, place in places.items():
                if place.room >= tokens and name not in closed:
                    seconds = rows[request]["output"] * view["places"][name]["step"]
                    start = timeline.earliest(name, now, seconds, tokens)
                    options.append((start + seconds, place.room, start, name))
            end, _, start, name = min(options)
            timeline.put(name, start, end, tokens)
            total, last = total + end - now, max(last, end - now)
            if start == now and view["places"][name]["free"] >= tokens:
                start_now.append([request, name])
        return Planned(
            (1 - self.makespan) * total / len(order) + self.makespan * last, tuple(order), closed, start_now
        )

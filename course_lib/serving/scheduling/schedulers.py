"""Schedulers to compare: fixed classes, spilling, shortest and longest first, power of two choices."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from course_lib.arguments import INTEGER, WHOLE, a, takes
from course_lib.notebook.reference import reference
from course_lib.seeds import stream
from course_lib.serving.scheduling.live_view import LiveView
from course_lib.serving.scheduling.view import PlaceView, View, Waiting


def needed(row: Waiting) -> int:
    """Tokens of room a request takes: all of it where its length is known, else what its next step takes."""
    return row["input"] + row.get("output", row["generated"] + 1)


@takes(view=a(Mapping), tokens=WHOLE)
def homes(view: View, tokens: int) -> list[str]:
    """Places large enough for so many tokens: the smallest first, among equals the one with most room left.

    Joined GPUs only where no single one is large enough. Raises ValueError for negative tokens.
    """
    return homes_among(view["places"], tokens)


def homes_among(places: Mapping[str, PlaceView], tokens: int) -> list[str]:
    """As `homes`, for those who ask at every decision."""
    alone, joined = [], []
    for number, (name, place) in enumerate(places.items()):
        if place["room"] >= tokens:
            found = alone if len(place["gpus"]) == 1 else joined
            found.append((place["room"], -place["free"], number, name))
    return [name for *_, name in sorted(alone or joined)]


@reference("Q11.4")
def place_in_order(view: View, rows: Iterable[Waiting], homes_of: Callable[[View, int], list[str]]) -> list:
    """[[request, place]] of the first of `rows` that finds room in one of its homes; [] when none does.

    A request that finds none holds back its best home, so that nobody after it takes that: or two GPUs would
    never be free at once for a request that needs both.
    """
    places = view["places"]
    held: set[str] = set()
    for row in rows:
        tokens = needed(row)
        names = homes_of(view, tokens)
        for name in names:
            if places[name]["free"] >= tokens and not held & set(places[name]["gpus"]):
                return [[row["id"], name]]
        held |= set(places[names[0]]["gpus"])
    return []


def fixed_classes(view: View) -> list:
    """Oldest first; short prompts on the small GPUs only, medium on the larger, large on the joined ones."""

    def own_class(view, tokens):
        places = view["places"]
        names = homes_among(places, tokens)
        return [name for name in names if places[name]["room"] == places[names[0]]["room"]]

    return _place_first(view, "arrived", own_class)


@reference("Q11.4")
def spill(view: View) -> list:
    """Oldest first, on the smallest GPU with room: short prompts spill over when theirs are full."""
    return _place_first(view, "arrived", _all_homes)


@reference("Q11.4")
def shortest_first(view: View) -> list:
    """As `spill`, the shortest answer first; of unknown ones, the shortest prompt."""
    return _place_first(view, "shortest", _all_homes)


@reference("Q11.4")
def longest_first(view: View) -> list:
    """As `spill`, the longest answer first (Graham 1969: makespan within 4/3 on equal machines)."""
    return _place_first(view, "longest", _all_homes)


# They keep no view: see engine.view.
for _scheduler in (fixed_classes, spill, shortest_first, longest_first):
    _scheduler.live = True


def _all_homes(view: View, tokens: int) -> list[str]:
    return homes_among(view["places"], tokens)


def _place_first(view: View, order: str, homes_of: Callable[[View, int], list[str]]) -> list:
    """`place_in_order` of all who wait, without looking at each where the engine keeps them in line."""
    line = view.waiting.line(order, needed) if isinstance(view, LiveView) else None
    if line is not None:
        found = line.place_first(view["places"], lambda tokens: homes_of(view, tokens))
        return [list(found[:2])] if found else []
    rows = view["queue"]
    if order != "arrived":
        rows = sorted(rows, key=_length, reverse=order == "longest")
    return place_in_order(view, rows, homes_of)


def _length(row: Waiting) -> int:
    return row.get("output", row["input"])


class PowerOfTwo:
    """Every request at once to the less loaded of two GPUs that are drawn from those it fits; it waits there.

    Load is the tokens still to generate there ("work"), or those in its memory ("memory"). Mitzenmacher 2001.
    Needs known lengths. Raises ValueError for another load.
    """

    @takes(seed=INTEGER)
    def __init__(self, load: str = "work", seed: int = 0):
        if load not in ("work", "memory"):
            raise ValueError(f"load must be 'work' or 'memory', not {load!r}")
        self.load, self.random = load, stream("power of two", seed=seed)
        self.rows: dict[int, Waiting] = {}
        # Requests sent to each place and their answers' tokens, as far as they still wait there; and the sum.
        self.sent: dict[str, deque[tuple[int, int]]] = {}
        self.ahead: dict[str, int] = {}

    def __call__(self, view: View) -> list:
        """The oldest request's place."""
        row = view["queue"][0]
        self.rows[row["id"]] = row
        names = homes_among(view["places"], needed(row))
        if len(names) > 2:
            names = [names[i] for i in sorted(self.random.choice(len(names), 2, replace=False))]
        name = min(names, key=lambda name: self._at(view, name))
        self.sent.setdefault(name, deque()).append((row["id"], row["output"]))
        self.ahead[name] = self.ahead.get(name, 0) + row["output"]
        return [[row["id"], name]]

    def _at(self, view: View, name: str) -> float:
        gpus = set(view["places"][name]["gpus"])
        total = 0
        for row in view["running"]:
            if gpus & set(view["places"][row["place"]]["gpus"]):
                total += (
                    row["output"] - row["generated"]
                    if self.load == "work"
                    else row["input"] + row["generated"]
                )
        for other, place in view["places"].items():
            if gpus & set(place["gpus"]) and self.load == "work":
                total += self._waiting_for(other, place["waiting"])
        return total

    def _waiting_for(self, name: str, waiting: Sequence[int]) -> int:
        """Tokens of those who wait at a place; they begin in the order in which they were sent."""
        sent = self.sent.setdefault(name, deque())
        while len(sent) > len(waiting):
            self.ahead[name] -= sent.popleft()[1]
        if waiting and (
            not sent or (len(sent), sent[0][0], sent[-1][0]) != (len(waiting), waiting[0], waiting[-1])
        ):
            self.sent[name] = sent = deque((request, self.rows[request]["output"]) for request in waiting)
            self.ahead[name] = sum(tokens for _, tokens in sent)
        return self.ahead.get(name, 0)

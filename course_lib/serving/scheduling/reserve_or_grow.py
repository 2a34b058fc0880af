"""Schedulers made of the two plain functions of question 11 that say how much room an answer gets."""

from collections.abc import Callable, Mapping, Sequence

from course_lib.arguments import COUNT, FINITE, function, takes
from course_lib.serving.scheduling.schedulers import homes_among
from course_lib.serving.scheduling.view import Running, View, Waiting


class _OldestFirst:
    """The oldest request that finds room starts, on the smallest GPU; one that finds none holds a place."""

    def __call__(self, view: View) -> list:
        places, held = view["places"], set()
        largest = max(place["room"] for place in places.values())
        for row in view["queue"]:
            tokens = min(self.reservation(view, row), largest)
            homes = homes_among(places, tokens)
            for name in homes:
                if places[name]["free"] >= tokens and held.isdisjoint(places[name]["gpus"]):
                    return [[row["id"], name, tokens]]
            held |= set(places[homes[0]]["gpus"])
        return []

    def reservation(self, view: View, row: Waiting) -> int:
        """Tokens of room with which a request starts."""
        raise NotImplementedError


class Reserving(_OldestFirst):
    """Room for a whole answer, by `reserve(input_tokens, generated, seen, share)`.

    seen: lengths of the answers that have ended. An answer that outgrows its room goes back to the queue.
    Raises ValueError for a share that is not finite.
    """

    @takes(reserve=function, share=FINITE)
    def __init__(self, reserve: Callable[[int, int, list[int], float], int], share: float):
        self.reserve, self.share = reserve, share
        self.said: dict[tuple[int, int, int], int] = {}  # by input, generated, and how many have ended

    def reservation(self, view: View, row: Waiting) -> int:
        asked = row["input"], row["generated"], len(view["finished"])
        if asked not in self.said:
            seen = [ended["output"] for ended in view["finished"]]
            self.said[asked] = self.reserve(row["input"], row["generated"], seen, self.share)
        return self.said[asked]


class Growing(_OldestFirst):
    """A block of room to begin with, and more by `grow(request, running, room, block)` when that is full.

    running: {"id", "since", "reserved"} of each request on that GPU, the one that asks among them.
    Raises ValueError for a block below 1.
    """

    @takes(grow=function, block=COUNT)
    def __init__(
        self, grow: Callable[[int, Sequence[Mapping], int, int], tuple[int, list[int]]], block: int = 16
    ):
        self.grow, self.block = grow, block

    def reservation(self, view: View, row: Waiting) -> int:
        return row["input"] + row["generated"] + self.block

    def outgrown(self, view: View, request: Running) -> tuple[int, list[int]]:
        mates = [row for row in view["running"] if row["place"] == request["place"]]
        running = [{name: row[name] for name in ("id", "since", "reserved")} for row in mates]
        return self.grow(request["id"], running, view["places"][request["place"]]["room"], self.block)

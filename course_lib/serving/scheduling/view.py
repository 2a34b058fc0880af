"""What a scheduler may know: plain data, and without the true length of an answer unless a run says so."""

from collections.abc import Callable, Sequence
from typing import NotRequired, Protocol, TypedDict


class Waiting(TypedDict):
    """A request in the queue. generated: tokens of its answer, when it was sent back.

    It needs room for `input` + `generated` + 1 tokens at least. What kind of request it is, the application
    tells.
    """

    id: int
    kind: str
    input: int
    generated: int
    arrived: float


class WaitingKnown(Waiting):
    """A request of a run in which lengths are known."""

    output: int


class Running(TypedDict):
    """A request at a place; `reserved` tokens of room are its own. output: in known-length runs only."""

    id: int
    place: str
    kind: str
    input: int
    generated: int
    reserved: int
    since: float
    output: NotRequired[int]


class PlaceView(TypedDict):
    """A place: `free` tokens could be reserved now.

    0 while another place has its GPU, or, one at a time, while it serves. `waiting`: requests already given
    to it that do not fit yet.
    """

    gpus: list[str]
    room: int
    free: int
    waiting: list[int]
    step: float


class Finished(TypedDict):
    """A request that has been answered: its length is no secret any more."""

    kind: str
    input: int
    output: int


class View(TypedDict):
    """The cluster at `time`, seconds: the queue by arrival, the places by name, and what has ended so far."""

    time: float
    queue: Sequence[Waiting]
    places: dict[str, PlaceView]
    running: list[Running]
    finished: Sequence[Finished]


def printed(view: View, rows: int = 2) -> str:
    """A view as text, part by part; of each list the first `rows`."""
    lines = [f"time      {view['time']:g}"]
    for part in ("queue", "running", "finished"):
        lines += [f"{part:9} {row}" for row in view[part][:rows]]
        if (left := len(view[part]) - rows) > 0:
            lines.append(f"{'':9} ... and {left} more")
    return "\n".join(lines + [f"places    {name}: {place}" for name, place in view["places"].items()])


# [request, place], or [request, place, tokens to reserve]; asked again until it returns nothing.
Decision = Sequence
Scheduler = Callable[[View], Sequence[Decision] | None]


class GrowingScheduler(Protocol):
    """A scheduler that is also asked what becomes of a request whose reservation is full."""

    def __call__(self, view: View) -> Sequence[Decision] | None: ...

    def outgrown(self, view: View, request: Running) -> tuple[int, list[int]]:
        """More tokens to reserve for it (0: it goes back to the queue), and requests of its place that go
        back to the queue first, to make room."""
        ...

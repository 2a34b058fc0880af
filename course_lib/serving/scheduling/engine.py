"""A cluster serves a trace: a scheduler says what goes where, places serve in lockstep, memory is held to."""

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import astuple
from heapq import heapify, heappop, heappush

import numpy as np

from course_lib.arguments import NOT_NEGATIVE, TEXT, a, each, function, or_none, takes
from course_lib.serving.arrivals import Arrivals
from course_lib.serving.cost import StepCost
from course_lib.serving.scheduling.cluster import Cluster
from course_lib.serving.scheduling.live_view import LiveView
from course_lib.serving.scheduling.lockstep import Lockstep
from course_lib.serving.scheduling.queue import Queue
from course_lib.serving.scheduling.result import ClusterResult, Spell
from course_lib.serving.scheduling.view import Scheduler, View
from course_lib.serving.trace import Trace

# A busy machine now and then keeps a process waiting for a second; a slow scheduler is slow every time.
FORGIVEN = 2


class TooSlow(ValueError):
    """Decisions took longer than they may."""


@takes(
    trace=a(Trace), scheduler=function, cluster=a(Cluster), cost=a(StepCost), kinds=or_none(each(TEXT)),
    limit=or_none(NOT_NEGATIVE),
)  # fmt: skip
def simulate_cluster(
    trace: Trace,
    scheduler: Scheduler,
    cluster: Cluster,
    cost: StepCost,
    *,
    known: bool = True,
    exclusive: bool = False,
    kinds: Sequence[str] | None = None,
    limit: float | None = None,
) -> ClusterResult:
    """Serve `trace` as `scheduler` decides; `cost` is a step on a GPU of speed 1.

    Requests share a place while their reservations fit, or have it alone (`exclusive`). With `known` lengths
    a reservation is input and output exactly; else the scheduler names it (exclusive: all the room), and who
    outgrows it goes back to the queue with what was generated, to be computed again, unless the scheduler
    finds more room. A request that is given to a place where it does not fit yet waits there, and nobody
    given later to one of these GPUs overtakes it. Nobody moves while it runs; nothing is split over nodes.

    Events at one time: completions, arrivals, decisions; then by number of request. Raises ValueError for a
    decision that cannot be, and for a request that fits no place; TooSlow for the third decision of
    more than `limit` seconds.
    """
    engine = _ClusterEngine(trace, scheduler, cluster, cost, known, exclusive, kinds, limit)
    engine.run()
    return engine.result()


class _ClusterEngine:
    def __init__(self, trace, scheduler, cluster, cost, known, exclusive, kinds, limit):
        self.trace, self.scheduler, self.known, self.exclusive = trace, scheduler, known, exclusive
        self.limit = limit
        self.places = cluster.places
        self.inputs, self.outputs = trace.input_tokens.tolist(), trace.output_tokens.tolist()
        self.kinds = list(kinds) if kinds is not None else [""] * len(trace)
        if len(self.kinds) != len(trace):
            raise ValueError(f"kinds must name one for each of {len(trace)} requests, not {len(self.kinds)}")
        largest = max(place.room for place in self.places.values())
        for request, total in enumerate(trace.input_tokens + trace.output_tokens):
            if total > largest:
                raise ValueError(
                    f"request {request} needs {total:,} tokens; the largest place holds {largest:,}"
                )
        self.served = {
            name: Lockstep(StepCost(*(value / place.speed for value in astuple(cost))))
            for name, place in self.places.items()
        }
        self.rivals = {
            name: [
                other.name
                for other in self.places.values()
                if set(other.gpus) & set(place.gpus) and other != place
            ]
            for name, place in self.places.items()
        }
        self.arrivals = Arrivals(trace)
        self.waiting = Queue(trace, self.outputs if known else self.inputs, list(self.places.values()))
        # Given to a place, not begun: when it was given, request and reservation; the first to come is the
        # first to go.
        self.given: dict[str, deque[tuple[int, int, int]]] = {name: deque() for name in self.places}
        self.gifts = 0
        self.place_rows = {
            name: {
                "gpus": place.gpus, "room": place.room, "waiting": deque(), "free": place.room,
                "step": self.served[name].cost.s0,
            }
            for name, place in self.places.items()
        }  # fmt: skip
        self.moved = True  # whether `free` in them may be out of date
        self.due = dict.fromkeys(self.places, math.inf)  # when a place must be looked at
        self.joining: set[str] = set()
        self.at: dict[int, str] = {}  # running request -> place
        self.reserved: dict[int, int] = {}
        self.used = dict.fromkeys(self.places, 0)
        self.peaks = dict.fromkeys(self.places, 0)
        self.goal: dict[int, int] = {}  # tokens of the answer after which a request stops here
        self.done = dict.fromkeys(range(len(trace)), 0)  # generated before it came to where it is
        self.since: dict[int, float] = {}
        self.started, self.first_token, self.finished = ([math.nan] * len(trace) for _ in range(3))
        self.ended: list[dict] = []
        self.spells: list[Spell] = []
        self.preemptions = self.recomputed = self.decisions = 0
        self.slowest_decision = 0.0
        self.late = 0
        self.now = 0.0
        self.parts = {
            "time": lambda: self.now, "queue": lambda: self.waiting.rows, "places": self._live_places,
            "running": lambda: [self._running(request, name) for request, name in self.at.items()],
            "finished": lambda: self.ended,
        }  # fmt: skip

    def run(self) -> None:
        while True:
            event = min(self.arrivals.upcoming, *self.due.values())
            if event == math.inf:
                return
            self.now = event
            outgrown = []
            for name, due in self.due.items():
                if due == event:
                    outgrown += self._settle(name, self.served[name])
            for request, name in sorted(outgrown):
                self._outgrown(request, name)
            if self.arrivals.upcoming <= event:
                for request in self.arrivals.until(event):
                    self._enqueue(request)
            self._admit()
            self._decide()
            for name in sorted(self.joining):
                if self.served[name].begin(event):
                    self.joining.remove(name)
                self._touched(name)

    def _touched(self, name: str) -> None:
        self.due[name] = self.served[name].next_event()

    def _settle(self, name: str, place: Lockstep) -> list[tuple[int, str]]:
        """Completions at a place; returns those whose reservation is full."""
        fresh, stopped = place.settle(self.now)
        for request in fresh:
            if math.isnan(self.first_token[request]):
                self.first_token[request] = self.now
        outgrown = []
        for request in stopped:
            if self.goal[request] < self.outputs[request]:
                outgrown.append((request, name))
                continue
            self._leave(request)
            self.finished[request] = self.now
            self.ended.append(
                {"kind": self.kinds[request], "input": self.inputs[request], "output": self.outputs[request]}
            )
            self.arrivals.completed(request, self.now)
        self._touched(name)
        return outgrown

    def _outgrown(self, request: int, name: str) -> None:
        """Ask for more room, and send back to the queue who has none."""
        if self.at.get(request) != name:
            return  # sent back a moment ago, to make room for another
        more, evicted = 0, []
        if hasattr(self.scheduler, "outgrown"):
            view = self.view()
            if isinstance(view, LiveView):
                row = self._running(request, name)
            else:
                row = next(row for row in view["running"] if row["id"] == request)
            more, evicted = _checked_growth(self.scheduler.outgrown(view, row))
        for other in evicted:
            if self.at.get(other) != name or other == request:
                raise ValueError(f"request {other} does not run at {name} beside request {request}")
            self._send_back(other)
        if more < 1:
            self._send_back(request)
            return
        if more > (left := self.places[name].room - self.used[name]):
            raise ValueError(f"{name} has {left:,} tokens left, not {more:,}")
        self._reserve(request, name, more)
        generated = self.goal[request]
        self.served[name].stay(request, self._goal(request) - generated)
        self._touched(name)

    def _send_back(self, request: int) -> None:
        self.done[request] = self._generated(request)
        self.preemptions += 1
        self.recomputed += self.inputs[request] + self.done[request]
        self._leave(request)
        self._enqueue(request)

    def _leave(self, request: int) -> None:
        name = self.at.pop(request)
        self.served[name].advance(self.now)
        self.served[name].leave(request)
        self._touched(name)
        self.used[name] -= self.reserved.pop(request)
        self.moved = True
        began = self.since.pop(request)
        if began < self.now:
            self.spells.append(Spell(request, name, began, self.now))

    def _enqueue(self, request: int) -> None:
        row = {
            "id": request, "kind": self.kinds[request], "input": self.inputs[request],
            "generated": self.done[request], "arrived": self.arrivals.time[request],
        }  # fmt: skip
        if self.known:
            row["output"] = self.outputs[request]
        self.waiting.add(row)

    def _decide(self) -> None:
        while self.waiting:
            view, began = self.view(), time.perf_counter()
            decisions = self.scheduler(view)
            seconds = time.perf_counter() - began
            self.decisions += 1
            self.slowest_decision = max(self.slowest_decision, seconds)
            self.late += self.limit is not None and seconds > self.limit
            if self.late > FORGIVEN:
                raise TooSlow(
                    f"{self.late} decisions took more than {self.limit:g} s, the last {seconds:.2g} s"
                )
            if decisions is None:
                return
            if not isinstance(decisions, (list, tuple)):
                raise ValueError(f"decisions must be a list of [request, place], not {str(decisions)[:40]!r}")
            if not decisions:
                return
            for decision in decisions:
                request, name, reserve = self._checked(*_as_decision(decision))
                self.given[name].append((self.gifts, request, reserve))
                self.place_rows[name]["waiting"].append(request)
                self.gifts += 1
                self.waiting.remove(request)
            self.moved = True
            self._admit()

    def _checked(self, request: int, name: str, reserve: int | None = None) -> tuple[int, str, int]:
        if request not in self.waiting:
            raise ValueError(f"request {request!r} does not wait in the queue")
        if name not in self.places:
            raise ValueError(f"there is no place {name!r}; there are {', '.join(self.places)}")
        room, least = self.places[name].room, self.inputs[request] + self.done[request] + 1
        if self.exclusive and not self.known:
            reserve = room
        elif self.known:
            reserve = self.inputs[request] + self.outputs[request]
        elif reserve is None:
            raise ValueError(f"request {request}: its length is unknown, so say how many tokens to reserve")
        if not max(least, reserve) <= room:
            raise ValueError(f"request {request} needs {max(least, reserve):,} tokens; {name} holds {room:,}")
        if reserve < least:
            raise ValueError(f"request {request} holds {least:,} tokens at its next step, not {reserve:,}")
        return request, name, int(reserve)

    def _admit(self) -> None:
        """Let in who has been given to a place and fits, nobody before an earlier one for the same GPU."""
        held: set[str] = set()
        heads = [(line[0], name) for name, line in self.given.items() if line]
        heapify(heads)
        while heads:
            (_, request, reserve), name = heappop(heads)
            gpus = self.places[name].gpus
            if not held.isdisjoint(gpus) or reserve > self._free(name):
                held.update(gpus)
                continue
            line = self.given[name]
            line.popleft()
            self.place_rows[name]["waiting"].popleft()
            if line:
                heappush(heads, (line[0], name))
            self.at[request] = name
            self._reserve(request, name, reserve)
            compute = self.inputs[request] + self.done[request]
            generate = self._goal(request) - self.done[request]
            self.served[name].advance(self.now)
            self.since[request] = self.served[name].join(request, self.now, compute, generate)
            self.joining.add(name)
            self._touched(name)
            if math.isnan(self.started[request]):
                self.started[request] = self.since[request]

    def _reserve(self, request: int, name: str, tokens: int) -> None:
        self.reserved[request] = self.reserved.get(request, 0) + tokens
        self.used[name] += tokens
        self.moved = True
        self.peaks[name] = max(self.peaks[name], self.used[name])

    def _goal(self, request: int) -> int:
        goal = min(self.outputs[request], self.reserved[request] - self.inputs[request])
        self.goal[request] = goal
        return goal

    def _free(self, name: str) -> int:
        """Tokens that could be reserved at a place now."""
        if self.exclusive and self.used[name]:
            return 0
        for rival in self.rivals[name]:
            if self.used[rival]:
                return 0
        return self.places[name].room - self.used[name]

    def _generated(self, request: int) -> int:
        """Tokens of a running request's answer so far."""
        place = self.served[self.at[request]]
        place.advance(self.now)
        return self.goal[request] - place.steps_left(request)

    def view(self) -> View:
        """What a scheduler may know now, as plain data.

        One that says it keeps no view, and changes none (`live`), gets a LiveView, whose parts are made
        when they are looked at.
        """
        if getattr(self.scheduler, "live", False):
            return LiveView(self.parts, self.waiting, self._running_at)
        view = {name: make() for name, make in self.parts.items()}
        places = {
            name: row | {"gpus": list(row["gpus"]), "waiting": list(row["waiting"])}
            for name, row in view["places"].items()
        }
        return view | {"queue": view["queue"].copy(), "places": places, "finished": view["finished"].copy()}

    def _live_places(self) -> dict:
        """What a view says of the places, kept up to date here."""
        if self.moved:
            self.moved = False
            blocked = {gpu for name, line in self.given.items() if line for gpu in self.places[name].gpus}
            for name, row in self.place_rows.items():
                row["free"] = self._free(name) if blocked.isdisjoint(row["gpus"]) else 0
        return self.place_rows

    def _running_at(self, name: str) -> list[dict]:
        return [self._running(request, name) for request, place in self.at.items() if place == name]

    def _running(self, request: int, name: str) -> dict:
        row = {
            "id": request, "place": name, "kind": self.kinds[request], "input": self.inputs[request],
            "generated": self._generated(request), "reserved": self.reserved[request],
            "since": self.since[request],
        }  # fmt: skip
        if self.known:
            row["output"] = self.outputs[request]
        return row

    def result(self) -> ClusterResult:
        moments = (self.arrivals.time, self.started, self.first_token, self.finished)
        columns = [np.array(times) for times in moments]
        unserved = np.isnan(columns[-1])
        for column in columns[1:]:
            column[unserved] = math.nan
        gpus = {gpu for place in self.places.values() for gpu in place.gpus}
        work = sum(lockstep.busy * len(self.places[name].gpus) for name, lockstep in self.served.items())
        return ClusterResult(
            *columns, self.trace.input_tokens, self.trace.output_tokens, work / len(gpus),
            sum(lockstep.steps for lockstep in self.served.values()),
            int(self.trace.output_tokens[~unserved].sum()), preemptions=self.preemptions,
            peak=max(self.peaks.values()), places=self.places, spells=tuple(self.spells), peaks=self.peaks,
            exclusive=self.exclusive, recomputed=self.recomputed, decisions=self.decisions,
            slowest_decision=self.slowest_decision,
        )  # fmt: skip


def _as_decision(decision) -> tuple:
    """A decision's parts. Raises ValueError for what is none."""
    if not isinstance(decision, (list, tuple)) or len(decision) not in (2, 3):
        raise ValueError(
            f"a decision must be [request, place] or [request, place, tokens to reserve], not {decision!r}"
        )
    request, name, *reserve = decision
    if not isinstance(request, (int, np.integer)) or not isinstance(name, str):
        raise ValueError(f"a decision names a request's id and a place, not {decision!r}")
    if reserve and reserve[0] is not None and not isinstance(reserve[0], (int, float, np.number)):
        raise ValueError(f"a decision's third part is a number of tokens to reserve, not {reserve[0]!r}")
    return tuple(decision)


def _checked_growth(answer) -> tuple[int, list[int]]:
    """What `outgrown` says. Raises ValueError for what is none."""
    if not isinstance(answer, (list, tuple)) or len(answer) != 2:
        raise ValueError(
            f"outgrown must return more tokens and a list of requests to send back, not {answer!r}"
        )
    return answer

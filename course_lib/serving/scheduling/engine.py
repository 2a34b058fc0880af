"""A cluster serves a trace: a scheduler says what goes where, places serve in lockstep, memory is held to."""

import math
import time
from collections.abc import Sequence
from dataclasses import astuple

import numpy as np

from course_lib.serving.arrivals import Arrivals
from course_lib.serving.cost import StepCost
from course_lib.serving.scheduling.cluster import Cluster
from course_lib.serving.scheduling.lockstep import Lockstep
from course_lib.serving.scheduling.result import ClusterResult, Spell
from course_lib.serving.scheduling.view import Scheduler, View
from course_lib.serving.trace import Trace

# A busy machine now and then keeps a process waiting for a second; a slow scheduler is slow every time.
FORGIVEN = 2


class TooSlow(ValueError):
    """Decisions took longer than they may."""


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
    finds more room. Who is given to a place where it does not fit yet waits there, and nobody given later to
    one of these GPUs overtakes it. Nobody moves while it runs; nothing is split over nodes.

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
        self.queue: dict[int, dict] = {}  # by arrival
        self.line: list[tuple[int, str, int]] = []  # given to a place, not begun: request, place, reservation
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

    def run(self) -> None:
        while True:
            event = min(self.arrivals.upcoming, *(place.next_event() for place in self.served.values()))
            if event == math.inf:
                return
            self.now = event
            outgrown = []
            for name, place in self.served.items():
                place.advance(event)
                if place.next_event() == event:
                    outgrown += self._settle(name, place)
            for request, name in sorted(outgrown):
                self._outgrown(request, name)
            for request in self.arrivals.until(event):
                self._enqueue(request)
            self._admit()
            self._decide()
            for place in self.served.values():
                place.begin(event)

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
        return outgrown

    def _outgrown(self, request: int, name: str) -> None:
        """Ask for more room, and send back to the queue who has none."""
        if self.at.get(request) != name:
            return  # sent back a moment ago, to make room for another
        more, evicted = 0, []
        if hasattr(self.scheduler, "outgrown"):
            view = self.view()
            row = next(row for row in view["running"] if row["id"] == request)
            more, evicted = self.scheduler.outgrown(view, row)
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

    def _send_back(self, request: int) -> None:
        self.done[request] = self._generated(request)
        self.preemptions += 1
        self.recomputed += self.inputs[request] + self.done[request]
        self._leave(request)
        self._enqueue(request)

    def _leave(self, request: int) -> None:
        name = self.at.pop(request)
        self.served[name].leave(request)
        self.used[name] -= self.reserved.pop(request)
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
        late = self.queue and (row["arrived"], request) < _age(next(reversed(self.queue.values())))
        self.queue[request] = row
        if late:
            self.queue = {row["id"]: row for row in sorted(self.queue.values(), key=_age)}

    def _decide(self) -> None:
        while self.queue:
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
            if not decisions:
                return
            for decision in decisions:
                self.line.append(self._checked(*decision))
                del self.queue[self.line[-1][0]]
            self._admit()

    def _checked(self, request: int, name: str, reserve: int | None = None) -> tuple[int, str, int]:
        if request not in self.queue:
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
        rest = []
        for request, name, reserve in self.line:
            gpus = set(self.places[name].gpus)
            if gpus & held or reserve > self._free(name):
                held |= gpus
                rest.append((request, name, reserve))
                continue
            self.at[request] = name
            self._reserve(request, name, reserve)
            compute = self.inputs[request] + self.done[request]
            generate = self._goal(request) - self.done[request]
            self.since[request] = self.served[name].join(request, self.now, compute, generate)
            if math.isnan(self.started[request]):
                self.started[request] = self.since[request]
        self.line = rest

    def _reserve(self, request: int, name: str, tokens: int) -> None:
        self.reserved[request] = self.reserved.get(request, 0) + tokens
        self.used[name] += tokens
        self.peaks[name] = max(self.peaks[name], self.used[name])

    def _goal(self, request: int) -> int:
        goal = min(self.outputs[request], self.reserved[request] - self.inputs[request])
        self.goal[request] = goal
        return goal

    def _free(self, name: str) -> int:
        """Tokens that could be reserved at a place now."""
        if any(self.used[rival] for rival in self.rivals[name]) or (self.exclusive and self.used[name]):
            return 0
        return self.places[name].room - self.used[name]

    def _generated(self, request: int) -> int:
        """Tokens of a running request's answer so far."""
        return self.goal[request] - self.served[self.at[request]].steps_left(request)

    def view(self) -> View:
        """What a scheduler may know now, as plain data."""
        given: dict[str, list[int]] = {name: [] for name in self.places}
        blocked: set[str] = set()
        for request, name, _ in self.line:
            given[name].append(request)
            blocked |= set(self.places[name].gpus)
        places = {
            name: {
                "gpus": list(place.gpus), "room": place.room, "waiting": given[name],
                "free": 0 if blocked & set(place.gpus) else self._free(name),
                "step": self.served[name].cost.s0,
            }
            for name, place in self.places.items()
        }  # fmt: skip
        running = []
        for request, name in self.at.items():
            row = {
                "id": request, "place": name, "kind": self.kinds[request], "input": self.inputs[request],
                "generated": self._generated(request), "reserved": self.reserved[request],
                "since": self.since[request],
            }  # fmt: skip
            running.append(row | {"output": self.outputs[request]} if self.known else row)
        return {
            "time": self.now, "queue": [dict(row) for row in self.queue.values()], "places": places,
            "running": running, "finished": list(self.ended),
        }  # fmt: skip

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


def _age(row: dict) -> tuple[float, int]:
    return row["arrived"], row["id"]

"""The requests of a trace in the order in which they arrive, those of a closed trace after an answer."""

import math
from heapq import heapify, heappop, heappush

from course_lib.serving.cost import whole_ticks
from course_lib.serving.trace import Trace


class Arrivals:
    """Requests not yet arrived; `time` holds the arrival of each that has one, in whole ticks."""

    def __init__(self, trace: Trace):
        self.delays = [whole_ticks(t) for t in trace.arrival.tolist()]
        self.time: dict[int, float] = {}
        self.pending: list[tuple[float, int]] = []
        self.after: dict[int, list[int]] = {}
        for request, delay in enumerate(self.delays):
            before = -1 if trace.after is None else int(trace.after[request])
            if before < 0:
                self.time[request] = delay
                self.pending.append((delay, request))
            else:
                self.after.setdefault(before, []).append(request)
        heapify(self.pending)

    def next(self) -> float:
        """When the next request arrives, as far as is known; infinite when none is left."""
        return self.pending[0][0] if self.pending else math.inf

    def until(self, now: float) -> list[int]:
        """The requests that have arrived by `now`, in order of time, then of number."""
        arrived = []
        while self.pending and self.pending[0][0] <= now:
            arrived.append(heappop(self.pending)[1])
        return arrived

    def completed(self, request: int, now: float) -> None:
        """An answer has ended at `now`: who waited for it thinks, then asks."""
        for following in self.after.get(request, ()):
            self.time[following] = now + self.delays[following]
            heappush(self.pending, (self.time[following], following))

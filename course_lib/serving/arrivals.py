"""The requests of a trace in the order in which they arrive, those of a closed trace after an answer."""

import math
from bisect import bisect_right
from heapq import heappop, heappush

import numpy as np

from course_lib.serving.cost import TICK
from course_lib.serving.trace import Trace


class Arrivals:
    """Requests not yet arrived.

    `time` holds the arrival of each in whole ticks, NaN where it hangs on an answer that has not ended;
    `upcoming` is when the next one arrives, as far as is known, infinite when none is left.
    """

    def __init__(self, trace: Trace):
        delays = np.rint(trace.arrival / TICK) * TICK
        self.delays = delays.tolist()
        after = np.full(len(trace), -1) if trace.after is None else trace.after
        own = np.flatnonzero(after < 0)
        own = own[np.argsort(delays[own], kind="stable")]
        self.own, self.own_times, self.place = own.tolist(), [*delays[own].tolist(), math.inf], 0
        self.time = np.where(after < 0, delays, math.nan).tolist()
        self.after: dict[int, list[int]] = {}
        for request in np.flatnonzero(after >= 0).tolist():
            self.after.setdefault(int(after[request]), []).append(request)
        self.pending: list[tuple[float, int]] = []  # heap of those whose answer has ended
        self.upcoming = self.own_times[0]

    def until(self, now: float) -> list[int]:
        """The requests that have arrived by `now`, in order of time, then of number."""
        times, place = self.own_times, self.place
        if times[place] <= now:
            place += 1
            if times[place] <= now:  # mostly it is one alone
                place = bisect_right(times, now, place)
        arrived = self.own[self.place : place]
        self.place = place
        if self.pending and self.pending[0][0] <= now:
            while self.pending and self.pending[0][0] <= now:
                arrived.append(heappop(self.pending)[1])
            arrived.sort(key=lambda request: (self.time[request], request))
        self.upcoming = times[place]
        if self.pending:
            self.upcoming = min(self.upcoming, self.pending[0][0])
        return arrived

    def completed(self, request: int, now: float) -> None:
        """An answer has ended at `now`: the user who waited for it thinks, then asks."""
        for following in self.after.get(request, ()):
            self.time[following] = time = now + self.delays[following]
            heappush(self.pending, (time, following))
            self.upcoming = min(self.upcoming, time)

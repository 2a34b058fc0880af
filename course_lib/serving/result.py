"""What became of every request: waits, latencies, how busy the engine was; and pictures of it."""

import json
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from course_lib.arguments import real
from course_lib.notebook.reference import reference


@dataclass(frozen=True)
class Result:
    """Seconds on one clock, one number per request: `queued` when it came, `started` when it was taken,
    `first_token` and `finished`. All NaN from where a request never got (a batch that never filled).

    busy: seconds in which the engine worked; steps: its steps; tokens: generated; padding: computed for
    answers that had ended; peak: most tokens of KV room in use at once.
    """

    queued: np.ndarray
    started: np.ndarray
    first_token: np.ndarray
    finished: np.ndarray
    input_tokens: np.ndarray
    output_tokens: np.ndarray
    busy: float
    steps: int
    tokens: int
    padding: int = 0
    preemptions: int = 0
    peak: int = 0

    def __len__(self) -> int:
        return len(self.queued)

    @property
    def served(self) -> np.ndarray:
        """Which requests ended."""
        return ~np.isnan(self.finished)

    @property
    def wait(self) -> np.ndarray:
        """Seconds from arrival to being taken."""
        return self.started - self.queued

    @property
    def ttft(self) -> np.ndarray:
        """Time to first token, seconds."""
        return self.first_token - self.queued

    @property
    def tpot(self) -> np.ndarray:
        """Time per output token after the first, seconds; NaN for an answer of one token."""
        more = np.where(self.output_tokens > 1, self.output_tokens - 1, np.nan)
        return (self.finished - self.first_token) / more

    @property
    def latency(self) -> np.ndarray:
        """Seconds from arrival to the last token."""
        return self.finished - self.queued

    @property
    def makespan(self) -> float:
        """Seconds from the first arrival until the last answer ended; 0 when none did."""
        if not self.served.any():
            return 0.0
        return float(np.nanmax(self.finished) - np.nanmin(self.queued))

    @property
    def utilization(self) -> float:
        """Share of the makespan in which the engine worked."""
        return self.busy / self.makespan if self.makespan else 0.0

    @property
    def throughput(self) -> float:
        """Tokens generated a second of the makespan."""
        return self.tokens / self.makespan if self.makespan else 0.0

    @reference("Q7.5")
    def percentile(self, what: str, q: float) -> float:
        """The q-th percentile of "wait", "ttft", "tpot" or "latency" over the requests that were served.

        Infinite when a larger share than 100 - q was never served. Raises ValueError for another name and for
        a q outside 0 to 100.
        """
        if what not in ("wait", "ttft", "tpot", "latency"):
            raise ValueError(f"what must be one of wait, ttft, tpot and latency, not {what!r}")
        if not 0 <= real("q", q) <= 100:
            raise ValueError(f"q must be from 0 to 100, not {q}")
        values = np.where(self.served, getattr(self, what), np.inf)
        values = np.sort(values[~np.isnan(values)])
        if not len(values):
            return float("nan")
        # The smallest value that q % of the requests do not exceed: no mean of a finite and an infinite one.
        return float(values[max(0, int(np.ceil(q * len(values) / 100)) - 1)])

    def queue_length(self) -> tuple[np.ndarray, np.ndarray]:
        """Times and number waiting from each on: a step function."""
        return _steps([(self.queued, 1), (self.started, -1)])

    def running(self) -> tuple[np.ndarray, np.ndarray]:
        """Times and number being served from each on."""
        return _steps([(self.started, 1), (self.finished, -1)])

    def rows(self) -> np.ndarray:
        """A row for each request, so that those served at one time lie on different ones; -1: not served."""
        row, free, ends, used = np.full(len(self), -1), [], [], 0
        for request in np.lexsort((np.arange(len(self)), self.started)):
            if not self.served[request]:
                continue
            while ends and ends[0][0] <= self.started[request]:
                heappush(free, heappop(ends)[1])
            if not free:
                heappush(free, used)
                used += 1
            row[request] = heappop(free)
            heappush(ends, (self.finished[request], row[request]))
        return row

    def to_chrome_trace(self) -> str:
        """JSON for chrome://tracing and Perfetto: one slice a wait, a prefill and a decode.

        Trace Event Format, complete events ("ph": "X"), times in microseconds.
        """
        events, rows = [], self.rows()
        for i in np.flatnonzero(self.served):
            parts = (
                ("wait", self.queued[i], self.started[i]),
                ("prefill", self.started[i], self.first_token[i]),
                ("decode", self.first_token[i], self.finished[i]),
            )
            for name, begin, end in parts:
                events.append({
                    "name": f"{name} {i}", "cat": name, "ph": "X", "ts": begin * 1e6,
                    "dur": (end - begin) * 1e6, "pid": 0,
                    # A request that waits overlaps those in its later seat: each waits in a lane of its own.
                    "tid": f"request {i}" if name == "wait" else f"seat {rows[i]}",
                    "args": {"input": int(self.input_tokens[i]), "output": int(self.output_tokens[i])},
                })  # fmt: skip
        return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"})

    def check(self) -> None:
        """Raise ValueError, naming the request, when an invariant of every run is broken.

        Each request is served once or never; it is taken after it came, speaks after it was taken and ends
        after it spoke; as many tokens come out as were asked for; the engine works no longer than the clock
        runs; Little's law: the mean number in the system is the rate times the mean time in it.
        """
        served = self.served
        for earlier, later in (
            ("queued", "started"),
            ("started", "first_token"),
            ("first_token", "finished"),
        ):
            wrong = np.flatnonzero(served & ~(getattr(self, earlier) <= getattr(self, later)))
            if wrong.size:
                i = wrong[0]
                times = (
                    f"{later} at {getattr(self, later)[i]} before {earlier} at {getattr(self, earlier)[i]}"
                )
                raise ValueError(f"request {i}: {times}")
        if (expected := int(self.output_tokens[served].sum())) != self.tokens:
            raise ValueError(f"{self.tokens} tokens came out where {expected} were asked for")
        if self.busy > self.makespan * (1 + 1e-12):
            raise ValueError(f"the engine worked {self.busy} s of {self.makespan} s")
        if served.all() and len(self):
            times, count = _steps([(self.queued, 1), (self.finished, -1)])
            area = float(np.sum(count[:-1] * np.diff(times)))
            if not np.isclose(area, self.latency.sum(), rtol=1e-9, atol=1e-12):
                raise ValueError(
                    f"Little's law: {area} request-seconds in the system, {self.latency.sum()} in latencies"
                )


def _steps(changes: list[tuple[np.ndarray, int]]) -> tuple[np.ndarray, np.ndarray]:
    times = np.concatenate([at[~np.isnan(at)] for at, _ in changes])
    by = np.concatenate([np.full((~np.isnan(at)).sum(), change) for at, change in changes])
    moments, place = np.unique(times, return_inverse=True)
    return moments, np.cumsum(np.bincount(place, by, len(moments))).astype(int)

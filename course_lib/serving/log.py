"""A log of served requests, from any engine: when each came, spoke first and ended; a step's cost from it.

A CSV file with a header, or one JSON object a line, with these five fields; further ones are ignored. Times
are seconds on one clock:

    queued,first_token,last_token,input_tokens,output_tokens
    0.000,0.041,1.380,512,64
"""

import csv
import io
import json
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from course_lib.serving.cost import StepCost
from course_lib.serving.policy import Continuous, Policy
from course_lib.serving.replay import Replay
from course_lib.serving.result import Result
from course_lib.serving.simulate import simulate
from course_lib.serving.trace import Trace


@dataclass(frozen=True)
class RequestLog:
    """Seconds and tokens of each request, all of shape (n,). Raises ValueError that names the request."""

    queued: np.ndarray
    first_token: np.ndarray
    last_token: np.ndarray
    input_tokens: np.ndarray
    output_tokens: np.ndarray

    def __post_init__(self):
        for f in fields(self):
            object.__setattr__(self, f.name, np.asarray(getattr(self, f.name), float))
        columns = np.stack([getattr(self, f.name) for f in fields(self)])
        good = np.isfinite(columns).all(0) & (self.queued <= self.first_token)
        good &= (self.first_token <= self.last_token) & (self.input_tokens >= 1) & (self.output_tokens >= 1)
        if not good.all():
            i = int(np.argmin(good))
            values = ", ".join(f"{f.name}={columns[k, i]:g}" for k, f in enumerate(fields(self)))
            raise ValueError(f"request {i} of the log makes no sense: {values}")

    def __len__(self) -> int:
        return len(self.queued)

    @property
    def latency(self) -> np.ndarray:
        """Seconds from arrival to the last token."""
        return self.last_token - self.queued

    def take(self, which) -> "RequestLog":
        """Some of its requests, by what indexes an array."""
        return RequestLog(*(getattr(self, f.name)[which] for f in fields(self)))

    @classmethod
    def of(cls, result: Result) -> "RequestLog":
        """The log that the simulated engine would have written."""
        columns = (
            result.queued,
            result.first_token,
            result.finished,
            result.input_tokens,
            result.output_tokens,
        )
        return cls(*(column[result.served] for column in columns))

    @classmethod
    def read(cls, source: "str | Path | bytes") -> "RequestLog":
        """A CSV or JSON Lines file, told apart by its first character; a path or the file's bytes.

        Raises ValueError with the line that cannot be read.
        """
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        text = data.decode("utf-8-sig")
        if text.lstrip().startswith("{"):
            numbered = enumerate(text.splitlines(), start=1)
            rows = [(number, line) for number, line in numbered if line.strip()]
            read = json.loads
        else:
            rows = list(enumerate(csv.DictReader(io.StringIO(text)), start=2))
            read = dict
        names, columns = [f.name for f in fields(cls)], []
        for number, row in rows:
            try:
                found = read(row)
                columns.append([float(found[name]) for name in names])
            except KeyError as error:
                raise ValueError(f"line {number} of the log lacks {error.args[0]}") from None
            except (TypeError, ValueError) as error:
                raise ValueError(f"line {number} of the log: {error}") from None
        if not columns:
            raise ValueError("the log has no requests")
        return cls(*np.array(columns).T)


@dataclass(frozen=True)
class Fit:
    """A step's cost fitted to the beginning of a log, and how far it is off on the rest.

    error: mean absolute relative error of the predicted latencies of the `held_back` requests.
    """

    cost: StepCost
    policy: Policy
    error: float
    held_back: int


def fit(log: RequestLog, policy: Policy | None = None, hold_out: int = 4) -> Fit:
    """Fit a StepCost to the log; the last of every `hold_out` requests are kept back and predicted.

    The cost comes from the steps before the first of these spoke (`Replay.fit`). Their latencies, queueing
    and all, come from a simulation of the log's arrivals. `policy` is what the engine served under; without
    it, continuous batching with as many seats as are ever taken at once in the log. Raises ValueError for a
    log that is too short, or `hold_out` below 2.
    """
    if hold_out < 2:
        raise ValueError(f"hold_out must be at least 2, not {hold_out}")
    held = len(log) // hold_out
    if not held:
        raise ValueError(f"the log is too short: one of {hold_out} requests is kept back, it has {len(log)}")
    log = log.take(np.argsort(log.queued, kind="stable"))
    known, asked = log.take(np.s_[:-held]), log.take(np.s_[-held:])
    policy = policy or Continuous(_seats(log))
    cost = Replay(known, policy).fit(before=asked.first_token.min())
    arrivals = Trace(log.queued - log.queued[0], log.input_tokens, log.output_tokens)
    predicted = simulate(arrivals, policy, cost).latency[-held:]
    return Fit(cost, policy, float(np.mean(np.abs(predicted / asked.latency - 1))), held)


def _seats(log: RequestLog) -> int:
    """The most requests that were ever on the engine at once."""
    replay = Replay(log, Continuous(len(log)))
    return int((replay.seats + replay.prompts).max())

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
from course_lib.serving.result import Result


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


def decode_features(log: RequestLog) -> tuple[np.ndarray, np.ndarray]:
    """What multiplies a StepCost in the time from a request's first to its last token; and that time.

    Features (n, 5), seconds (n,), for requests of two tokens and more. A request's steps are its tokens after
    the first; beside it others decode, each at its own mean pace, and prompts are computed that end with
    another's first token.
    """
    mine = np.flatnonzero(log.output_tokens > 1)
    steps = log.output_tokens - 1
    pace = np.divide(steps, log.last_token - log.first_token, out=np.zeros(len(log)), where=steps > 0)
    features = np.zeros((len(mine), 5))
    for row, i in enumerate(mine):
        begin, end = log.first_token[i], log.last_token[i]
        left, right = np.maximum(begin, log.first_token), np.minimum(end, log.last_token)
        tokens = pace * np.maximum(0.0, right - left)
        context = log.input_tokens + 0.5 + pace * np.maximum(0.0, (left + right) / 2 - log.first_token)
        prompts = (log.first_token > begin) & (log.first_token <= end)
        features[row] = (steps[i], tokens.sum(), tokens @ context, len(np.unique(log.first_token[prompts])),
                         log.input_tokens[prompts].sum())  # fmt: skip
    return features, (log.last_token - log.first_token)[mine]


def prefill_features(log: RequestLog) -> tuple[np.ndarray, np.ndarray]:
    """The same for the time to first token of requests that came while nobody else was being served."""
    alone = [
        i for i in range(len(log))
        if ((log.last_token <= log.queued[i]) | (log.queued >= log.first_token[i])).sum() == len(log) - 1
    ]  # fmt: skip
    features = np.zeros((len(alone), 5))
    features[:, 0] = features[:, 3] = 1
    features[:, 4] = log.input_tokens[alone]
    return features, (log.first_token - log.queued)[alone]


@dataclass(frozen=True)
class Fit:
    """A step's cost fitted to a part of a log, and how far it is off on the rest.

    error: mean absolute relative error of the predicted times on `held_back` measurements.
    """

    cost: StepCost
    error: float
    held_back: int


def fit(log: RequestLog, hold_out: int = 4) -> Fit:
    """Fit a StepCost to the log; every `hold_out`-th measurement is kept back and predicted.

    Raises ValueError when fewer than five measurements are left, or `hold_out` is below 2.
    """
    if hold_out < 2:
        raise ValueError(f"hold_out must be at least 2, not {hold_out}")
    parts = [decode_features(log), prefill_features(log)]
    features = np.concatenate([part[0] for part in parts])
    seconds = np.concatenate([part[1] for part in parts])
    kept = seconds > 0
    features, seconds = features[kept], seconds[kept]
    held = np.arange(len(seconds)) % hold_out == hold_out - 1
    cost = StepCost.fit(features[~held], seconds[~held])
    predicted = features[held] @ np.array([cost.s0, cost.s1, cost.s2, cost.p0, cost.p1])
    return Fit(cost, float(np.mean(np.abs(predicted / seconds[held] - 1))), int(held.sum()))

"""A log of served requests, from any engine: when each came, spoke first and ended; a step's cost from it.

A CSV file with a header, a list of JSON objects, or one JSON object per line, with these five fields; further
ones are ignored. Times are seconds on one clock:

    queued,first_token,last_token,input_tokens,output_tokens
    0.000,0.041,1.380,512,64
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import get_args

import numpy as np

from course_lib.arguments import a, count, instance, real, row, takes
from course_lib.serving import table
from course_lib.serving.cost import StepCost
from course_lib.serving.follow import stretches
from course_lib.serving.memory import Memory
from course_lib.serving.policy import Continuous, Policy
from course_lib.serving.replay import Replay
from course_lib.serving.result import Result
from course_lib.serving.simulate import simulate
from course_lib.serving.trace import Trace

ROUNDS = 10
EXACT = 1e-3  # error on the known requests from which on nothing is searched
BETTER = 0.98  # of the error before, or it is not worth a change
HARDLY = 0.01  # of a step: so little fixed time is none
ODD = 4.0  # times the median error: a stretch that is further off is not what it was taken for


@dataclass(frozen=True)
class RequestLog:
    """Seconds and tokens of each request, all of shape (n,).

    Raises ValueError that names the request whose moments or tokens cannot be.
    """

    queued: np.ndarray
    first_token: np.ndarray
    last_token: np.ndarray
    input_tokens: np.ndarray
    output_tokens: np.ndarray

    def __post_init__(self):
        for f in fields(self):
            column = row(f.name, getattr(self, f.name), empty=True, finite=False).astype(float)
            if column.shape != np.shape(self.queued):
                raise ValueError(f"{f.name} must have one number per request, {np.shape(self.queued)}")
            object.__setattr__(self, f.name, column)
        columns = np.stack(astuple(self))
        good = np.isfinite(columns).all(0) & (self.queued <= self.first_token)
        good &= self.first_token <= self.last_token
        for tokens in (self.input_tokens, self.output_tokens):
            good &= (tokens >= 1) & (tokens == np.floor(tokens))
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
    @takes(result=a(Result))
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
        """From a path or a file's bytes: CSV, JSON or JSON Lines, as `table.rows` reads them.

        Raises ValueError with the line or entry that cannot be read, and for a file without requests.
        """
        names, columns = [f.name for f in fields(cls)], []
        for where, entry in table.rows(source, "log"):
            try:
                columns.append([table.number(entry, name) for name in names])
            except KeyError as error:
                raise ValueError(f"{where} lacks {error.args[0]}") from None
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from None
        if not columns:
            raise ValueError("the log has no requests")
        return cls(*np.array(columns).T)


@dataclass(frozen=True)
class Fit:
    """A step's cost fitted to the beginning of a log, and how far it is off on the rest.

    error: mean absolute relative error of the predicted latencies of the `held_back` requests. doubt: what
    the log does not show, in words, or "".
    """

    cost: StepCost
    policy: Policy
    error: float
    held_back: int
    doubt: str = ""


def fit(
    log: RequestLog,
    policy: Policy | None = None,
    hold_out: int = 4,
    memory: Memory | None = None,
    known: int | None = None,
) -> Fit:
    """Fit a StepCost to the log; the last of every `hold_out` requests are kept back and predicted.

    With `known`, all but the first so many are kept back instead.

    `policy`, with its chunk, is what the engine served under, and `memory` the room it had; without them,
    continuous batching with as many seats as are ever taken at once in the log, and unlimited room. Of what
    is kept back, the fit knows when it came and how long it was, as a prediction does, and not when it spoke.

    Under continuous batching an engine follows the log (`follow.stretches`): it says which steps lie between
    two moments of known requests, a cost is fitted to their times, and says better which steps they are. Of
    all rounds the cost counts that predicts the known requests best. Under the others: `Replay.fit`.

    Warns (UserWarning), and says so in `doubt`, where the log cannot tell a step's fixed time from the rest,
    so that s0 is 0 or nearly. Raises ValueError for a log that is too short, `hold_out` below 2, `known` that
    keeps nothing back, and a request that the memory does not hold.
    """
    if not isinstance(log, RequestLog):
        raise TypeError(f"log must be a RequestLog, not {type(log).__name__}: RequestLog.read reads a file")
    instance("policy", Continuous(1) if policy is None else policy, get_args(Policy))
    instance("memory", Memory() if memory is None else memory, Memory)
    if not real("hold_out", hold_out) >= 2:
        raise ValueError(f"hold_out must be at least 2, not {hold_out}")
    count(2, hold_out=hold_out)
    if known is not None and not 1 <= real("known", known) < len(log):
        raise ValueError(f"known must be from 1 to {len(log) - 1} of {len(log)} requests, not {known}")
    if known is not None:
        count(known=known)
    held = len(log) // hold_out if known is None else len(log) - known
    if not held:
        raise ValueError(f"the log is too short: one of {hold_out} requests is kept back, it has {len(log)}")
    log = log.take(np.argsort(log.queued, kind="stable"))
    seen, asked = log.take(np.s_[:-held]), log.take(np.s_[-held:])
    policy, memory = Continuous(_seats(log)) if policy is None else policy, memory or Memory()
    arrivals = Trace(log.queued - log.queued[0], log.input_tokens, log.output_tokens)
    if isinstance(policy, Continuous):
        cost = _followed(arrivals, seen, policy, memory, log.queued[0])
    else:
        cost = Replay(seen, policy).fit(before=asked.first_token.min())
    predicted = simulate(arrivals, policy, cost, memory)
    doubt = ""
    if cost.s0 < HARDLY * predicted.busy / predicted.steps:
        doubt = (
            "the log does not tell a step's fixed time from that of its sequences: s0 came out as 0 or nearly"
        )
        warnings.warn(doubt, UserWarning, stacklevel=2)
    off = np.abs(predicted.latency[-held:] / asked.latency - 1)
    return Fit(cost, policy, float(np.mean(off)), held, doubt)


def _followed(
    arrivals: Trace, known: RequestLog, policy: Continuous, memory: Memory, start: float
) -> StepCost:
    """The cost by which an engine that follows the log predicts its known requests best."""
    first, last = np.full((2, len(arrivals)), math.nan)
    first[: len(known)], last[: len(known)] = known.first_token - start, known.last_token - start

    def error(cost: StepCost) -> float:
        predicted = simulate(arrivals, policy, cost, memory).latency[: len(known)]
        return float(np.mean(np.abs(predicted / np.maximum(known.latency, 1e-300) - 1)))

    cost = _beginning(known, policy)
    best, least = cost, error(cost)
    for _ in range(ROUNDS):
        features, seconds = stretches(arrivals, policy, memory, cost, first, last)
        features, seconds = features[seconds > 0], seconds[seconds > 0]
        if len(seconds) < 5:
            raise ValueError(
                f"the log is too short: {len(seconds)} stretches of steps, at least 5 are needed"
            )
        before, cost = cost, _without_the_odd(features, seconds)
        off = error(cost)
        # Of two that predict as well, not the one that gives a step no time of its own.
        if (cost.s0 == 0, off) < (best.s0 == 0, least):
            best, least = cost, off
        if cost == before:
            break
    return _searched(best, least, error) if least > EXACT else best


def _searched(cost: StepCost, least: float, error: Callable[[StepCost], float]) -> StepCost:
    """The cost near this one that predicts best: all coefficients together, then each, a little up or down.

    An engine that is not quite what it is taken for, or near the limit of what it serves, is predicted
    better by a cost that makes up for it than by the one of its steps (Hooke and Jeeves 1961).
    """
    values = np.array(astuple(cost))
    for stride in (0.04, 0.02, 0.01, 0.005):
        for which in (slice(None), *np.flatnonzero(values)):
            for factor in (1 + stride, 1 / (1 + stride)):
                tried = values.copy()
                tried[which] *= factor
                if (off := error(StepCost(*tried.tolist()))) < BETTER * least:
                    values, least = tried, off
                    break
    return StepCost(*values.tolist())


def _without_the_odd(features: np.ndarray, seconds: np.ndarray) -> StepCost:
    """A fit to the stretches, without those that are far off: their steps are not the ones they were."""
    cost = StepCost.fit(features, seconds)
    for _ in range(3):
        # The noise of a sum of steps, relative to it, falls with the root of their number.
        expected = np.maximum(features @ np.array(astuple(cost)), 1e-300)
        off = np.abs(seconds / expected - 1) * np.sqrt(features[:, 0])
        usual = off <= max(1e-9, ODD * np.median(off))
        if usual.sum() < 5:
            break
        cost = StepCost.fit(features[usual], seconds[usual])
    return cost


def _beginning(known: RequestLog, policy: Continuous) -> StepCost:
    """A cost to begin with: as if memory had no limit and prompts came whole; else a request's own pace."""
    try:
        return Replay(known, policy).fit()
    except ValueError:
        several = known.output_tokens > 1
        paces = (known.last_token - known.first_token)[several] / (known.output_tokens[several] - 1)
        pace = float(np.median(paces)) if several.any() else float(np.median(known.latency))
        return StepCost(max(pace, 1e-9))


def _seats(log: RequestLog) -> int:
    """The most requests that were ever on the engine at once."""
    replay = Replay(log, Continuous(len(log)))
    return int((replay.seats + replay.prompts).max())

"""What arrives: requests with times and token counts, generated from a seed or read from a file."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from course_lib.arguments import COUNT, INTEGER, NOT_NEGATIVE, POSITIVE, TEXT, between, or_none, real, takes
from course_lib.paths import ROOT
from course_lib.seeds import stream
from course_lib.serving import table

Lengths = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
AZURE_COLUMNS = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")


REQUESTS = between(1, 10**8)


def _drawn(name: str, value: object) -> None:
    """Lengths of requests: a pair of numbers, or a function of a generator and n."""
    if isinstance(value, tuple) and len(value) == 2:
        for side, tokens in zip(("input", "output"), value, strict=True):
            real(f"{name} ({side})", tokens)
    elif not callable(value):
        raise TypeError(f"{name} must be (input, output) tokens or a function, not {str(value)[:40]!r}")


@dataclass(frozen=True)
class Trace:
    """Requests in the order of their arrival.

    arrival: seconds (n,), not decreasing; input_tokens, output_tokens: whole numbers (n,), at least 1.
    In a closed trace a user asks again only after an answer: `after[i]` is the request whose end comes
    first (-1 for none), and `arrival[i]` then counts from that end. Raises ValueError that names the field
    and the value.
    """

    arrival: np.ndarray
    input_tokens: np.ndarray
    output_tokens: np.ndarray
    after: np.ndarray | None = field(default=None)

    def __post_init__(self):
        arrival = _numbers("arrival", self.arrival).astype(float)
        object.__setattr__(self, "arrival", arrival)
        if arrival.ndim != 1 or not arrival.size:
            raise ValueError(
                f"arrival must hold a time for each request, not an array of shape {arrival.shape}"
            )
        if (wrong := arrival[~((arrival >= 0) & (arrival < math.inf))]).size:
            raise ValueError(f"arrival must hold finite times of at least 0, not {wrong[0]}")
        for name in ("input_tokens", "output_tokens"):
            object.__setattr__(self, name, _whole(name, getattr(self, name), len(arrival)))
        if self.after is None:
            if (late := np.flatnonzero(np.diff(arrival) < 0)).size:
                i = int(late[0])
                raise ValueError(
                    f"arrival must not decrease: {arrival[i + 1]:g} s comes after {arrival[i]:g} s"
                )
        else:
            after = _numbers("after", self.after)
            if not (np.isfinite(after) & (after == np.floor(after))).all():
                raise ValueError(f"after must hold whole numbers, not {after}")
            after = after.astype(int)
            if after.shape != arrival.shape or (after >= np.arange(len(after))).any() or (after < -1).any():
                raise ValueError(f"after must name an earlier request or -1 for each request, not {after}")
            object.__setattr__(self, "after", after)

    def __len__(self) -> int:
        return len(self.arrival)

    @classmethod
    @takes(rate=POSITIVE, n=REQUESTS, lengths=_drawn, seed=INTEGER)
    def poisson(cls, rate: float, n: int, lengths: "Lengths | tuple[int, int]", seed: int = 0) -> "Trace":
        """`n` requests with exponential gaps, `rate` requests/s (MLPerf LoadGen: server scenario).

        Raises ValueError as `gamma`.
        """
        return cls.gamma(rate, 1.0, n, lengths, seed)

    @classmethod
    @takes(rate=POSITIVE, cv=NOT_NEGATIVE, n=REQUESTS, lengths=_drawn, seed=INTEGER)
    def gamma(
        cls, rate: float, cv: float, n: int, lengths: "Lengths | tuple[int, int]", seed: int = 0
    ) -> "Trace":
        """Gaps from a gamma distribution with mean 1 / rate and coefficient of variation `cv`; 0: regular.

        Raises ValueError for a rate that is not above 0, a cv below 0 or above 10^6, and no requests or more
        than 10^8.
        """
        if cv > 1e6:
            raise ValueError(f"cv must be at most 1,000,000, not {cv:g}")
        n = int(n)
        random = stream("trace", "gaps", n, seed=seed)
        gaps = random.gamma(cv**-2, cv**2 / rate, n) if cv > 1e-9 else np.full(n, 1 / rate)
        return cls(np.cumsum(gaps), *_lengths(lengths, n, seed))

    @classmethod
    @takes(n=REQUESTS, lengths=_drawn, seed=INTEGER)
    def offline(cls, n: int, lengths: "Lengths | tuple[int, int]", seed: int = 0) -> "Trace":
        """All requests at once (MLPerf LoadGen: offline scenario).

        Raises ValueError for no requests, and more than 10^8.
        """
        n = int(n)
        return cls(np.zeros(n), *_lengths(lengths, n, seed))

    @classmethod
    @takes(users=REQUESTS, think_time=NOT_NEGATIVE, rounds=REQUESTS, lengths=_drawn, seed=INTEGER)
    def closed(
        cls, users: int, think_time: float, rounds: int, lengths: "Lengths | tuple[int, int]", seed: int = 0
    ) -> "Trace":
        """`users` who each ask `rounds` times and think for an exponential time before every question.

        With one user and no thinking: MLPerf LoadGen's single stream. Raises ValueError for no users or
        rounds, more than 10^8 questions, and a time that is negative or infinite.
        """
        n = int(users) * int(rounds)
        REQUESTS("users times rounds", n)
        think = (
            stream("trace", "think", n, seed=seed).exponential(think_time, n) if think_time else np.zeros(n)
        )
        after = np.arange(n) - users
        return cls(think, *_lengths(lengths, n, seed), np.maximum(after, -1))

    @classmethod
    def from_csv(cls, source: "str | Path | bytes") -> "Trace":
        """A recorded trace: columns TIMESTAMP, ContextTokens, GeneratedTokens, one request per row.

        The format of the Azure LLM inference traces 2023 (Patel et al. 2024); a path, or the file's bytes.
        Times are UTC where they name no offset, and count from the first row, to the nanosecond. Also as
        spreadsheets and JSON hold it: see `table.rows`. Raises ValueError with the line that cannot be read.
        """
        times, inputs, outputs = [], [], []
        for where, row in table.rows(source, "trace"):
            if missing := set(AZURE_COLUMNS) - set(row):
                columns, lacking = ", ".join(AZURE_COLUMNS), ", ".join(sorted(missing))
                # A header that lacks a column lacks it in every row; a row that does is cut off.
                begins = not times and len(missing) < len(AZURE_COLUMNS)
                place = f"{where} lacks {lacking}; " if begins or times else ""
                raise ValueError(f"{place}a trace has the columns {columns}; missing: {lacking}")
            try:
                times.append(_nanoseconds(row["TIMESTAMP"]))
                inputs.append(_tokens(row, "ContextTokens"))
                outputs.append(_tokens(row, "GeneratedTokens"))
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from None
        if not times:
            raise ValueError("the trace has no rows")
        arrival = [(time - times[0]) / 1e9 for time in times]
        return cls(np.array(arrival), np.array(inputs), np.array(outputs))

    @classmethod
    @takes(kind=TEXT, seed=INTEGER, n=or_none(REQUESTS))
    def like_azure(cls, kind: str, seed: int = 0, n: int | None = None) -> "Trace":
        """A twin of the Azure trace "conv" or "code": gaps, inputs and outputs have its distributions.

        Drawn from the quantiles in data/azure_quantiles.json, one from each of `n` equal shares (as many as
        the trace has) and shuffled, each column for itself: what follows what is lost. Raises ValueError for
        another kind, and no requests.
        """
        twins = json.loads((ROOT / "data" / "azure_quantiles.json").read_text("utf-8"))["kinds"]
        if kind not in twins:
            raise ValueError(f"the kind of an Azure trace is one of {', '.join(twins)}, not {kind!r}")
        n = twins[kind]["requests"] if n is None else int(n)
        columns = {}
        for name in ("gap", "input", "output"):
            random = stream("like azure", kind, name, seed=seed)
            share = random.permutation((np.arange(n) + random.uniform(size=n)) / n)
            columns[name] = np.interp(share, twins[kind]["share"], twins[kind][name])
        lengths = (np.rint(columns[name]).astype(int) for name in ("input", "output"))
        return cls(np.cumsum(columns["gap"]) - columns["gap"][0], *lengths)


MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?\d*\s*(Z|[+-]\d\d(?::?\d\d)?)?"
)


def _nanoseconds(text: object) -> int:
    """A moment such as 2023-11-16 18:15:46.6805900+01:00 in whole nanoseconds since 1970; UTC by itself."""
    found = MOMENT.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        raise ValueError(f"TIMESTAMP must be like 2023-11-16 18:15:46.6805900, not {text!r}")
    moment, fraction, offset = found.groups()
    if offset and offset != "Z":
        digits = offset[1:].replace(":", "").ljust(4, "0")
        moment += f"{offset[0]}{digits[:2]}:{digits[2:]}"
    time = datetime.fromisoformat(moment)
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    since = time - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * 10**9 + int((fraction or "0").ljust(9, "0"))


def _tokens(row: dict, name: str) -> int:
    """A whole number; whether it is large enough, the trace says."""
    value = table.number(row, name)
    if not value == math.floor(value) if math.isfinite(value) else True:
        raise ValueError(f"{name} must be a whole number, not {row[name]!r}")
    return int(value)


@takes(input_tokens=COUNT, output_tokens=COUNT)
def fixed(input_tokens: int, output_tokens: int) -> Lengths:
    """Every request has these lengths. Raises ValueError for a number below 1."""
    return lambda random, n: (np.full(n, input_tokens), np.full(n, output_tokens))


@takes(input_mean=POSITIVE, output_mean=POSITIVE)
def geometric(input_mean: float, output_mean: float) -> Lengths:
    """Lengths that forget how long they have been: the discrete exponential distribution, at least 1.

    Raises ValueError for a mean that is not above 0.
    """
    return lambda random, n: (
        random.geometric(min(1, 1 / input_mean), n),
        random.geometric(min(1, 1 / output_mean), n),
    )


@takes(input_mean=POSITIVE, output_mean=POSITIVE, cv=POSITIVE)
def lognormal(input_mean: float, output_mean: float, cv: float) -> Lengths:
    """Lengths with a heavy tail: log-normal with these means and coefficient of variation, at least 1.

    Raises ValueError for what is not above 0.
    """
    sigma = math.sqrt(math.log1p(cv**2))

    def draw(random, n):
        sides = [
            random.lognormal(math.log(mean) - sigma**2 / 2, sigma, n) for mean in (input_mean, output_mean)
        ]
        return tuple(np.maximum(1, np.rint(side)).astype(int) for side in sides)

    return draw


def _lengths(lengths, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(lengths, tuple):
        return tuple(np.full(n, tokens) for tokens in lengths)
    return lengths(stream("trace", "lengths", n, seed=seed), n)


def _whole(name: str, values, n: int) -> np.ndarray:
    values = _numbers(name, values)
    if values.shape != (n,):
        raise ValueError(f"{name} must have one number per request, {n}, not shape {values.shape}")
    if (wrong := values[~((values >= 1) & (values == np.floor(values)))]).size:
        raise ValueError(f"{name} must hold whole numbers of at least 1, not {wrong[0]}")
    return values.astype(int)


def _numbers(name: str, values) -> np.ndarray:
    """An array of numbers, whatever their values; the caller looks at these."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be a list of numbers, not of lists of different lengths") from None
    if array.size and array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, not {str(values)[:40]!r}")
    return array

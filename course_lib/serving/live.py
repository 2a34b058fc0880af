"""A real server: a small decoder here serves a trace, and the simulator predicts how long it takes."""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from course_lib.kv_cache import ContiguousCache, Decoder, step
from course_lib.serving.arrivals import Arrivals
from course_lib.serving.cost import StepCost
from course_lib.serving.log import RequestLog
from course_lib.serving.policy import Continuous, Greedy, Policy, Timeout
from course_lib.serving.result import Result
from course_lib.serving.simulate import simulate
from course_lib.serving.stopwatch import Stopwatch, UsualPace, processor_time
from course_lib.serving.trace import Trace
from course_lib.training import one_thread


@dataclass(frozen=True)
class Served:
    """What a real run gave: its Result, each answer's tokens, and of each step what multiplies a StepCost's
    coefficients (n, 5) and the seconds it took (n,)."""

    result: Result
    answers: dict[int, list[int]]
    features: np.ndarray
    seconds: np.ndarray

    @property
    def log(self) -> RequestLog:
        """What a server would have logged."""
        return RequestLog.of(self.result)


@dataclass
class Seat:
    """A sequence on the engine: its cache, the tokens it is given next, and its answer so far."""

    request: int
    cache: ContiguousCache
    tokens: list[int]
    answer: list[int]


class Server:
    """Serves one trace, every step computed by the decoder; `now` is its own clock, in seconds.

    The clock runs while a step is computed, by `stopwatch`, and jumps over the time in which nobody is
    there, as the simulator's does. Raises ValueError for a policy with chunks, and for sequences longer than
    the decoder's context.
    """

    def __init__(self, decoder: Decoder, trace: Trace, policy: Policy, stopwatch: Stopwatch = processor_time):
        if isinstance(policy, Continuous) and policy.chunk is not None:
            raise ValueError(f"this server computes whole prompts: chunk must be None, not {policy.chunk}")
        # In a batch, the seat of the longest prompt may be computed on until the longest answer ends.
        self.room = int(trace.input_tokens.max() + trace.output_tokens.max())
        if self.room > decoder.context:
            raise ValueError(f"{self.room} tokens are more than this decoder's context of {decoder.context}")
        self.decoder, self.trace, self.policy, self.stopwatch = decoder, trace, policy, stopwatch
        self.arrivals = Arrivals(trace)
        self.waiting: deque[int] = deque()
        self.seats: list[Seat] = []
        self.now, self.padding = 0.0, 0
        self.started, self.first_token, self.finished = ([math.nan] * len(trace) for _ in range(3))
        self.answers: dict[int, list[int]] = {}
        self.steps: list[tuple[float, ...]] = []

    def advance(self) -> bool:
        """Admit and compute one step, or go to the next event; False when nothing is left to do."""
        self.waiting.extend(self.arrivals.until(self.now))
        new = self._admit()
        if self.seats:
            self._step(new)
            return True
        event = min(self.arrivals.upcoming, self._deadline())
        if event < math.inf:
            self.now = max(self.now, event)
        return event < math.inf

    def _admit(self) -> int:
        """Give seats to as many as the policy takes now; returns how many."""
        policy, here = self.policy, len(self.waiting)
        if isinstance(policy, Continuous):
            taken = min(here, policy.max_sequences - len(self.seats))
        elif self.seats:
            taken = 0
        elif here >= policy.batch or isinstance(policy, Greedy) or self.now >= self._deadline():
            taken = min(here, policy.batch)
        else:
            taken = 0
        for _ in range(taken):
            request = self.waiting.popleft()
            self.started[request] = self.now
            cache = ContiguousCache(self.decoder.shape, self.room, dtype=self.decoder.dtype)
            self.seats.append(Seat(request, cache, self.prompt(request), []))
        return taken

    def prompt(self, request: int) -> list[int]:
        """Tokens of a request: as many as the trace says, another text for each."""
        count, vocabulary = int(self.trace.input_tokens[request]), self.decoder.shape.vocabulary
        return [(request + place * (request + 1)) % vocabulary for place in range(count)]

    def _deadline(self) -> float:
        """When a batch with somebody in it goes although it is not full."""
        if not (isinstance(self.policy, Timeout) and self.waiting):
            return math.inf
        return self.arrivals.time[self.waiting[0]] + self.policy.seconds

    def _step(self, new: int) -> None:
        """A token for every seat; the last `new` of them compute their prompts."""
        decoding, fresh = self.seats[: len(self.seats) - new], self.seats[len(self.seats) - new :]
        read = sum(seat.cache.length + 1 for seat in decoding)
        done = (1, len(decoding), read, float(new > 0), sum(len(seat.tokens) for seat in fresh))
        given, caches = [seat.tokens for seat in self.seats], [seat.cache for seat in self.seats]
        tokens, seconds = self.stopwatch(lambda: step(self.decoder, given, caches).argmax(-1).tolist())
        self.now += seconds
        self.steps.append((*done, seconds))
        for seat, token in zip(self.seats, tokens, strict=True):
            seat.tokens = [token]
            self._note(seat, token)
        speaking = [seat for seat in self.seats if math.isnan(self.finished[seat.request])]
        if isinstance(self.policy, Continuous) or not speaking:
            self.seats = speaking

    def _note(self, seat: Seat, token: int) -> None:
        """A token came out for a seat; after the end of its answer it is padding."""
        request = seat.request
        if not math.isnan(self.finished[request]):
            self.padding += 1
            return
        seat.answer.append(token)
        if math.isnan(self.first_token[request]):
            self.first_token[request] = self.now
        if len(seat.answer) == self.trace.output_tokens[request]:
            self.finished[request], self.answers[request] = self.now, seat.answer
            self.arrivals.completed(request, self.now)

    def served(self) -> Served:
        """Everything up to now."""
        moments = (self.arrivals.time, self.started, self.first_token, self.finished)
        steps = np.array(self.steps, float).reshape(-1, 6)
        result = Result(
            *map(np.array, moments), self.trace.input_tokens, self.trace.output_tokens,
            float(steps[:, 5].sum()), len(steps), sum(map(len, self.answers.values())), self.padding,
        )  # fmt: skip
        return Served(result, self.answers, steps[:, :5], steps[:, 5])


@one_thread()
def serve(servers: Iterable[Server]) -> list[Served]:
    """Let the servers take turns until all are done, always the one whose clock is behind.

    A machine changes its pace from second to second; so each change meets all servers, at the same time on
    their clocks.
    """
    servers = list(servers)
    active = servers.copy()
    while active:
        behind = min(active, key=lambda server: server.now)
        if not behind.advance():
            active.remove(behind)
    return [server.served() for server in servers]


@dataclass(frozen=True)
class Judged:
    """A step's cost, measured; what each policy's server did, and what the simulator says it would do."""

    cost: StepCost
    served: dict[str, Served]
    predicted: dict[str, Result]


def judge(
    decoder: Decoder,
    policies: Mapping[str, Policy],
    calibration: Trace,
    trace: Trace,
    stopwatch: Stopwatch | None = None,
) -> Judged:
    """Serve `trace` under each policy, and predict it by a StepCost fitted to the steps of other servers.

    Those serve `calibration` under the same policies and take turns with the judged ones, all by
    `stopwatch`; without one, at the machine's usual pace.
    """
    stopwatch = stopwatch or UsualPace(decoder)
    traces = (calibration, trace)
    runs = [Server(decoder, one, policy, stopwatch) for one in traces for policy in policies.values()]
    served = serve(runs)
    others, judged = served[: len(policies)], served[len(policies) :]
    features, seconds = (
        np.concatenate([getattr(run, name) for run in others]) for name in ("features", "seconds")
    )
    cost = StepCost.fit(features, seconds)
    return Judged(
        cost,
        dict(zip(policies, judged, strict=True)),
        {name: simulate(trace, policy, cost) for name, policy in policies.items()},
    )

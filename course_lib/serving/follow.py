"""An engine that follows a log, by its clock, and takes the steps that the logged one must have taken."""

import math
from collections.abc import Sequence

import numpy as np

from course_lib.serving.arrivals import Arrivals
from course_lib.serving.cost import StepCost
from course_lib.serving.engine import Engine
from course_lib.serving.memory import Memory
from course_lib.serving.policy import Continuous
from course_lib.serving.trace import Trace


class Follower(Engine):
    """Serves as `Engine` does, and sets its clock whenever a request whose moments are known speaks or ends.

    first_seen, last_seen: seconds, NaN for a request that is not known. Between two such moments lies a
    stretch of steps: what multiplies a StepCost's coefficients in it (five numbers), and its seconds, are
    collected in `features` and `seconds`. `cost` only says which steps lie before an arrival and which after.
    """

    def __init__(self, policy, cost, memory, inputs, outputs, first_seen, last_seen):
        super().__init__(policy, cost, memory, inputs, outputs)
        self.first_seen, self.last_seen = first_seen, last_seen
        self.features: list[list[float]] = []
        self.seconds: list[float] = []
        self._begin(0.0)

    def begin_at(self, now: float) -> None:
        """Idle until now: the next stretch begins."""
        self.now = now
        self._begin(now)

    def _begin(self, now: float) -> None:
        self.since, self.stretch, self.moved = now, [0, 0, 0, 0, 0], 0.0

    def _took(
        self, steps: int, decoding: int, read: int, prompts: int, computed: int, transfer: float
    ) -> None:
        for i, amount in enumerate((steps, decoding, read, prompts, computed)):
            self.stretch[i] += amount
        self.moved += transfer

    def _saw(self, moments: Sequence[float]) -> None:
        """Somebody known spoke or ended just now, at these moments of the log."""
        known = [moment for moment in moments if not math.isnan(moment)]
        if not known:
            return
        now = sum(known) / len(known)
        if self.stretch[0]:
            self.features.append(self.stretch)
            self.seconds.append(now - self.since - self.moved)
        self.now = now
        self._begin(now)

    def _prefill_step(self, transfer: float) -> None:
        spoken = {request for request, _ in self.prefilling if not self.done[request]}
        before = dict(self.prefilling)
        decoding, read = len(self.decoding), self.read
        super()._prefill_step(transfer)
        left = dict(self.prefilling)
        computed = sum(before.values()) - sum(left.values())
        self._took(1, decoding, read, 1, computed, transfer)
        self._saw([self.first_seen[request] for request in sorted(spoken - left.keys())])

    def _decode_steps(self, limit: float, transfer: float) -> None:
        steps, decoding, read, growing = self.steps, len(self.decoding), self.read, self.growing
        super()._decode_steps(limit, transfer)
        steps = self.steps - steps
        reads = read * steps + growing * (steps * (steps - 1) // 2)
        self._took(steps, steps * decoding, reads, 0, 0, transfer)

    def _complete(self) -> list[int]:
        ended = super()._complete()
        self._saw([self.last_seen[request] for request in ended])
        return ended


def stretches(
    trace: Trace,
    policy: Continuous,
    memory: Memory,
    cost: StepCost,
    first_seen: np.ndarray,
    last_seen: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 5) and seconds (n,) of the stretches of steps of an engine that served `trace`.

    first_seen, last_seen (requests,): moments of the log, on the trace's clock; NaN where they are not to be
    used. Ends with the last known moment.
    """
    inputs, outputs = trace.input_tokens.tolist(), trace.output_tokens.tolist()
    engine = Follower(policy, cost, memory, inputs, outputs, first_seen.tolist(), last_seen.tolist())
    arrivals, left = Arrivals(trace), int(np.isfinite(last_seen).sum())
    while left:
        if arrivals.upcoming <= engine.now:
            engine.waiting += arrivals.until(engine.now)
        if not engine.waiting and not engine.order:
            engine.begin_at(arrivals.upcoming)
            continue
        for request in engine.step(arrivals.upcoming):
            left -= math.isfinite(engine.last_seen[request])
    return np.array(engine.features, float).reshape(-1, 5), np.array(engine.seconds)

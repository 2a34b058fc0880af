"""Serving in batches: form one, compute all prompts, decode until the longest answer ends."""

import math
from collections import deque

import numpy as np

from course_lib.notebook.reference import reference
from course_lib.serving.arrivals import Arrivals
from course_lib.serving.cost import StepCost, whole_ticks
from course_lib.serving.memory import Memory
from course_lib.serving.policy import Greedy, Static, Timeout


class Batches:
    """An engine that serves one batch after the other; times are written by request, as by `Engine`.

    Seats of answers that have ended stay taken, and their padding is computed and read, until the batch ends.
    Tokens reach their reader as they come.
    """

    def __init__(self, policy: Greedy | Static | Timeout, cost: StepCost, memory: Memory, inputs, outputs):
        self.policy, self.cost, self.memory = policy, cost.in_ticks(), memory
        self.inputs, self.outputs = inputs, outputs
        self.rooms, self.capacity = (
            memory.reserved(np.asarray(inputs), np.asarray(outputs)).tolist(),
            memory.capacity,
        )
        self.started, self.first_token, self.finished = ([math.nan] * len(inputs) for _ in range(3))
        self.now = self.busy = 0.0
        self.steps = self.tokens = self.padding = self.preemptions = self.peak = 0
        self.waiting: deque[int] = deque()

    def serve(self, arrivals: Arrivals) -> None:
        """Serve until nothing is left, or the rest never fills a batch."""
        self.waiting.extend(arrivals.until(self.now))
        while self._form(arrivals):
            self._run(self._take(), arrivals)
            if arrivals.upcoming <= self.now:
                self.waiting.extend(arrivals.until(self.now))

    @reference("Q7.3", guard=False)
    def _form(self, arrivals: Arrivals) -> bool:
        """Wait until a batch may start; False when none ever will."""
        if not self.waiting and not self._wait_for_one(arrivals):
            return False
        if isinstance(self.policy, Greedy):
            return True
        timed = isinstance(self.policy, Timeout)
        deadline = arrivals.time[self.waiting[0]] + whole_ticks(self.policy.seconds) if timed else math.inf
        while (
            len(self.waiting) < self.policy.batch
            and arrivals.upcoming <= deadline
            and arrivals.upcoming < math.inf
        ):
            self._wait_for_one(arrivals)
        if len(self.waiting) >= self.policy.batch:
            return True
        self.now = max(self.now, deadline)
        return timed

    def _wait_for_one(self, arrivals: Arrivals) -> bool:
        if arrivals.upcoming == math.inf:
            return False
        self.now = max(self.now, arrivals.upcoming)
        self.waiting.extend(arrivals.until(self.now))
        return True

    def _take(self) -> list[int]:
        """The oldest, as many as the policy takes and memory holds."""
        batch, used, waiting = [], 0, self.waiting
        while waiting and len(batch) < self.policy.batch:
            room = self.rooms[waiting[0]]
            if used + room > self.capacity:
                break
            used += room
            batch.append(waiting.popleft())
        self.peak = max(self.peak, used)
        return batch

    @reference("Q7.2", guard=False)
    def _run(self, batch: list[int], arrivals: Arrivals) -> None:
        """Compute all prompts of a batch, then decode until its longest answer has ended."""
        inputs, outputs = self.inputs, self.outputs
        if len(batch) > 1:  # answers end in the order of their length
            prompts = sum(inputs[r] for r in batch)
            batch.sort(key=lambda r: (outputs[r], r))
        else:
            prompts = inputs[batch[0]]
        start = self.now
        done = prefilled = start + (self.cost.s0 + self.cost.p0 + self.cost.p1 * prompts)
        reached = 1
        for request in batch:
            if outputs[request] > reached:
                done += self._decoding(batch, prompts, reached, outputs[request])
                reached = outputs[request]
            self.started[request], self.first_token[request] = start, prefilled
            self.finished[request] = done
            self.tokens += reached
            if arrivals.after:
                arrivals.completed(request, done)
        self.now = done
        self.busy += done - start
        self.steps += reached
        self.padding += reached * len(batch) - sum(outputs[r] for r in batch)

    def _decoding(self, batch: list[int], prompts: int, reached: int, outputs: int) -> float:
        """Seconds in which every seat goes from `reached` tokens to `outputs`; `prompts`: tokens of all."""
        steps, window = outputs - reached, self.memory.window
        if window is None:
            read = (prompts + len(batch) * reached) * steps + len(batch) * (steps * (steps - 1) // 2)
        else:
            read = sum(_capped_sum(self.inputs[r] + reached, steps, window) for r in batch)
        return (self.cost.s0 + self.cost.s1 * len(batch)) * steps + self.cost.s2 * read


def _capped_sum(first: int, steps: int, window: int) -> int:
    """first + (first + 1) + ... of so many terms, none counted above `window`."""
    growing = min(steps, max(0, window - first))
    return growing * first + growing * (growing - 1) // 2 + (steps - growing) * window

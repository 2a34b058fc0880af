"""An engine that admits requests at every step and jumps over the steps at which nothing changes."""

import math
from collections import deque
from dataclasses import astuple
from heapq import heapify, heappop, heappush

import numpy as np

from course_lib.serving.cost import StepCost, whole_ticks
from course_lib.serving.memory import Memory
from course_lib.serving.policy import Continuous


class Engine:
    """One GPU, or several that work as one, under continuous batching.

    `now` is its clock in seconds. Requests are known by a number, which leads to their lengths in `inputs`
    and `outputs`, and under which what happens is written into `started`, `first_token` and `finished`
    (NaN before). Events at one time: completions, arrivals (which join `waiting`), admissions.
    """

    def __init__(self, policy: Continuous, cost: StepCost, memory: Memory, inputs, outputs):
        self.policy, self.cost, self.memory = policy, cost.in_ticks(), memory
        self.step_cost, self.prompt_cost = astuple(self.cost)[:3], astuple(self.cost)[3:]
        self.inputs, self.outputs = inputs, outputs
        self.n = len(inputs)
        self.seats, self.chunk, self.grow = policy.max_sequences, policy.chunk, memory.grow
        self.window, self.capacity = memory.window, memory.capacity
        self.plain = not self.grow and self.window is None
        self.swap_seconds = whole_ticks(memory.token_bytes / memory.swap_rate)  # a token, one way
        self.started, self.first_token, self.finished = ([math.nan] * self.n for _ in range(3))
        self.now = self.busy = 0.0
        self.steps = self.tokens = self.padding = self.preemptions = 0
        self.peak = 0  # most tokens of room in use at the end of a step
        self.waiting: deque[int] = deque()
        self.decoding: list[int] = []  # heap: the step after which it ends, times n, plus the request
        self.prefilling: list[list[int]] = []  # [request, tokens left], oldest first
        self.done = [0] * self.n  # tokens generated before a preemption, or by the prefill
        self.joined = [-1] * self.n  # step after which a decoding sequence had `done` tokens; -1: is not one
        self.order: dict[int, None] = {}  # running, by admission: the newest is preempted first
        self.swapped: set[int] = set()
        self.read = 0  # KV tokens that the next step reads
        self.used = 0  # tokens of room that are taken
        self.rooms = [] if memory.grow else memory.reserved(np.asarray(inputs), np.asarray(outputs)).tolist()
        # Sequences that a further token makes longer, whose window is not full yet; and of these, where room
        # is given out as they grow, how many need their next block at a step: by (tokens - steps) mod block.
        self.growing = 0
        self.phases = [0] * (memory.block if memory.grow else 1)
        self.filling: list[
            int
        ] = []  # heap: the step after which its window is full, times n, plus the request

    def step(self, limit: float = math.inf) -> list[int]:
        """Run at least one step, up to the first completion, or the first step that ends at `limit` or later.

        Admits before each step; returns what was completed. `limit` is the next arrival; where it could not
        be admitted anyway, it does not stop the engine.
        """
        waiting, order, decoding = self.waiting, self.order, self.decoding
        n, seats, grow = self.n, self.seats, self.grow
        while True:
            transfer = self._make_room() if grow else 0.0
            if waiting and len(order) < seats:
                transfer += self._admit()
            if self.prefilling:
                self._prefill_step(transfer)
            else:
                self._decode_steps(limit, transfer)
            if self.used > self.peak:
                self.peak = self.used
            if decoding and decoding[0] // n <= self.steps:
                return self._complete()
            if self.now >= limit and not waiting and len(order) < seats:
                return []

    def _admit(self) -> float:
        """Take the oldest that fit; returns seconds to bring swapped ones back."""
        waiting, order, seats, seconds = self.waiting, self.order, self.seats, 0.0
        grow, held = self.grow, self.memory.held
        # Where sequences grow, room is found for what they hold after the coming step.
        used = self.used + self._next_blocks() if grow else self.used
        while waiting and len(order) < seats:
            request = waiting[0]
            tokens = self.inputs[request] + self.done[request]
            used += held(tokens + 1) if grow else self.rooms[request]
            if used > self.capacity:
                break
            del waiting[0]
            order[request] = None
            if self.started[request] != self.started[request]:
                self.started[request] = self.now
            if request in self.swapped:
                self.swapped.remove(request)
                self.used += held(tokens)
                seconds += held(tokens) * self.swap_seconds
                self._decode(request)
            else:
                self.used += held(tokens + 1) if grow else self.rooms[request]
                self.prefilling.append([request, tokens])
        return seconds

    def _make_room(self) -> float:
        """Preempt the newest until the others can take a step; returns seconds to swap out."""
        seconds = 0.0
        while self.used + self._next_blocks() > self.capacity:
            newest, _ = self.order.popitem()
            self.preemptions += 1
            self.waiting.appendleft(newest)
            tokens = self.inputs[newest] + self.done[newest]
            if self.joined[newest] < 0:
                self.prefilling = [entry for entry in self.prefilling if entry[0] != newest]
                self.used -= self.memory.held(tokens + 1)
                continue
            generated = self.steps - self.joined[newest]
            self._leave(newest, tokens + generated)
            self.done[newest] += generated
            self.decoding[:] = [entry for entry in self.decoding if entry % self.n != newest]
            heapify(self.decoding)
            if self.policy.preempt == "swap":
                self.swapped.add(newest)
                seconds += self.memory.held(tokens + generated) * self.swap_seconds
        return seconds

    def _next_blocks(self) -> int:
        """Tokens of room in the blocks that the next step begins."""
        block = self.memory.block
        return block * self.phases[-self.steps % block]

    def _decode(self, request: int) -> None:
        """The request, with its prompt computed or brought back, decodes from the next step on."""
        self.joined[request] = steps = self.steps
        tokens, window = self.inputs[request] + self.done[request], self.window
        heappush(self.decoding, (steps + self.outputs[request] - self.done[request]) * self.n + request)
        if window is not None:
            if tokens >= window:
                self.read += window
                return
            heappush(self.filling, (steps + window - tokens) * self.n + request)
        self.read += tokens
        self.growing += 1
        if self.grow:
            self.phases[(tokens - steps) % self.memory.block] += 1

    def _leave(self, request: int, tokens: int) -> None:
        """A sequence that decodes, with so many tokens, goes."""
        self.joined[request] = -1
        window, grow = self.window, self.grow
        if window is None or tokens < window:
            self.read -= tokens
            self._stop_growing(tokens)
            if window is not None:
                self.filling.remove((self.steps + window - tokens) * self.n + request)
                heapify(self.filling)
        else:
            self.read -= window
        self.used -= self.memory.held(tokens) if grow else self.rooms[request]

    def _stop_growing(self, tokens: int) -> None:
        self.growing -= 1
        if self.grow:
            self.phases[(tokens - self.steps) % self.memory.block] -= 1

    def _prefill_step(self, transfer: float) -> None:
        """One step in which prompts are computed, at most `chunk` tokens of them, beside the decoding."""
        left, computed, ready = self.chunk, 0, []
        if left is None:
            for request, tokens in self.prefilling:
                computed += tokens
                ready.append(request)
            self.prefilling = []
        else:
            for entry in self.prefilling:
                part = min(left, entry[1])
                entry[1] -= part
                left -= part
                computed += part
                if not entry[1]:
                    ready.append(entry[0])
                if not left:
                    break
            self.prefilling = [entry for entry in self.prefilling if entry[1]]
        (s0, s1, s2), (p0, p1) = self.step_cost, self.prompt_cost
        seconds = s0 + s1 * len(self.decoding) + s2 * self.read + p0 + p1 * computed
        self._advance(seconds + transfer, 1)
        self.tokens += len(ready)
        now, first_token = self.now, self.first_token
        for request in ready:
            if first_token[request] != first_token[request]:
                first_token[request] = now
            self.done[request] += 1
            self._decode(request)

    def _decode_steps(self, limit: float, transfer: float) -> None:
        """As many steps as end alike: up to the next completion, arrival, full window or full memory."""
        s0, s1, s2 = self.step_cost
        steps = self.decoding[0] // self.n - self.steps
        first = s0 + s1 * len(self.decoding) + s2 * self.read  # seconds of the first of these steps
        more = s2 * self.growing  # each step takes so much longer than the one before
        if self.filling:
            steps = min(steps, self.filling[0] // self.n - self.steps)
        if self.grow and self.growing and self.capacity < math.inf:
            steps = min(steps, self._steps_that_fit(steps))
        if limit < math.inf and not self.waiting and len(self.order) < self.seats:
            steps = min(steps, steps_to(limit - self.now - transfer, first, more))
        self._advance(first * steps + more * (steps * (steps - 1) // 2) + transfer, steps)

    def _steps_that_fit(self, most: int) -> int:
        """Steps until the blocks that they begin are more than is free; at least 1, at most `most`."""
        block, phases = self.memory.block, self.phases
        cycles, free = divmod(int(self.capacity - self.used) // block, self.growing)
        steps = cycles * block  # in so many steps each sequence begins a block `cycles` times
        while steps < most:
            free -= phases[-(self.steps + steps) % block]
            if free < 0:
                break
            steps += 1
        return max(1, steps)

    def _advance(self, seconds: float, steps: int) -> None:
        self.now += seconds
        self.busy += seconds
        if self.grow:
            block, phases = self.memory.block, self.phases
            cycles, rest = divmod(steps, block)
            begun = cycles * self.growing + sum(phases[-(self.steps + i) % block] for i in range(rest))
            self.used += block * begun
        self.steps += steps
        if self.decoding:
            self.tokens += steps * len(self.decoding)
            self.read += steps * self.growing
        while self.filling and self.filling[0] // self.n <= self.steps:
            heappop(self.filling)
            self._stop_growing(self.window)

    def _complete(self) -> list[int]:
        ended, n, steps, decoding, plain = [], self.n, self.steps, self.decoding, self.plain
        while decoding and decoding[0] // n <= steps:
            request = heappop(decoding) % n
            ended.append(request)
            self.finished[request] = self.now
            del self.order[request]
            tokens = self.inputs[request] + self.outputs[request]
            if plain:
                self.read -= tokens
                self.growing -= 1
                self.used -= self.rooms[request]
            else:
                self._leave(request, tokens)
        return ended


def steps_to(seconds: float, first: float, more: float) -> int:
    """The fewest steps, at least 1, that take `seconds`, when each takes `more` more than the last."""
    if more:
        lead = first - more / 2
        steps = int((math.sqrt(lead * lead + 2 * more * seconds) - lead) / more) if seconds > 0 else 1
    else:
        steps = int(seconds / first)
    if steps < 1:
        steps = 1
    # The root is rounded; the sums themselves are exact.
    while steps > 1 and first * (steps - 1) + more * ((steps - 1) * (steps - 2) // 2) >= seconds:
        steps -= 1
    while first * steps + more * (steps * (steps - 1) // 2) < seconds:
        steps += 1
    return steps

"""An engine that admits requests at every step and jumps over the steps at which nothing changes."""

import math
from collections import deque
from heapq import heapify, heappop, heappush

from course_lib.serving.cost import StepCost, whole_ticks
from course_lib.serving.memory import Memory
from course_lib.serving.policy import Continuous


class Engine:
    """One GPU, or several that work as one, under continuous batching.

    `now` is its clock in seconds. Requests are known by a number, which leads to their lengths in `inputs`
    and `outputs`, and under which what happens is written into `started`, `first_token` and `finished`.
    Events at one time: completions, arrivals (`offer`), admissions.
    """

    def __init__(self, policy: Continuous, cost: StepCost, memory: Memory, inputs, outputs):
        self.policy, self.cost, self.memory = policy, cost.in_ticks(), memory
        self.inputs, self.outputs = inputs, outputs
        self.capacity = memory.capacity
        self.swap_seconds = whole_ticks(memory.token_bytes / memory.swap_rate)  # a token, one way
        self.started: dict[int, float] = {}
        self.first_token: dict[int, float] = {}
        self.finished: dict[int, float] = {}
        self.now = self.busy = 0.0
        self.steps = self.tokens = self.padding = self.preemptions = 0
        self.peak = 0  # most tokens of room in use at the end of a step
        self.waiting: deque[int] = deque()
        self.decoding: list[tuple[int, int]] = []  # heap of (step after which it ends, request)
        self.prefilling: list[list[int]] = []  # [request, tokens left], oldest first
        self.done: dict[int, int] = {}  # tokens generated before a preemption, or by the prefill
        self.joined: dict[int, int] = {}  # step after which a decoding sequence had `done` tokens
        self.order: dict[int, None] = {}  # running, by admission: the newest is preempted first
        self.swapped: set[int] = set()
        self.read = 0  # KV tokens that the next step reads
        self.used = 0  # tokens of room that are taken
        self.reserved: dict[int, int] = {}  # of them by each request that runs, where it does not grow
        # A reservation and an unlimited reach can be kept up to date without looking at each sequence.
        self.each = memory.grow or memory.window is not None

    def offer(self, request: int) -> None:
        """The request arrives now."""
        self.waiting.append(request)

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return not (self.waiting or self.order)

    def step(self, limit: float = math.inf) -> list[int]:
        """Admit, then run at least one step, up to the first completion or the first step that ends at
        `limit` or later; returns what was completed.

        `limit` is the next arrival; where it could not be admitted anyway, it does not stop the engine.
        """
        transfer = self._make_room() + self._admit() if self.waiting or self.memory.grow else 0.0
        if self.prefilling:
            self._prefill_step(transfer)
        else:
            self._decode_steps(limit, transfer)
        return self._complete()

    def _generated(self, request: int) -> int:
        return (
            self.done[request] + self.steps - self.joined[request]
            if request in self.joined
            else self.done.get(request, 0)
        )

    def _admit(self) -> float:
        """Take the oldest that fit; returns seconds to bring swapped ones back."""
        policy, memory, seconds = self.policy, self.memory, 0.0
        while self.waiting and len(self.order) < policy.max_sequences:
            request = self.waiting[0]
            done = self.done.get(request, 0)
            need = memory.needed(self.inputs[request] + done, self.outputs[request] - done)
            if self.used + need > self.capacity:
                break
            self.waiting.popleft()
            self.used += need
            self.reserved[request] = need
            self.order[request] = None
            self.started.setdefault(request, self.now)
            if request in self.swapped:
                self.swapped.remove(request)
                seconds += memory.held(self.inputs[request] + done) * self.swap_seconds
                self._decode(request)
            else:
                self.prefilling.append([request, self.inputs[request] + done])
        return seconds

    def _make_room(self) -> float:
        """In grow mode, preempt the newest until the others can take a step; returns seconds to swap out."""
        seconds = 0.0
        if not self.memory.grow:
            return seconds
        while (self._room_after(1)) > self.capacity:
            newest, _ = self.order.popitem()
            self.preemptions += 1
            self.waiting.appendleft(newest)
            if newest not in self.joined:
                self.prefilling = [entry for entry in self.prefilling if entry[0] != newest]
                continue
            done = self.done[newest] = self._generated(newest)
            del self.joined[newest]
            self.decoding = [entry for entry in self.decoding if entry[1] != newest]
            heapify(self.decoding)
            if self.policy.preempt == "swap":
                self.swapped.add(newest)
                seconds += self.memory.held(self.inputs[newest] + done) * self.swap_seconds
        self._count()
        self.used = self._room_after(1)
        return seconds

    def _room_after(self, steps: int) -> int:
        """Room that what runs will take after so many steps of decoding."""
        held, total = self.memory.held, 0
        for request in self.order:
            tokens = self.inputs[request] + self._generated(request)
            total += held(tokens + (steps if request in self.joined else 1))
        return total

    def _decode(self, request: int) -> None:
        """The request, with its prompt computed or brought back, decodes from the next step on."""
        self.joined[request] = self.steps
        heappush(self.decoding, (self.steps + self.outputs[request] - self.done[request], request))
        self.read += self._reach(self.inputs[request] + self.done[request])

    def _reach(self, tokens: int) -> int:
        return tokens if self.memory.window is None else min(tokens, self.memory.window)

    def _prefill_step(self, transfer: float) -> None:
        """One step in which prompts are computed, at most `chunk` tokens of them, beside the decoding."""
        left = self.policy.chunk
        if left is None:
            computed = sum(entry[1] for entry in self.prefilling)
            ready = [entry[0] for entry in self.prefilling]
            self.prefilling = []
        else:
            computed, ready = 0, []
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
        self._advance(self.cost.seconds(len(self.decoding), self.read, computed) + transfer, 1)
        self.tokens += len(ready)
        for request in ready:
            self.first_token.setdefault(request, self.now)
            self.done[request] = self.done.get(request, 0) + 1
            self._decode(request)

    def _decode_steps(self, limit: float, transfer: float) -> None:
        """As many steps as end alike: up to the next completion, arrival, full window or full memory."""
        count, cost = len(self.decoding), self.cost
        first = cost.s0 + cost.s1 * count + cost.s2 * self.read  # seconds of the first of these steps
        steps, growing = self.decoding[0][0] - self.steps, count
        if self.each:
            steps, growing = self._before_a_change(steps)
        more = cost.s2 * growing  # each step takes so much longer than the one before
        if limit < math.inf and not self.waiting and len(self.order) < self.policy.max_sequences:
            steps = min(steps, _steps_to(limit - self.now - transfer, first, more))
        self._advance(first * steps + more * (steps * (steps - 1) // 2) + transfer, steps)

    def _before_a_change(self, steps: int) -> tuple[int, int]:
        """At most so many steps until a window is full or memory may be; and how many sequences grow."""
        memory, growing = self.memory, len(self.joined)
        if memory.window is not None:
            room = [memory.window - self.inputs[r] - self._generated(r) for r in self.joined]
            open_windows = [n for n in room if n > 0]
            growing, steps = len(open_windows), min([steps, *open_windows])
        if memory.grow and growing and self.capacity < math.inf:
            free = self.capacity - self._room_after(0)
            steps = min(steps, max(1, free // growing // memory.block * memory.block))
        return steps, growing

    def _advance(self, seconds: float, steps: int) -> None:
        self.now += seconds
        self.busy += seconds
        self.steps += steps
        generated = steps * len(self.decoding)
        self.tokens += generated
        self.read += generated
        if self.each:
            self._count()

    def _count(self) -> None:
        """What the next step reads, and the room in use, where they do not simply grow."""
        self.read = sum(self._reach(self.inputs[r] + self._generated(r)) for r in self.joined)
        if self.memory.grow:
            self.used = self._room_after(0)

    def _complete(self) -> list[int]:
        if self.used > self.peak:
            self.peak = self.used
        ended = []
        if not self.decoding or self.decoding[0][0] > self.steps:
            return ended
        while self.decoding and self.decoding[0][0] <= self.steps:
            request = heappop(self.decoding)[1]
            ended.append(request)
            self.finished[request] = self.now
            del self.order[request]
            tokens = self.inputs[request] + self.outputs[request]
            self.read -= self._reach(tokens)
            del self.done[request]
            del self.joined[request]
            if not self.memory.grow:
                self.used -= self.reserved[request]
        if ended and self.memory.grow:
            self.used = self._room_after(0)
        return ended


def _steps_to(seconds: float, first: float, more: float) -> int:
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

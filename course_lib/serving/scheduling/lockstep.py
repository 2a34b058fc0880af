"""What runs together on one place of a cluster: all get a token per step, newcomers join between steps."""

import math

from course_lib.serving.cost import StepCost


class Lockstep:
    """Continuous batching on one place, with its clock at a step's boundary: `now`, seconds.

    Whole steps that have ended are taken when the clock is asked to `advance`; nothing is decided here. A
    request joins with its prompt computed in the step that follows, which gives its first token, and stops
    after as many tokens as it was let in for.
    """

    def __init__(self, cost: StepCost):
        self.cost = cost.in_ticks()
        self.now = self.busy = 0.0
        self.steps = 0
        self.read = 0  # KV tokens that the next step reads
        self.joining: dict[int, tuple[int, int]] = {}  # request -> tokens to compute, tokens to generate
        self.fresh: dict[int, tuple[int, int]] = {}  # those whose prompt is computed in the step up to `now`
        self.stops: dict[int, int] = {}  # decoding request -> step after which it stops
        self.offset: dict[int, int] = {}  # tokens in its cache, less the steps so far

    @property
    def idle(self) -> bool:
        """Whether nothing runs or is about to."""
        return not (self.stops or self.fresh or self.joining)

    def next_event(self) -> float:
        """When the place must be looked at next, if nobody joins; infinite when it is idle."""
        if self.fresh or self.joining:
            return self.now
        if not self.stops:
            return math.inf
        return self.now + self._seconds(min(self.stops.values()) - self.steps)

    def advance(self, to: float) -> None:
        """Take the whole decoding steps that have ended by `to`."""
        if self.stops and not self.fresh and self.now < to:
            self._take(min(self._whole_steps(to - self.now), min(self.stops.values()) - self.steps))

    def join(self, request: int, now: float, compute: int, generate: int) -> float:
        """Let a request in at the next boundary, whose time is returned; `compute` tokens of prompt first."""
        if self.idle:
            self.now = now
        elif self.stops and not self.fresh and self.now < now:
            self._take(1)
        self.joining[request] = (compute, generate)
        return self.now

    def settle(self, now: float) -> tuple[list[int], list[int]]:
        """At a boundary: requests that have just had their first token, and those that stop here.

        These must then `leave` or `stay`.
        """
        self.advance(now)
        fresh = list(self.fresh)
        for request, (computed, generate) in self.fresh.items():
            self.stops[request] = self.steps + generate - 1
            self.offset[request] = computed + 1 - self.steps
            self.read += computed + 1
        self.fresh = {}
        return fresh, sorted(r for r, step in self.stops.items() if step <= self.steps)

    def stay(self, request: int, generate: int) -> None:
        """A request that stops here goes on for so many tokens more; its cache is still there."""
        self.stops[request] = self.steps + generate

    def leave(self, request: int) -> None:
        """A request goes, at a boundary."""
        if request in self.joining:
            del self.joining[request]
            return
        del self.stops[request]
        self.read -= self.offset.pop(request) + self.steps

    def begin(self, now: float) -> bool:
        """Start the step that computes the newcomers' prompts, if this is their boundary; whether it is."""
        if not self.joining or self.fresh or self.now > now:
            return not self.joining
        compute = sum(tokens for tokens, _ in self.joining.values())
        cost = self.cost
        seconds = cost.s0 + cost.s1 * len(self.stops) + cost.s2 * self.read + cost.p0 + cost.p1 * compute
        self._count(1, seconds)
        self.fresh, self.joining = self.joining, {}
        return True

    def steps_left(self, request: int) -> int:
        """Tokens until the request stops, by the steps taken so far; of one whose prompt is computed, all."""
        for waiting in (self.joining, self.fresh):
            if request in waiting:
                return waiting[request][1]
        return self.stops[request] - self.steps

    def _seconds(self, steps: int) -> float:
        """Seconds of so many decoding steps from now on, each of which reads a token more a sequence."""
        count, cost = len(self.stops), self.cost
        first = cost.s0 + cost.s1 * count + cost.s2 * self.read
        return first * steps + cost.s2 * count * (steps * (steps - 1) // 2)

    def _whole_steps(self, seconds: float) -> int:
        """The most decoding steps that end within so many seconds."""
        first, more = self._seconds(1), self.cost.s2 * len(self.stops)
        if first > seconds:
            return 0
        if more:
            lead = first - more / 2
            steps = int((math.sqrt(lead * lead + 2 * more * seconds) - lead) / more)
        else:
            steps = int(seconds / first)
        # The root is rounded; the sums themselves are exact.
        while steps and self._seconds(steps) > seconds:
            steps -= 1
        while self._seconds(steps + 1) <= seconds:
            steps += 1
        return steps

    def _take(self, steps: int) -> None:
        if steps:
            self._count(steps, self._seconds(steps))

    def _count(self, steps: int, seconds: float) -> None:
        self.now += seconds
        self.busy += seconds
        self.steps += steps
        self.read += steps * len(self.stops)

"""The simulator's semantics once more, token by token and without any cleverness."""

import math

import numpy as np

from course_lib.serving import Continuous, Greedy, Memory, Static, StepCost, Timeout, Trace
from course_lib.serving.cost import whole_ticks


class Request:
    def __init__(self, number, trace):
        self.number = number
        self.input, self.output = int(trace.input_tokens[number]), int(trace.output_tokens[number])
        self.delay = whole_ticks(float(trace.arrival[number]))
        self.before = -1 if trace.after is None else int(trace.after[number])
        self.queued = self.delay if self.before < 0 else math.nan
        self.started = self.first = self.finished = math.nan
        self.generated, self.to_prefill, self.swapped = 0, 0, False

    def reads(self, memory):
        tokens = self.input + self.generated
        return tokens if memory.window is None else min(tokens, memory.window)


def _room(memory, tokens):
    if memory.window is not None:
        tokens = min(tokens, memory.window)
    return math.ceil(tokens / memory.block) * memory.block


def serve(trace: Trace, policy, cost: StepCost, memory: Memory) -> dict[str, np.ndarray]:
    """Queued, started, first_token and finished of each request, and the engine's busy time."""
    requests = [Request(i, trace) for i in range(len(trace))]
    run = _continuous if isinstance(policy, Continuous) else _batches
    busy = run(requests, policy, cost.in_ticks(), memory)
    columns = {"queued": "queued", "started": "started", "first_token": "first", "finished": "finished"}
    found = {name: np.array([getattr(r, attribute) for r in requests]) for name, attribute in columns.items()}
    return found | {"busy": busy}


def _arrivals(requests, taken, now):
    new = [r for r in requests if r.queued <= now and r.number not in taken]
    taken.update(r.number for r in new)
    return sorted(new, key=lambda r: (r.queued, r.number))


def _next(requests, taken):
    return min(
        (r.queued for r in requests if r.number not in taken and not math.isnan(r.queued)), default=math.inf
    )


def _end(request, requests, now):
    request.finished = now
    for other in requests:
        if other.before == request.number:
            other.queued = now + other.delay


def _continuous(requests, policy, cost, memory):
    now = busy = 0.0
    waiting, running, taken = [], [], set()
    swap = whole_ticks(memory.token_bytes / memory.swap_rate)
    while True:
        waiting += _arrivals(requests, taken, now)
        if not waiting and not running:
            if _next(requests, taken) == math.inf:
                return busy
            now = _next(requests, taken)
            continue
        transfer = 0.0
        if memory.grow:
            while sum(_room(memory, r.input + r.generated + 1) for r in running) > memory.capacity:
                newest = running.pop()
                if policy.preempt == "swap" and not newest.to_prefill:
                    newest.swapped = True
                    transfer += _room(memory, newest.input + newest.generated) * swap
                waiting.insert(0, newest)
            used = sum(_room(memory, r.input + r.generated + 1) for r in running)
        else:
            used = sum(_room(memory, max(memory.reserve or 0, r.input + r.output)) for r in running)
        while waiting and len(running) < policy.max_sequences:
            r = waiting[0]
            need = _room(
                memory,
                r.input + r.generated + 1 if memory.grow else max(memory.reserve or 0, r.input + r.output),
            )
            if used + need > memory.capacity:
                break
            used += need
            running.append(waiting.pop(0))
            if math.isnan(r.started):
                r.started = now
            if r.swapped:
                r.swapped = False
                transfer += _room(memory, r.input + r.generated) * swap
            else:
                r.to_prefill = r.input + r.generated
        decoding = [r for r in running if not r.to_prefill]
        left, prefilled = policy.chunk or math.inf, 0
        for r in running:
            if r.to_prefill and left:
                part = int(min(left, r.to_prefill))
                r.to_prefill -= part
                left -= part
                prefilled += part
        step = cost.seconds(len(decoding), sum(r.reads(memory) for r in decoding), prefilled) + transfer
        now += step
        busy += step
        for r in list(running):
            if r.to_prefill:
                continue
            r.generated += 1
            if r.generated == 1:
                r.first = now
            if r.generated == r.output:
                running.remove(r)
                _end(r, requests, now)


def _batches(requests, policy, cost, memory):
    now = busy = 0.0
    waiting, taken = [], set()
    while True:
        waiting += _arrivals(requests, taken, now)
        upcoming = _next(requests, taken)
        if not waiting:
            if upcoming == math.inf:
                return busy
            now = upcoming
            continue
        full = len(waiting) >= policy.batch
        if isinstance(policy, Static) and not full:
            if upcoming == math.inf:
                return busy
            now = upcoming
            continue
        if isinstance(policy, Timeout) and not full:
            deadline = waiting[0].queued + whole_ticks(policy.seconds)
            if now < deadline:
                now = min(deadline, upcoming)
                continue
        batch, room = [], memory.capacity
        while waiting and len(batch) < policy.batch:
            room -= _room(memory, max(memory.reserve or 0, waiting[0].input + waiting[0].output))
            if room < 0:
                break
            batch.append(waiting.pop(0))
        assert isinstance(policy, Greedy | Static | Timeout)
        step = cost.seconds(0, 0, sum(r.input for r in batch))
        for r in batch:
            r.started, r.first, r.generated = now, now + step, 1
        while True:
            now += step
            busy += step
            for r in batch:
                if r.generated == r.output:
                    _end(r, requests, now)
            if all(r.generated >= r.output for r in batch):
                break
            step = cost.seconds(len(batch), sum(r.reads(memory) for r in batch))
            for r in batch:
                r.generated += 1

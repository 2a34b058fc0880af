"""Continuous batching where nothing is preempted, cut short or forgotten: the engine's rules in one loop.

Room is reserved, prompts are computed whole and every token is read, so a sequence is a place in a heap from
its admission to its end. Most simulations are of this kind, and take a third of the time that the methods of
`Engine` need for the same bits.
"""

import math
from heapq import heappop, heappush

from course_lib.serving.arrivals import Arrivals
from course_lib.serving.engine import Engine, steps_to


def serve(engine: Engine, arrivals: Arrivals) -> None:
    """Serve all arrivals with an engine that is `plain` and has no chunk; what happens is written into it."""
    inputs, outputs, rooms, n = engine.inputs, engine.outputs, engine.rooms, engine.n
    started, first_token, finished = engine.started, engine.first_token, engine.finished
    (s0, s1, s2), (p0, p1) = engine.step_cost, engine.prompt_cost
    seats, capacity, waiting, decoding = engine.seats, engine.capacity, engine.waiting, engine.decoding
    now = busy = 0.0
    steps = tokens = peak = used = read = running = 0
    upcoming = arrivals.upcoming
    while True:
        if not running and not waiting and upcoming > now:
            if upcoming == math.inf:
                break
            now = upcoming
        if upcoming <= now:
            waiting += arrivals.until(now)
            upcoming = arrivals.upcoming
        seconds = s0 + s1 * running + s2 * read
        admitted, prompts = [], 0
        while waiting and running + len(admitted) < seats:
            request = waiting[0]
            if used + rooms[request] > capacity:
                break
            waiting.popleft()
            used += rooms[request]
            started[request] = now
            prompts += inputs[request]
            admitted.append(request)
        if admitted:
            seconds = seconds + p0 + p1 * prompts
            now += seconds
            busy += seconds
            steps += 1
            tokens += running + len(admitted)
            read += running + prompts + len(admitted)
            for request in admitted:
                first_token[request] = now
                heappush(decoding, (steps + outputs[request] - 1) * n + request)
            running = len(decoding)
            if used > peak:
                peak = used
        else:
            ahead = decoding[0] // n - steps
            more = s2 * running  # each step takes so much longer than the one before
            if not waiting and running < seats and upcoming < math.inf:
                ahead = min(ahead, steps_to(upcoming - now, seconds, more))
            seconds = seconds * ahead + more * (ahead * (ahead - 1) // 2)
            now += seconds
            busy += seconds
            steps += ahead
            generated = ahead * running
            tokens += generated
            read += generated
        due = (steps + 1) * n  # what stands in the heap below it has ended
        while running and decoding[0] < due:
            request = heappop(decoding) % n
            running -= 1
            finished[request] = now
            read -= inputs[request] + outputs[request]
            used -= rooms[request]
            if arrivals.after:
                arrivals.completed(request, now)
                upcoming = arrivals.upcoming
    engine.now, engine.busy, engine.steps, engine.tokens, engine.peak = now, busy, steps, tokens, peak

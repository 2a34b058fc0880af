"""One engine serves a trace."""

import math
from typing import get_args

import numpy as np

from course_lib.arguments import a, or_none, takes
from course_lib.notebook.reference import reference
from course_lib.serving import plain
from course_lib.serving.arrivals import Arrivals
from course_lib.serving.batches import Batches
from course_lib.serving.cost import StepCost
from course_lib.serving.engine import Engine
from course_lib.serving.memory import Memory
from course_lib.serving.policy import Continuous, Policy
from course_lib.serving.result import Result
from course_lib.serving.trace import Trace


@reference("Q7.2, Q7.3 and Q7.4")
@takes(trace=a(Trace), policy=a(*get_args(Policy)), cost=a(StepCost), memory=or_none(a(Memory)))
def simulate(trace: Trace, policy: Policy, cost: StepCost, memory: Memory | None = None) -> Result:
    """Serve `trace` under `policy`; without `memory`, room is unlimited.

    First come, first served; no idle engine while a request that may be served waits. Nothing is random
    here: the same arguments give the same bits. Raises ValueError for a request that can never fit.
    """
    memory = memory or Memory()
    inputs, outputs = trace.input_tokens.tolist(), trace.output_tokens.tolist()
    check_room(trace, memory)
    arrivals = Arrivals(trace)
    if isinstance(policy, Continuous):
        engine = Engine(policy, cost, memory, inputs, outputs)
        if engine.plain and policy.chunk is None:
            plain.serve(engine, arrivals)
        else:
            _serve(engine, arrivals)
    else:
        engine = Batches(policy, cost, memory, inputs, outputs)
        engine.serve(arrivals)
    moments = (arrivals.time, engine.started, engine.first_token, engine.finished)
    return Result(
        *(np.array(times) for times in moments),
        trace.input_tokens, trace.output_tokens, engine.busy, engine.steps, engine.tokens,
        engine.padding, engine.preemptions, engine.peak,
    )  # fmt: skip


def _serve(engine: Engine, arrivals: Arrivals) -> None:
    waiting, running = engine.waiting, engine.order
    while True:
        if arrivals.upcoming <= engine.now:
            waiting += arrivals.until(engine.now)
        if not waiting and not running:
            if arrivals.upcoming == math.inf:
                return
            engine.now = arrivals.upcoming
            continue
        ended = engine.step(arrivals.upcoming)
        if arrivals.after:
            for request in ended:
                arrivals.completed(request, engine.now)


def check_room(trace: Trace, memory: Memory) -> None:
    """Raise ValueError for the largest request when it finds no room even alone."""
    request = int((trace.input_tokens + trace.output_tokens).argmax())
    needed = memory.reserved(int(trace.input_tokens[request]), int(trace.output_tokens[request]))
    if needed > memory.capacity:
        raise ValueError(
            f"room is too small: request {request} needs {needed:,} tokens, {memory.capacity:,.0f} fit"
        )

"""The engine that jumps equals one that takes every step, and its runs keep their invariants."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.serving import Continuous, Greedy, Memory, Static, StepCost, Timeout, Trace, simulate
from tests.course_lib.serving import oracle

times = st.floats(0, 3, allow_subnormal=False)
lengths = st.integers(1, 40)
costs = st.builds(
    StepCost,
    st.floats(1e-4, 0.1),
    *[st.one_of(st.just(0.0), st.floats(1e-6, 0.01)) for _ in range(4)],
)
policies = st.one_of(
    st.builds(Greedy, st.integers(1, 6)),
    st.builds(Static, st.integers(1, 6)),
    st.builds(Timeout, st.integers(1, 6), st.floats(0, 2)),
    st.builds(
        Continuous,
        st.integers(1, 6),
        st.one_of(st.none(), st.integers(1, 30)),
        st.sampled_from(["recompute", "swap"]),
    ),
)


@st.composite
def memories(draw):
    grow = draw(st.booleans())
    return Memory(
        room=draw(st.one_of(st.just(np.inf), st.integers(84, 300))),
        block=draw(st.sampled_from([1, 1, 4])),
        grow=grow,
        reserve=None if grow else draw(st.one_of(st.none(), st.integers(1, 80))),
        window=draw(st.one_of(st.none(), st.integers(1, 50))),
        swap_rate=draw(st.sampled_from([np.inf, 1e4])),
    )


@st.composite
def traces(draw):
    n = draw(st.integers(1, 14))
    columns = [np.array(draw(st.lists(lengths, min_size=n, max_size=n))) for _ in "io"]
    arrival = draw(st.lists(times, min_size=n, max_size=n))
    if draw(st.booleans()):
        after = np.array([draw(st.integers(-1, i - 1)) for i in range(n)])
        return Trace(np.array(arrival), *columns, after)
    return Trace(np.sort(arrival), *columns)


@given(traces(), policies, costs, memories())
@settings(max_examples=1000, deadline=None)
def test_the_engine_that_jumps_equals_every_step_taken_one_by_one_to_the_bit(trace, policy, cost, memory):
    _equals_each_step(trace, policy, cost, memory)


@given(
    traces(),
    st.builds(Continuous, st.integers(1, 6)),
    costs,
    st.builds(Memory, st.one_of(st.just(np.inf), st.integers(84, 300)), block=st.sampled_from([1, 4])),
)
@settings(max_examples=200, deadline=None)
def test_the_loop_where_nothing_is_preempted_equals_every_step_to_the_bit(trace, policy, cost, memory):
    """Of the examples above one in thirty is of this kind, which has a loop of its own.

    A window that nobody fills changes nothing but the loop that is taken: steps and tokens are as many.
    """
    _equals_each_step(trace, policy, cost, memory)
    one, other = (simulate(trace, policy, cost, m) for m in (memory, replace(memory, window=10_000)))
    for name in ("busy", "steps", "tokens", "padding", "preemptions", "peak"):
        assert getattr(one, name) == getattr(other, name), name


def _equals_each_step(trace, policy, cost, memory):
    expected = oracle.serve(trace, policy, cost, memory)
    result = simulate(trace, policy, cost, memory)
    for name in ("queued", "started", "first_token", "finished"):
        np.testing.assert_array_equal(getattr(result, name), expected[name], err_msg=name)
    assert result.busy == expected["busy"]
    result.check()
    assert result.peak <= memory.capacity

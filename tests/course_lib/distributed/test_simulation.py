"""A schedule is played as an independent solver of its constraints plays it, and ends or is refused."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import seeds
from course_lib.distributed.schedules import KINDS, schedule
from course_lib.distributed.simulation import finish, simulate
from tests.course_lib.distributed.torch_schedules import order_at_runtime

times = st.integers(0, 6)


def relaxed(orders, forward, backward, message):
    """Operations' starts by Bellman-Ford, raised until no constraint is broken; None if that never ends."""
    seconds = {"F": forward, "B": backward}
    operations = [(s, *operation) for s, order in enumerate(orders) for operation in order]
    edges = []
    for s, order in enumerate(orders):
        edges += [((s, *a), (s, *b), seconds[a[0]][s]) for a, b in itertools.pairwise(order)]
    for s, kind, m in operations:
        before = (s - 1, "F", m) if kind == "F" else (s + 1, "B", m)
        if kind == "B" and s == len(orders) - 1:
            edges.append(((s, "F", m), (s, kind, m), forward[s]))
        elif before[0] >= 0:
            edges.append((before, (s, kind, m), seconds[kind][before[0]] + message))
    start = dict.fromkeys(operations, 0)
    for _ in range(len(operations) + 1):
        moved = False
        for a, b, length in edges:
            if a not in start:
                return None
            if start[a] + length > start[b]:
                start[b], moved = start[a] + length, True
        if not moved:
            return [[start[s, *operation] for operation in order] for s, order in enumerate(orders)]
    return None


def kept_at_any_time(orders, starts, forward, backward):
    """Most microbatches under way at the moment at which any operation starts."""
    most = []
    for s, order in enumerate(orders):
        at = dict(zip(order, starts[s], strict=True))
        spans = [(at["F", m], at["B", m] + backward[s]) for kind, m in order if kind == "F"]
        most.append(max(sum(a <= t < b for a, b in spans) for t in starts[s]))
    return most


@st.composite
def pipelines(draw, stages=4, microbatches=6):
    stages, microbatches = draw(st.integers(1, stages)), draw(st.integers(1, microbatches))
    row = st.lists(st.integers(1, 6), min_size=stages, max_size=stages)
    return stages, microbatches, draw(row), draw(row), draw(st.integers(0, 3))


@given(pipelines(), st.sampled_from(KINDS))
def test_starts_idle_and_kept_are_those_of_an_independent_solver(pipeline, kind):
    stages, microbatches, forward, backward, message = pipeline
    orders = schedule(stages, microbatches, kind)
    starts, idle, kept = simulate(orders, forward, backward, message)
    assert starts == relaxed(orders, forward, backward, message)
    end = finish(orders, starts, forward, backward)
    work = microbatches * (sum(forward) + sum(backward))
    assert idle == pytest.approx(1 - work / (stages * end))
    assert kept == kept_at_any_time(orders, starts, forward, backward)
    expected = [microbatches if kind == "gpipe" else min(microbatches, stages - s) for s in range(stages)]
    assert kept == expected


@given(st.data())
def test_any_orders_are_played_or_refused_as_the_solver_says(data):
    stages, microbatches = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    whole = [(kind, m) for kind in "FB" for m in range(microbatches)]
    orders = [list(data.draw(st.permutations(whole))) for _ in range(stages)]
    # Most such orders wait for each other; forward before backward at each stage lets more of them end.
    if data.draw(st.booleans()):
        orders = [sorted(order, key=lambda operation: operation[0] == "B") for order in orders]
    message = data.draw(st.integers(1, 2))
    expected = relaxed(orders, [1] * stages, [2] * stages, message)
    if expected is None:
        with pytest.raises(ValueError, match=r"^the schedule never ends: [FB]\d of stage \d waits for"):
            simulate(orders, 1, 2, message)
    else:
        assert simulate(orders, 1, 2, message).starts == expected


@pytest.mark.parametrize("kind", KINDS)
def test_torchs_runtime_orders_take_as_long(kind):
    for stages, microbatches in ((1, 3), (2, 5), (4, 8), (5, 5)):
        orders = [order_at_runtime(kind, stage, stages, microbatches) for stage in range(stages)]
        bubble = (stages - 1) / (microbatches + stages - 1)
        assert simulate(orders, 1, 2, 0).idle == pytest.approx(bubble)  # Huang et al. 2019, section 2.3


def lasts(kind, stages, microbatches, forward, backward, message=0):
    orders = schedule(stages, microbatches, kind)
    return finish(orders, simulate(orders, forward, backward, message).starts, forward, backward)


def test_with_free_messages_1f1b_is_never_slower_and_can_be_much_faster():
    random, shares = seeds.stream("tests", "unequal pipelines"), []
    for _ in range(1000):
        stages, microbatches = int(random.integers(2, 7)), int(random.integers(1, 17))
        forward, backward = random.integers(1, 20, (2, stages)).tolist()
        one, other = (lasts(kind, stages, microbatches, forward, backward) for kind in ("1f1b", "gpipe"))
        shares.append(one / other)
    assert max(shares) <= 1
    assert min(shares) < 0.8


def test_with_messages_of_half_a_forward_1f1b_is_the_slower_one():
    assert lasts("gpipe", 4, 16, 1, 2, 0.5) == 60
    assert lasts("1f1b", 4, 16, 1, 2, 0.5) == 71


@settings(max_examples=30)
@given(pipelines(), st.sampled_from(KINDS), st.integers(1, 3))
def test_longer_messages_never_make_a_schedule_faster(pipeline, kind, more):
    stages, microbatches, forward, backward, message = pipeline
    fast = lasts(kind, stages, microbatches, forward, backward, message)
    assert lasts(kind, stages, microbatches, forward, backward, message + more) >= fast


def test_forward_alone_may_be_played():
    starts, idle, kept = simulate([[("F", 0), ("F", 1)], [("F", 0), ("F", 1)]], 2, 9, 1)
    assert (starts, idle, kept) == ([[0, 2], [3, 5]], 1 - 8 / 14, [2, 2])


def test_work_of_no_seconds_is_no_idleness():
    assert simulate(schedule(2, 2, "gpipe"), 0, 0, 0).idle == 0


@pytest.mark.parametrize(
    ("orders", "line"),
    [
        ([], "orders must hold"),
        ([[], []], "at least one operation"),
        ([[("X", 0)]], "an operation is"),
        ([[("F", 0, 1)]], "an operation is"),
        ([[("F", -1)]], "microbatch must be at least 0"),
        ([[("F", 0.5)]], "microbatch must be a whole number"),
        ([[("F", 0), ("F", 0)]], "F0 comes twice at stage 0"),
        ([[("B", 0)]], "B0 of stage 0 waits for F0 of stage 0"),
        ([[("F", 0)], [("F", 1)]], "F1 of stage 1 waits for F1 of stage 0"),
    ],
)
def test_orders_that_make_no_sense_are_refused_in_one_line(orders, line):
    with pytest.raises(ValueError, match=line) as refused:
        simulate(orders, 1, 1, 0)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"forward": -1}, "forward must be at least 0"),
        ({"backward": math.nan}, "backward must be at least 0"),
        ({"message": math.inf}, "message must be at least 0 and finite"),
        ({"forward": [1]}, "forward must be one number, or one for each of 2 stages"),
        ({"backward": [1, -1]}, "backward must be at least 0"),
    ],
)
def test_times_that_make_no_sense_are_refused_in_one_line(change, line):
    right = {"forward": 1, "backward": 2, "message": 0}
    with pytest.raises(ValueError, match=line):
        simulate(schedule(2, 2, "gpipe"), **(right | change))

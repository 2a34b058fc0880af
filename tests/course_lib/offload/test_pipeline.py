"""The schedule against a simulation by events, every chain of works that wait, and Johnson's closed form."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.offload.pipeline import Schedule, saved_share, schedule

TIMES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=7)
BUFFERS = st.sampled_from([1, 2, 3, None])


def simulated(transfers, computes, buffers):
    """End of the last compute, moment by moment: two workers and a count of empty buffers."""
    empty = len(transfers) if buffers is None else buffers
    now, copied, computed = 0, 0, 0  # layers whose copy or compute has ended
    copying = computing = None  # when the one at work ends
    while computed < len(transfers):
        if copying is None and copied < len(transfers) and empty:
            empty -= 1
            copying = now + transfers[copied]
        if computing is None and computed < copied:
            computing = now + computes[computed]
        now = min(end for end in (copying, computing) if end is not None)
        if copying == now:
            copying, copied = None, copied + 1
        if computing == now:
            computing, computed, empty = None, computed + 1, empty + 1
    return now


def longest_path(transfers, computes, buffers):
    """The longest chain of works that wait for each other, of all chains from the first copy."""
    n = len(transfers)
    after = {}
    for i in range(n):
        after["copy", i] = [("compute", i)] + [("copy", i + 1)] * (i + 1 < n)
        after["compute", i] = [("compute", i + 1)] * (i + 1 < n)
        if buffers is not None and i + buffers < n:
            after["compute", i].append(("copy", i + buffers))

    def longest(work):
        own = (transfers if work[0] == "copy" else computes)[work[1]]
        return own + max(map(longest, after[work]), default=0)

    return longest(("copy", 0))


@settings(max_examples=200, deadline=None)
@given(TIMES, BUFFERS)
def test_end_is_exactly_that_of_a_simulation_and_of_the_longest_path(times, buffers):
    transfers, computes = zip(*times, strict=True)
    seconds = schedule(transfers, computes, buffers).seconds
    assert seconds == simulated(transfers, computes, buffers) == longest_path(transfers, computes, buffers)


@settings(max_examples=100, deadline=None)
@given(TIMES)
def test_unlimited_buffers_are_the_flow_shop_of_two_machines(times):
    a, b = zip(*times, strict=True)
    closed = max(sum(a[: k + 1]) + sum(b[k:]) for k in range(len(a)))
    assert schedule(a, b).seconds == schedule(a, b, len(a)).seconds == closed


@settings(max_examples=100, deadline=None)
@given(TIMES, st.integers(1, 6))
def test_one_buffer_is_all_in_turn_and_more_buffers_never_slow_down(times, buffers):
    a, b = zip(*times, strict=True)
    assert schedule(a, b, 1).seconds == sum(a) + sum(b)
    assert schedule(a, b, buffers + 1).seconds <= schedule(a, b, buffers).seconds
    assert schedule(a, b, buffers).seconds >= max(sum(a) + b[-1], a[0] + sum(b))


@settings(max_examples=60, deadline=None)
@given(TIMES, BUFFERS)
def test_no_start_is_later_than_what_it_waits_for(times, buffers):
    a, b = zip(*times, strict=True)
    result = schedule(a, b, buffers)
    for i in range(len(a)):
        freed = result.computes[i - buffers, 1] if buffers and i >= buffers else 0
        assert result.copies[i, 0] == max(freed, result.copies[i - 1, 1] if i else 0)
        assert result.computes[i, 0] == max(result.copies[i, 1], result.computes[i - 1, 1] if i else 0)


def test_equal_layers_show_one_transfer_or_one_compute():
    for transfer, compute, n in product((1, 2, 5), (1, 2, 5), (1, 3, 8)):
        expected = n * max(transfer, compute) + min(transfer, compute)
        assert schedule([transfer] * n, [compute] * n, 2).seconds == expected


def test_durations_give_back_what_the_schedule_was_made_from():
    transfers, computes = schedule([0.5, 0.25], [1, 2], 2).durations
    assert (transfers, computes) == ([0.5, 0.25], [1, 2])


def test_no_layers_take_no_time():
    assert schedule([], []).seconds == 0 == Schedule(np.zeros((0, 2)), np.zeros((0, 2))).seconds


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1.0], [1.0, 2.0], 2), "1 for 2"),
        (([1.0, -1.0], [1.0, 2.0], 2), "at least 0"),
        (([1.0], [float("nan")], 2), "finite"),
        (([1.0], [1.0], 0), "one buffer"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        schedule(*arguments)


def test_saved_share_is_of_what_can_be_saved():
    assert saved_share(10, 7, 6) == 0.75
    assert saved_share(*map(Fraction, (10, 11, 6))) == Fraction(-1, 4)
    with pytest.raises(ValueError, match="nothing can be saved"):
        saved_share(6, 6, 6)

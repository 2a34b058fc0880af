"""Buckets that leave while the backward pass goes on: right gradients, and as much time saved as is said."""

import math

import pytest

from course_lib.distributed import overlap
from course_lib.distributed.buckets import buckets, step_time

NBYTES = overlap.tensor_bytes()
SECONDS = 0.4


def link_for(seconds):
    """One message with everything takes as long as the backward pass."""
    return {"latency": seconds / 100, "bandwidth": sum(NBYTES) / seconds}


LINK = link_for(SECONDS)


def run(ranks, limit, processes, seconds=SECONDS):
    plan, link = buckets(NBYTES, limit), link_for(seconds)
    return overlap.backward(ranks, plan, link, seconds=seconds, processes=processes)


def saved(run, seconds=SECONDS):
    return overlap.saved_share(run.seconds, overlap.ready_times(NBYTES, seconds), NBYTES, link_for(seconds))


@pytest.mark.parametrize("processes", [2, 4])
def test_nine_buckets_hide_most_of_the_messages_and_one_hides_nothing(ranks, processes):
    several, one = (run(ranks, sum(NBYTES) / parts, processes=processes) for parts in (8, 1))
    assert len(several.messages) in (8, 9)
    assert saved(several) >= 0.6
    assert saved(one) <= 0.15
    assert max(several.difference, one.difference) <= 1e-6


def test_a_message_for_each_tensor_saves_less_than_buckets_and_more_than_one(ranks):
    slow = 2 * SECONDS  # a busy machine wakes each of the 69 messages some milliseconds late
    each = run(ranks, 1, processes=2, seconds=slow)
    assert len(each.messages) == len(NBYTES)
    assert 0.05 <= saved(each, slow) <= 0.5
    assert each.difference <= 1e-6


def test_a_step_takes_what_step_time_says_of_the_measured_gradients(ranks):
    plan = buckets(NBYTES, sum(NBYTES) / 8)
    found = overlap.backward(ranks, plan, LINK, processes=2, seconds=SECONDS)
    assert found.seconds == pytest.approx(step_time(found.ready, NBYTES, plan, LINK), rel=0.05)
    assert found.ready == pytest.approx(overlap.ready_times(NBYTES, SECONDS), abs=0.05)
    for (_, end), (start, _) in zip(found.messages, found.messages[1:], strict=False):
        assert start >= end - 1e-9, "the link carries one at a time"


def test_without_a_pace_gradients_are_right_as_well(ranks):
    plan = buckets(NBYTES, sum(NBYTES) / 8)
    found = overlap.backward(ranks, plan, LINK | {"latency": 0.0, "bandwidth": 1e9}, seconds=None)
    assert found.difference <= 1e-6
    assert len(found.messages) == len(plan)


def test_paced_gradients_come_last_first_and_end_with_the_pass():
    ready = overlap.ready_times([1, 2, 1], 8.0)
    assert ready == [8.0, 6.0, 2.0]


def test_saved_share_is_one_when_all_is_hidden_and_none_for_one_message():
    link = {"latency": 1.0, "bandwidth": 1.0}
    assert overlap.saved_share(5.0, [5.0], [3.0], link) == 1
    assert overlap.saved_share(9.0, [5.0], [3.0], link) == 0


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"buckets": buckets(NBYTES, math.inf)[:-1]}, "buckets must hold all"),
        ({"buckets": [[0, 0]]}, "in two buckets"),
        ({"buckets": [list(range(1, len(NBYTES)))]}, r"buckets must hold all \d+ tensors"),
        ({"seconds": 0}, "seconds must be greater than 0"),
        ({"repeats": 0}, "repeats must be at least 1"),
        ({"processes": 9}, "processes must be at most 4"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_harms_nobody(ranks, options, line):
    right = {"buckets": buckets(NBYTES, math.inf), "link": LINK}
    with pytest.raises(ValueError, match=line):
        overlap.backward(ranks, **(right | options))
    fast = LINK | {"latency": 0.0, "bandwidth": 1e9}
    assert overlap.backward(ranks, right["buckets"], fast, seconds=None, repeats=1).difference <= 1e-6

"""Buckets are filled from the back, and the link carries one after the other."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.distributed.buckets import buckets, departures, step_time

sizes = st.lists(st.integers(0, 50), max_size=12)
link = st.fixed_dictionaries({"latency": st.sampled_from([0.0, 0.5, 3.0]), "bandwidth": st.integers(1, 20)})


@given(sizes, st.integers(1, 120))
def test_each_tensor_is_in_one_bucket_from_the_last_to_the_first(nbytes, limit):
    found = buckets(nbytes, limit)
    assert [number for bucket in found for number in bucket] == list(range(len(nbytes)))[::-1]
    for place, bucket in enumerate(found):
        total = sum(nbytes[number] for number in bucket)
        assert total <= limit or len(bucket) == 1
        if place + 1 < len(found):
            assert total + nbytes[found[place + 1][0]] > limit, "the next tensor would have fitted"


def test_without_a_limit_there_is_one_bucket():
    assert buckets([3, 4, 5], math.inf) == [[2, 1, 0]]
    assert buckets([], 1) == []


def carried_in_small_steps(ready, nbytes, plan, link, tick=1 / 64):
    """Play the link forward in time, a tick after the other, by whole ticks alone."""
    waiting, busy_until, now, last = list(plan), 0, 0, 0
    while waiting:
        if now >= busy_until and all(now * tick >= ready[number] for number in waiting[0]):
            seconds = link["latency"] + sum(nbytes[number] for number in waiting.pop(0)) / link["bandwidth"]
            busy_until = last = now + round(seconds / tick)
        now += 1
    return max([last * tick, *ready])


@given(st.data())
def test_a_step_takes_as_long_as_a_link_that_is_played_in_small_steps(data):
    nbytes = data.draw(st.lists(st.integers(0, 8), min_size=1, max_size=7))
    ready = data.draw(st.lists(st.integers(0, 12), min_size=len(nbytes), max_size=len(nbytes)))
    order = data.draw(st.permutations(range(len(nbytes))))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(nbytes)), max_size=3)) | {len(nbytes)})
    plan = [list(order[a:b]) for a, b in zip([0, *cuts], cuts, strict=False)]
    speed = {
        "latency": data.draw(st.sampled_from([0.0, 0.5])),
        "bandwidth": data.draw(st.sampled_from([1, 4])),
    }
    assert step_time(ready, nbytes, plan, speed) == carried_in_small_steps(ready, nbytes, plan, speed)


@given(sizes.filter(bool), link, st.integers(1, 100))
def test_no_plan_ends_before_the_backward_pass_and_its_last_message(nbytes, link, limit):
    ready = [float(len(nbytes) - number) for number in range(len(nbytes))]
    plan = buckets(nbytes, limit)
    seconds = step_time(ready, nbytes, plan, link)
    assert seconds >= max(ready) + link["latency"]
    assert seconds <= max(ready) + len(plan) * link["latency"] + sum(nbytes) / link["bandwidth"] + 1e-9
    one = step_time(ready, nbytes, buckets(nbytes, math.inf), link)
    assert one == pytest.approx(max(ready) + link["latency"] + sum(nbytes) / link["bandwidth"])


def test_a_bucket_waits_for_those_before_it_though_its_own_gradients_are_there():
    link = {"latency": 0.0, "bandwidth": 1.0}
    assert departures([0.0, 5.0], [1, 1], [[1], [0]], link) == [(5.0, 6.0), (6.0, 7.0)]


def test_without_buckets_a_step_is_the_backward_pass():
    assert step_time([2.0, 1.0], [1, 1], [], {"latency": 1, "bandwidth": 1}) == 2.0
    assert step_time([], [], [], {"latency": 1, "bandwidth": 1}) == 0.0


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"ready": [1.0]}, "ready, nbytes must have the same length"),
        ({"ready": [1.0, math.nan]}, "ready must hold finite"),
        ({"nbytes": [1, -1]}, "nbytes must hold"),
        ({"buckets": [[1], [1, 0]]}, "tensor 1 is in two buckets"),
        ({"buckets": [[2]]}, "tensor must be at most 1"),
        ({"buckets": [[1], []]}, r"buckets\[1\] must hold at least one"),
        ({"link": {"latency": 1}}, 'a link has "latency" and "bandwidth"'),
        ({"link": {"latency": 1, "bandwidth": 0}}, "bandwidth above 0"),
        ({"link": {"latency": -1, "bandwidth": 1}}, "latency must be at least 0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(change, line):
    right = {"ready": [2.0, 1.0], "nbytes": [1, 1], "buckets": [[1], [0]],
             "link": {"latency": 0, "bandwidth": 1}}  # fmt: skip
    with pytest.raises(ValueError, match=line):
        step_time(**(right | change))


@pytest.mark.parametrize("limit", [0, -1, math.nan])
def test_a_limit_below_anything_is_refused(limit):
    with pytest.raises(ValueError, match="limit must be greater than 0"):
        buckets([1], limit)

"""The prediction: in the cases that a child can compute."""

import pytest

from course_lib.costs.collectives import Network
from course_lib.costs.layouts import Layout
from course_lib.parallelism.job import Job
from course_lib.parallelism.prediction import predict

FREE = {2: Network(0, float("inf")), 4: Network(0, float("inf"))}
JOB = Job(layers=4, users=8, answer=10, layer_seconds=0.01)


@pytest.mark.parametrize(
    ("layout", "groups", "seconds", "idle"),
    [
        (Layout(), None, 0.4, 0),
        (Layout(replicas=4), None, 0.4, 0),
        (Layout(tensor=4), None, 0.1, 0),
        (Layout(pipeline=4), 1, 0.4, 0.75),
        (Layout(pipeline=4), 4, 0.43, 1 - 40 / 43),
        (Layout(pipeline=4), 8, 0.83, 1 - 80 / 83),
        (Layout(2, 1, 2), None, 0.42, 1 - 20 / 21),
    ],
)
def test_over_free_links_time_and_idle_share_are_those_of_the_schedule(layout, groups, seconds, idle):
    job = Job(layers=4, users=8, answer=10, layer_seconds=0.01, groups=groups)
    predicted = predict(job, layout, FREE)
    assert predicted.seconds == pytest.approx(seconds)
    assert predicted.idle == pytest.approx(idle, abs=1e-9)
    assert predicted.tokens_per_second == pytest.approx(80 / seconds)


def test_users_take_time_of_their_own_which_copies_share():
    job = Job(layers=4, users=8, answer=10, layer_seconds=0.01, user_seconds=0.01)
    assert predict(job, Layout(), FREE).seconds == pytest.approx(10 * 4 * 0.09)
    assert predict(job, Layout(replicas=4), FREE).seconds == pytest.approx(10 * 4 * 0.03)


def test_messages_take_latency_and_bandwidth():
    slow = {2: Network(1e-3, 1e6)}
    one = Job(layers=4, users=1, answer=10, layer_seconds=0.01, prompt=1)
    # Two shards: 8 sums a token of 256 bytes, each rank sending all of them once, and 1,024 bytes of logits.
    sums, logits = 8 * (2e-3 + 256e-6), 1e-3 + 512e-6
    assert predict(one, Layout(tensor=2), slow).seconds == pytest.approx(10 * (0.02 + sums + logits))
    assert predict(one, Layout(tensor=2), slow).sent_bytes == 10 * 2 * (8 * 256 + 512)
    assert predict(one, Layout(pipeline=2), slow).sent_bytes == 10 * 256 + 9 * 8


def test_without_a_speed_there_is_no_prediction():
    with pytest.raises(ValueError, match="layer_seconds"):
        predict(Job(), Layout(), FREE)

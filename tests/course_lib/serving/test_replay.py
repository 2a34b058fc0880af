"""Stretches of steps in a log, worked out by hand."""

import numpy as np
import pytest

from course_lib.serving import Continuous, Greedy, Timeout
from course_lib.serving.log import RequestLog
from course_lib.serving.replay import Replay

# Every step takes a second. The second request waits for the end of a step, then joins.
JOINED = RequestLog([0.0, 1.5], [1.0, 3.0], [4.0, 4.0], [10, 20], [4, 2])
# A batch of two, 0.5 s late; the shorter answer's seat is computed on. Then one alone.
BATCHES = RequestLog([0.0, 0.2, 0.4], [1.5, 1.5, 6.5], [2.5, 5.5, 7.5], [10, 20, 30], [2, 5, 2])


def test_stretches_of_continuous_batching():
    replay = Replay(JOINED, Continuous(8))
    np.testing.assert_array_equal(replay.ended, [1, 3, 4])
    np.testing.assert_array_equal(replay.seconds, [1, 2, 1])
    np.testing.assert_array_equal(replay.seats, [0, 1, 2])
    np.testing.assert_array_equal(
        replay.features(np.array([1, 2, 1])),
        [[1, 0, 0, 1, 10], [2, 2, 11 + 12, 1, 20], [1, 2, 13 + 21, 0, 0]],
    )


def test_in_a_batch_seats_of_answers_that_ended_are_computed_on():
    replay = Replay(BATCHES, Timeout(2, 0.5))
    np.testing.assert_array_equal(replay.seats, [0, 2, 2, 0, 1])
    np.testing.assert_array_equal(
        replay.features(np.array([1, 1, 3, 1, 1]))[:, 2], [0, 11 + 21, 12 + 13 + 14 + 22 + 23 + 24, 0, 31]
    )


@pytest.mark.parametrize(
    ("policy", "first"), [(Timeout(3, 0.5), 1.0), (Timeout(2, 0.5), 1.3), (Greedy(8), 1.3)]
)
def test_a_batch_begins_when_it_is_full_or_its_time_is_out(policy, first):
    np.testing.assert_allclose(Replay(BATCHES, policy).seconds, [first, 1, 3, 1, 1])


def test_tokens_that_came_out_almost_together_are_of_one_step():
    late = RequestLog([0.0, 1.5], [1.0, 3.0], [4.02, 4.06], [10, 20], [4, 2])
    np.testing.assert_allclose(Replay(late, Continuous(8)).ended, [1, 3, 4.04])
    apart = RequestLog([0.0, 1.5], [1.0, 3.0], [4.0, 5.0], [10, 20], [4, 3])
    np.testing.assert_allclose(Replay(apart, Continuous(8)).ended, [1, 3, 4, 5])

"""Ranks that share a batch find the gradient of one process, the wrong ways do not, and time is as paced."""

import math

import numpy as np
import pytest

from course_lib.distributed import data_parallel
from course_lib.distributed.averaging import average_gradients
from course_lib.ranks.processes import RankEnded, Ranks
from tests.course_lib.ranks.test_processes import LINUX, gone

BATCH, PACE = 16, 0.04


@pytest.fixture(scope="module")
def one(ranks):
    """One paced device."""
    return data_parallel.train(ranks, 1, steps=3, batch=BATCH, sequence_seconds=PACE)


@pytest.mark.parametrize("processes", [2, 4])
@pytest.mark.parametrize("sizes", [None, "equal", "one has nothing"])
def test_gradients_weighted_by_tokens_are_those_of_one_process(ranks, processes, sizes):
    sizes = {"equal": [4] * processes, "one has nothing": [3, 0, 5, 1][:processes]}.get(sizes)
    found = data_parallel.gradient_difference(ranks, processes=processes, sizes=sizes)
    assert found <= 1e-6
    assert found > 0 or 0 in sizes, "another order of sums rounds otherwise"


@pytest.mark.parametrize("processes", [2, 4])
@pytest.mark.parametrize("way", [way for way in data_parallel.WAYS if way != "by tokens"])
def test_every_wrong_way_is_far_off(ranks, processes, way):
    assert data_parallel.gradient_difference(ranks, way, processes=processes) > 0.05


def by_sequences(gradients, tokens):
    """A student's mistake: the same weight for each rank."""
    return [sum(parts) / len(parts) for parts in zip(*gradients, strict=True)]


def too_few(gradients, tokens):
    """Another one."""
    return gradients[0][1:]


def test_a_function_of_ones_own_makes_the_gradient_on_every_rank(ranks):
    assert data_parallel.gradient_difference(ranks, average_gradients_again) <= 1e-6
    mean = data_parallel.gradient_difference(ranks, "mean of means")
    assert data_parallel.gradient_difference(ranks, by_sequences) == pytest.approx(mean, rel=1e-3)


def average_gradients_again(gradients, tokens):
    """Uses the library's by its imported name."""
    return average_gradients(gradients, tokens)


def flattened(gradients, tokens):
    """And another."""
    return [part.reshape(-1) for part in gradients[0]]


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (too_few, r"too_few must return \d+ arrays, not \d+"),
        (flattened, r"flattened must return an array of shape \(64, 64\) for tensor 0, not \(4096,\)"),
    ],
)
def test_a_function_that_goes_wrong_is_told_in_one_line(function, line):
    ranks = Ranks(2, progress=False)
    pids = ranks.pids
    with pytest.raises(RankEnded, match=rf"^rank \d ended: ValueError: {line}$"):
        data_parallel.gradient_difference(ranks, function)
    assert gone(pids)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_training_on_several_ranks_goes_the_way_of_one_process(ranks, optimizer):
    runs = [data_parallel.train(ranks, processes, optimizer=optimizer) for processes in (1, 2, 4)]
    for run in runs[1:]:
        assert data_parallel.way_off(run, runs[0]) < 2e-3
        assert run.loss == pytest.approx(runs[0].loss, rel=1e-3)
        assert run.tokens == runs[0].tokens
    assert runs[0].loss[-1] < runs[0].loss[0] - 0.5


@pytest.mark.parametrize("processes", [2, 4])
def test_adam_hides_a_missing_division_and_sgd_does_not(ranks, processes):
    off = {}
    for optimizer in ("adam", "sgd"):
        wrong, right = (
            data_parallel.train(ranks, processes, average=way, optimizer=optimizer)
            for way in ("sum", "mean of means")
        )
        off[optimizer] = data_parallel.way_off(wrong, right)
        assert wrong.loss[-1] < wrong.loss[0] - 0.5, "the loss tells nothing"
    assert off["adam"] < 0.02
    assert off["sgd"] > 0.5


@LINUX
@pytest.mark.parametrize("processes", [1, 2, 4])
def test_a_step_sends_what_the_formula_of_a_ring_says(ranks, processes):
    run = data_parallel.train(ranks, processes, steps=2)
    expected = 2 * (processes - 1) / processes * run.message_bytes
    assert run.sent_bytes == [pytest.approx(expected, rel=0.01)] * processes


@pytest.mark.parametrize(("processes", "least"), [(2, 1.6), (4, 3.0)])
def test_paced_devices_share_the_time(ranks, one, processes, least):
    run = data_parallel.train(ranks, processes, steps=8, batch=BATCH, sequence_seconds=PACE)
    assert least <= one.step_seconds / run.step_seconds <= processes * 1.05


@pytest.mark.parametrize("processes", [2, 4])
def test_over_a_slow_link_the_speed_up_is_the_predicted_one(ranks, one, processes):
    link = {"latency": 1e-3, "bandwidth": one.message_bytes / 0.1}
    run = data_parallel.train(ranks, processes, steps=8, batch=BATCH, sequence_seconds=PACE, link=link)
    predicted = data_parallel.predicted_speedup(BATCH, PACE, one.message_bytes, processes, link)
    assert one.step_seconds / run.step_seconds == pytest.approx(predicted, rel=0.1)


def test_a_ring_of_links_is_one_link_of_a_whole_all_reduce():
    whole = data_parallel.all_reduce_link({"latency": 1.0, "bandwidth": 6.0}, 4)
    assert whole == {"latency": 6.0, "bandwidth": pytest.approx(4.0)}
    assert data_parallel.all_reduce_link({"latency": 1.0, "bandwidth": 6.0}, 1) == {
        "latency": 0.0, "bandwidth": 6.0,
    }  # fmt: skip
    assert data_parallel.predicted_speedup(8, 1.0, 12.0, 4, {"latency": 0.5, "bandwidth": 18.0}) == 8 / 6


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"average": "sums"}, "average must be one of"),
        ({"processes": 5}, "processes must be at most 4"),
        ({"sizes": [1, 2]}, "4 ranks need a size each"),
        ({"sizes": [0, 0, 0, 0]}, "4 ranks need a size each"),
        ({"sizes": [1, 2, 3, -4]}, "sizes must hold whole numbers"),
    ],
)
def test_a_gradient_that_cannot_be_is_refused_and_harms_nobody(ranks, options, line):
    with pytest.raises(ValueError, match=line):
        data_parallel.gradient_difference(ranks, **options)
    assert ranks.call(np_sum) == [3] * 4


def np_sum():
    return int(np.sum([1, 2]))


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"optimizer": "rmsprop"}, "optimizer must be one of"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"rate": math.nan}, "rate must be greater than 0"),
        ({"sequence_seconds": -1}, "sequence_seconds must be at least 0"),
        ({"link": {"latency": 0}}, 'a link has "latency" and "bandwidth"'),
    ],
)
def test_a_training_that_cannot_be_is_refused_and_harms_nobody(ranks, options, line):
    with pytest.raises(ValueError, match=line):
        data_parallel.train(ranks, **options)
    assert ranks.call(np_sum) == [3] * 4

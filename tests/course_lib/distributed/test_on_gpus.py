"""The same on GPUs that NCCL joins, as many as are there (up to four)."""

import pytest

from course_lib.distributed import data_parallel, overlap, pipelines
from course_lib.distributed.buckets import buckets
from course_lib.distributed.schedules import schedule
from course_lib.ranks.processes import Ranks

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def gpus():
    import torch

    with Ranks(min(torch.cuda.device_count(), 4), progress=False, backend="nccl") as started:
        yield started


def test_gradients_are_those_of_one_process(gpus):
    # Another order of sums, and another exponential than the processor's.
    assert data_parallel.gradient_difference(gpus) <= 1e-5


def test_a_training_goes_the_way_of_the_processor(gpus):
    run = data_parallel.train(gpus, optimizer="sgd")
    assert run.loss[-1] < run.loss[0] - 0.5


def test_buckets_add_up_the_same_gradients(gpus):
    nbytes = overlap.tensor_bytes()
    plan = buckets(nbytes, sum(nbytes) / 8)
    run = overlap.backward(gpus, plan, {"latency": 0.0, "bandwidth": 1e12}, seconds=None)
    assert run.difference <= 1e-5


def test_stages_find_the_gradients_of_one_process(gpus):
    run = pipelines.run(gpus, schedule(gpus.count, 4, "1f1b"))
    assert run.difference <= 1e-5
    assert run.kept == [min(4, gpus.count - stage) for stage in range(gpus.count)]

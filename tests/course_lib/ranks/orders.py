"""Orders that the tests give to ranks."""

import os
import time

import torch
import torch.distributed as dist

from course_lib.costs.collectives import Network
from course_lib.ranks.pace import PacedLink


def rank_and_size(tell):
    return dist.get_rank(), dist.get_world_size()


def variable(tell, name):
    return os.environ.get(name)


def sum_of(tell, values):
    """The sum of all ranks' equal values."""
    x = torch.tensor(values)
    dist.all_reduce(x)
    tell()
    return x.tolist()


def sums_for_long(tell):
    for _ in range(10**5):
        dist.all_reduce(torch.ones(4))
        time.sleep(0.01)


def raises(tell):
    raise ValueError("no such number")


def one_exits(tell):
    if dist.get_rank() == 1:
        os._exit(3)
    time.sleep(60)


def answers_what_cannot_travel(tell):
    return lambda: None


def paced_sums(tell, latency, bandwidth, sizes):
    """A number of each sum, and (start, end) of each message from the first one's start."""
    tensors = [torch.full((size,), 1.0 + dist.get_rank()) for size in sizes]
    dist.all_reduce(torch.ones(1))  # makes the connections
    dist.barrier()
    with PacedLink(Network(latency, bandwidth)) as link:
        asked = [link.all_reduce(x) for x in tensors]
        spans = [message.result() for message in asked]
    return [x[-1].item() for x in tensors], [[t - spans[0][0] for t in span] for span in spans]


def a_paced_sum_that_fails(tell):
    """What comes of a tensor that cannot be added up."""
    with PacedLink(Network(0.0, 1e9)) as link:
        try:
            link.all_reduce(torch.ones(2).to_sparse()).result()
        except Exception as error:
            return type(error).__name__

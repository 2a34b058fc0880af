"""What queueing theory says: closed forms, and small Markov chains solved (`bulk`). Rates are per second.

`load` is the offered work over what can be served; every mean wait is infinite from load 1 on.
"""

import math

import numpy as np

from course_lib.arguments import count, not_negative, positive
from course_lib.notebook.reference import reference
from course_lib.serving.bulk import (
    greedy_batch_wait,
    greedy_exponential_wait,
    static_batch_wait,
    static_exponential_wait,
)

__all__ = [
    "erlang_b",
    "erlang_c",
    "fill_wait",
    "fill_wait_closed",
    "greedy_batch_wait",
    "greedy_exponential_wait",
    "mg1_wait",
    "mmc_wait",
    "processor_sharing_latency",
    "repairman_throughput",
    "static_batch_wait",
    "static_exponential_wait",
    "timeout_wait",
]
MOST = 10**6  # servers, users and seats: a sum over them takes a second


def erlang_b(servers: int, offered: float) -> float:
    """Probability that all of `servers` are busy when nobody may wait; `offered` work in servers.

    Erlang 1917, by the recursion B(c) = aB(c-1) / (c + aB(c-1)). Raises ValueError for no server or more than
    a million, and for no work.
    """
    positive(servers=servers, offered=offered)
    count(1, MOST, servers=servers)
    blocked = 1.0
    for c in range(1, servers + 1):
        blocked = offered * blocked / (c + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """Probability that a request must wait in M/M/c; 1 from offered = servers on. Erlang 1917.

    Raises ValueError as `erlang_b`.
    """
    positive(servers=servers, offered=offered)
    count(1, MOST, servers=servers)
    if offered >= servers:
        return 1.0
    blocked = erlang_b(servers, offered)
    return servers * blocked / (servers - offered * (1 - blocked))


def mmc_wait(rate: float, service: float, servers: int = 1) -> float:
    """Mean wait in M/M/c, seconds: C / (c/s - rate). With one server: load/(1 - load) service times.

    Raises ValueError for a rate or service that is not above 0, and for servers as `erlang_b`.
    """
    positive(rate=rate, service=service, servers=servers)
    count(1, MOST, servers=servers)
    offered = rate * service
    return erlang_c(servers, offered) / (servers / service - rate) if offered < servers else math.inf


def mg1_wait(rate: float, service: float, cv: float) -> float:
    """Mean wait in M/G/1, whose service times have coefficient of variation `cv`: rate·E[S²] / 2(1 - load).

    Pollaczek and Khinchine. M/D/1 is cv = 0, half of M/M/1's cv = 1. Raises ValueError for a rate or service
    that is not above 0, and a negative cv.
    """
    positive(rate=rate, service=service)
    not_negative(cv=cv)
    load = rate * service
    return rate * service**2 * (1 + cv**2) / (2 * (1 - load)) if load < 1 else math.inf


def processor_sharing_latency(rate: float, service: float) -> float:
    """Mean latency in M/G/1 when all share the server equally: service / (1 - load), whatever the lengths.

    Raises ValueError for a rate or service that is not above 0.
    """
    positive(rate=rate, service=service)
    return service / (1 - rate * service) if rate * service < 1 else math.inf


def repairman_throughput(users: int, think_time: float, service: float, servers: int = 1) -> float:
    """Requests a second of `users` who think, then ask one of `servers`: M/M/c with finitely many users.

    Machine repairman (birth-death chain); with exponential service. Mean latency is
    users / throughput - think_time. Raises ValueError for what is not above 0, and more than a million users.
    """
    positive(users=users, think_time=think_time, service=service, servers=servers)
    count(1, MOST, users=users)
    count(servers=servers)
    users = int(users)
    present = np.arange(users)
    ratios = (users - present) / think_time * service / np.minimum(present + 1, servers)
    weight = np.concatenate([[0.0], np.cumsum(np.log(ratios))])  # logarithms: the numbers themselves overflow
    share = np.exp(weight - weight.max())
    share /= share.sum()
    return float(share @ np.minimum(np.arange(users + 1), servers) / service)


@reference("Q7.1")
def fill_wait(batch: int, rate: float) -> float:
    """Mean wait of a member until its batch is full, seconds: (batch - 1) / 2·rate.

    Raises ValueError for an empty batch and a rate that is not above 0.
    """
    positive(batch=batch, rate=rate)
    count(batch=batch)
    return (batch - 1) / (2 * rate)


@reference("Q7.1")
def fill_wait_closed(users: int, batch: int, think_time: float) -> float:
    """Mean seconds until `batch` of `users`, who all think at first, have asked: Z·(H_U - H_(U-B)).

    Order statistics of exponential times; infinite when there are fewer users than seats. Raises ValueError
    for what is not above 0, and a batch of more than a million.
    """
    positive(users=users, batch=batch, think_time=think_time)
    count(users=users)
    count(1, MOST, batch=batch)
    if batch > users:
        return math.inf
    users, batch = int(users), int(batch)
    return think_time * math.fsum(1 / k for k in range(users - batch + 1, users + 1))


def timeout_wait(batch: int, seconds: float, rate: float) -> float:
    """Mean wait until a batch goes that leaves when full or `seconds` after its first, with a free engine.

    While k + 1 of it are there, all of them wait: sum over k of (k + 1)·P(k more came in time)/rate, over the
    mean size. Raises ValueError for a rate that is not above 0, a negative time, and a batch that is empty or
    of more than a million.
    """
    from scipy.special import gammainc

    positive(batch=batch, rate=rate)
    not_negative(seconds=seconds)
    count(1, MOST, batch=batch)
    batch = int(batch)
    k = np.arange(1, batch)
    came = gammainc(k, rate * seconds) if seconds else np.zeros(batch - 1)  # P(the k-th more comes in time)
    return float((k * came).sum() / rate / (1 + came.sum()))

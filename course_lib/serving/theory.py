"""What queueing theory says: closed forms, and small Markov chains solved exactly. Rates are per second.

`load` is the offered work over what can be served; every mean wait is infinite from load 1 on.
"""

import math
from collections.abc import Callable

import numpy as np

from course_lib.notebook.reference import reference


def erlang_b(servers: int, offered: float) -> float:
    """Probability that all of `servers` are busy when nobody may wait; `offered` work in servers.

    Erlang 1917, by the recursion B(c) = aB(c-1) / (c + aB(c-1)).
    """
    _check(servers=servers, offered=offered)
    blocked = 1.0
    for c in range(1, servers + 1):
        blocked = offered * blocked / (c + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """Probability that a request must wait in M/M/c; 1 from offered = servers on. Erlang 1917."""
    if offered >= servers:
        return 1.0
    blocked = erlang_b(servers, offered)
    return servers * blocked / (servers - offered * (1 - blocked))


def mmc_wait(rate: float, service: float, servers: int = 1) -> float:
    """Mean wait in M/M/c, seconds: C / (c/s - rate). With one server: load/(1 - load) service times."""
    _check(rate=rate, service=service)
    offered = rate * service
    return erlang_c(servers, offered) / (servers / service - rate) if offered < servers else math.inf


def mg1_wait(rate: float, service: float, cv: float) -> float:
    """Mean wait in M/G/1, whose service times have coefficient of variation `cv`: rate·E[S²] / 2(1 - load).

    Pollaczek and Khinchine. M/D/1 is cv = 0, half of M/M/1's cv = 1.
    """
    _check(rate=rate, service=service)
    load = rate * service
    return rate * service**2 * (1 + cv**2) / (2 * (1 - load)) if load < 1 else math.inf


def processor_sharing_latency(rate: float, service: float) -> float:
    """Mean latency in M/G/1 when all share the server equally: service / (1 - load), whatever the lengths."""
    _check(rate=rate, service=service)
    return service / (1 - rate * service) if rate * service < 1 else math.inf


def repairman_throughput(users: int, think_time: float, service: float, servers: int = 1) -> float:
    """Requests a second of `users` who think, then ask one of `servers`: M/M/c with finitely many users.

    Machine repairman (birth-death chain); with exponential service. Mean latency is
    users / throughput - think_time.
    """
    _check(users=users, think_time=think_time, service=service, servers=servers)
    present = np.arange(users)
    ratios = (users - present) / think_time * service / np.minimum(present + 1, servers)
    weight = np.concatenate([[0.0], np.cumsum(np.log(ratios))])  # logarithms: the numbers themselves overflow
    share = np.exp(weight - weight.max())
    share /= share.sum()
    return float(share @ np.minimum(np.arange(users + 1), servers) / service)


@reference("Q7.1")
def fill_wait(batch: int, rate: float) -> float:
    """Mean wait of a member until its batch is full, seconds: (batch - 1) / 2·rate."""
    _check(batch=batch, rate=rate)
    return (batch - 1) / (2 * rate)


@reference("Q7.1")
def fill_wait_closed(users: int, batch: int, think_time: float) -> float:
    """Mean seconds until `batch` of `users`, who all think at first, have asked: Z·(H_U - H_(U-B)).

    Order statistics of exponential times; infinite when there are fewer users than seats.
    """
    _check(users=users, batch=batch, think_time=think_time)
    if batch > users:
        return math.inf
    return think_time * math.fsum(1 / k for k in range(users - batch + 1, users + 1))


def timeout_wait(batch: int, seconds: float, rate: float) -> float:
    """Mean wait until a batch goes that leaves when full or `seconds` after its first, with a free engine.

    While k + 1 of it are there, all of them wait: sum over k of (k + 1)·P(k more came in time)/rate, over the
    mean size.
    """
    from scipy.special import gammainc

    _check(batch=batch, rate=rate)
    k = np.arange(1, batch)
    came = gammainc(k, rate * seconds) if seconds else np.zeros(batch - 1)  # P(the k-th more comes in time)
    return float((k * came).sum() / rate / (1 + came.sum()))


def greedy_batch_wait(rate: float, batch: int, service: Callable[[int], float]) -> float:
    """Mean wait when a free server takes what waits, at most `batch`; service(k) seconds for k, fixed.

    Bailey 1954, for a service time that depends on the batch: the chain of queue lengths after each service,
    solved exactly, and the time between by renewal.
    """
    return _bulk_wait(rate, batch, service, least=1)


def static_batch_wait(rate: float, batch: int, service: float) -> float:
    """Mean wait when a server takes exactly `batch` together and needs `service` seconds, fixed."""
    return _bulk_wait(rate, batch, lambda _: service, least=batch)


def _bulk_wait(rate: float, batch: int, service: Callable[[int], float], least: int) -> float:
    _check(rate=rate, batch=batch)
    if rate * service(batch) >= batch:
        return math.inf
    size = 4 * batch + 64
    while True:
        share = _after_service(rate, batch, service, least, size)
        if share[-size // 8 :].sum() < 1e-12:
            break
        size *= 2  # the queue reaches further than the chain that was solved
    n = np.arange(size)
    taken = np.clip(n, least, batch)
    times = np.array([service(int(k)) for k in range(least, batch + 1)])[taken - least]
    missing = np.maximum(least - n, 0)  # that the server waits for
    left = np.maximum(n, least) - taken
    idle = (least * (least - 1) - (least - missing) * (least - missing - 1)) / (2 * rate)
    queue = left * times + rate * times**2 / 2 + idle
    return float(share @ queue / (share @ (times + missing / rate)) / rate)


def _after_service(rate, batch, service, least, size) -> np.ndarray:
    """Stationary distribution of the number waiting when a service ends, cut off at `size`."""
    from scipy.stats import poisson

    chain, n = np.zeros((size, size)), np.arange(size)
    coming = {k: poisson.pmf(n, rate * service(k)) for k in range(least, batch + 1)}
    for waiting in range(size):
        taken = min(max(waiting, least), batch)
        left = max(waiting, least) - taken
        chain[waiting, left:] = coming[taken][: size - left]
    chain[:, -1] += 1 - chain.sum(1)
    balance = chain.T - np.eye(size)
    balance[-1] = 1
    return np.linalg.solve(balance, np.eye(size)[-1])


def _check(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be greater than 0 and finite, not {value}")

"""What queueing theory says of serving in batches: mean waits with fixed and with exponential service times.

Rates are per second. `load` is rate · service(batch) / batch; every mean wait is infinite from load 1 on.
"""

import math
from collections.abc import Callable

import numpy as np

from course_lib.arguments import count, positive

LARGEST = 1000  # of a batch: the chain that is solved has a few times as many states
MOST_STATES = 5000


def greedy_batch_wait(rate: float, batch: int, service: Callable[[int], float]) -> float:
    """Mean wait when a free server takes what waits, at most `batch`; service(k) seconds for k, fixed.

    Bailey 1954, for a service time that depends on the batch: the chain of queue lengths after each service,
    solved, and the time between by renewal. Raises ValueError for a rate, batch (at most 1,000) or service
    time that makes no sense.
    """
    return _bulk_wait(rate, batch, service, least=1)


def static_batch_wait(rate: float, batch: int, service: float) -> float:
    """Mean wait when a server takes exactly `batch` together and needs `service` seconds, fixed.

    Raises ValueError as `greedy_batch_wait`.
    """
    positive(service=service)
    positive(rate=rate, batch=batch)
    return _bulk_wait(rate, batch, lambda _: service, least=batch)


def greedy_exponential_wait(rate: float, batch: int, service: float) -> float:
    """Mean wait when a free server takes what waits, at most `batch`, for an exponential time.

    `service`: its mean. M/M(1, b)/1: the number that waits beside a busy server is geometric, with the ratio
    r in (0, 1) of which r + r² + … + r^b = rate · service (Medhi 2003, section 6.3). Raises ValueError for a
    rate, batch or time that is not above 0.
    """
    from scipy.optimize import brentq

    offered = _offered(rate, batch, service)
    if offered >= batch:
        return math.inf
    # The sum from above 1 - x, by x: r = 1 - x loses no digit near load 1.
    ratio = brentq(lambda r: _powers(r, batch) - offered, 0.0, 1.0, xtol=1e-300, rtol=1e-14, maxiter=500)
    busy = 1 / (1 / offered + 1 / (1 - ratio))  # probability of a busy server with nobody waiting
    return busy * ratio / (1 - ratio) ** 2 / rate


def static_exponential_wait(rate: float, batch: int, service: float) -> float:
    """Mean wait when a server takes exactly `batch` for an exponential time with mean `service`.

    Until the batch is full, (batch - 1) / 2·rate; then as in GI/M/1 with Erlangian gaps, s·x/(1 - x),
    where x = (1 + (1 - x) / (rate·s))^-batch (Kendall 1953). Raises ValueError as `greedy_exponential_wait`.
    """
    from scipy.optimize import brentq

    offered = _offered(rate, batch, service)
    if offered >= batch:
        return math.inf

    def off(y: float) -> float:  # of y = 1 - x, divided by y so that y = 0 is no root
        return (math.log1p(-y) + batch * math.log1p(y / offered)) / y

    most = math.nextafter(1.0, 0.0)
    y = brentq(off, 1e-300, most, xtol=1e-300, rtol=1e-14, maxiter=500) if off(most) < 0 else 1.0
    return (batch - 1) / (2 * rate) + service * (1 - y) / y


def _offered(rate: float, batch: int, service: float) -> float:
    positive(rate=rate, service=service)
    count(batch=batch)
    return rate * service


def _powers(ratio: float, batch: int) -> float:
    """ratio + ratio² + … + ratio^batch."""
    if ratio == 1:
        return batch
    return ratio * -math.expm1(batch * math.log(ratio)) / (1 - ratio) if ratio else 0.0


def _bulk_wait(rate: float, batch: int, service: Callable[[int], float], least: int) -> float:
    positive(rate=rate, batch=batch)
    count(1, LARGEST, batch=batch)
    batch, least = int(batch), int(least)
    if not callable(service):
        raise TypeError(f"service must be a function of a batch's size, not {service!r}")
    times = [service(k) for k in range(least, batch + 1)]
    for k, time in enumerate(times, start=least):
        positive(**{f"service({k})": time})
    times = np.array(times, float)
    offered = rate * times[-1]
    if offered >= batch:
        return math.inf
    # Far from 0 the chance of a queue of n falls as decay^n, which closes a chain that is cut off.
    decay = 1 / (1 + _beyond_one(offered / batch))
    states = 2 * batch + int(8 * math.sqrt(rate * times.max())) + 64
    before = math.nan
    while states <= MOST_STATES:
        share = _share_of_small(rate, batch, times, least, decay, states)
        wait = _wait(rate, batch, times, least, share)
        if batch == 1 or abs(wait - before) <= 1e-9 * wait:
            return wait
        before, states = wait, 2 * states
    raise ValueError(
        f"no mean wait was found for rate {rate:g}, batch {batch} and {times[-1]:g} s: small batches take so "
        f"long that queues of more than {MOST_STATES:,} are left"
    )


def _beyond_one(load: float) -> float:
    """The x > 0 at which log(1 + x) = load · x: z = 1 + x is where z^batch = exp(rate·service·(z - 1))."""
    from scipy.optimize import brentq

    if load < 1e-12:
        return math.inf
    high = 2.0
    while math.log1p(high) > load * high:
        high *= 2
    return brentq(lambda x: math.log1p(x) / x - load, 1e-300, high, xtol=1e-300, rtol=1e-14, maxiter=2000)


def _share_of_small(rate, batch, times, least, decay, states) -> np.ndarray:
    """How often 0, 1, … batch - 1 wait when a service ends, among the times when so few do.

    From the chain of the numbers that wait at the ends of services, of which those from `states` on decay.
    """
    from scipy.stats import poisson

    n = np.arange(states)
    taken = np.clip(n, least, batch)
    left = np.maximum(n, least) - taken
    coming = [poisson.pmf(np.arange(states + batch), rate * time) for time in times]
    chain = np.zeros((states, states))
    for waiting in range(states):
        chain[waiting, left[waiting] :] = coming[taken[waiting] - least][: states - left[waiting]]
    # What comes from beyond the last state: that one's own share, times decay, decay² and so on.
    for far in range(1, batch):
        chain[-1, states - 1 + far - batch :] += decay**far * coming[-1][: batch + 1 - far]
    balance = chain.T - np.eye(states)
    balance[0] = 1
    share = np.linalg.solve(balance, np.eye(states)[0])[:batch]
    return share / share.sum()


def _wait(rate, batch, times, least, share) -> float:
    """Mean wait from how often few wait; how often more do, and how many, follow from balances.

    The mean number that waits, and the mean of its square, are after a service what they were before: so the
    nearness of load 1 stands in two divisions, and costs no digit elsewhere.
    """
    n = np.arange(batch)
    time, last = times[np.clip(n, least, batch) - least], times[-1]
    come, spare = rate * time, batch - rate * last
    more = share @ (come - n) / spare  # how often at least `batch` wait, in units of how often fewer do
    total = (more * (spare**2 + rate * last) + share @ (come**2 + come - n**2)) / (2 * spare)  # and how many
    missing = np.maximum(least - n, 0)  # that the server waits for
    idle = (least * (least - 1) - (least - missing) * (least - missing - 1)) / (2 * rate)
    queue = share @ (rate * time**2 / 2 + idle) + (total - more * batch) * last + more * rate * last**2 / 2
    return float(queue / (share @ (time + missing / rate) + more * last) / rate)

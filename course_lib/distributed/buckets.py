"""Gradients that leave in buckets while the backward pass still runs.

Li et al. 2020, PyTorch Distributed (arXiv:2006.15704), section 3.2.
"""

from collections.abc import Mapping, Sequence

from course_lib.arguments import WHOLE, count, each, instance, real, row, same_length
from course_lib.costs.collectives import Network
from course_lib.notebook.reference import reference


@reference("Lab5.3")
def buckets(nbytes: Sequence[float], limit: float) -> list[list[int]]:
    """Numbers of the tensors in each bucket, in the order in which a backward pass fills them.

    nbytes are in the order of the forward pass, so the last tensor comes first. A bucket takes the next one
    as long as all of it is at most `limit` bytes; a larger tensor is a bucket of its own. Raises ValueError
    for a limit that is not above 0, and negative bytes.
    """
    if not real("limit", limit) > 0:
        raise ValueError(f"limit must be greater than 0, not {limit}")
    sizes = row("nbytes", nbytes, least=0, empty=True)
    found: list[list[int]] = []
    held = 0.0
    for number in reversed(range(len(sizes))):
        if found and held + sizes[number] <= limit:
            found[-1].append(number)
            held += sizes[number]
        else:
            found.append([number])
            held = sizes[number]
    return found


@reference("Lab5.3")
def step_time(
    ready: Sequence[float],
    nbytes: Sequence[float],
    buckets: Sequence[Sequence[int]],
    link: Mapping[str, float],
) -> float:
    """Seconds from the start of a backward pass until it is over and the last bucket has arrived.

    ready[i] is when tensor i's gradient is there, nbytes[i] its size. link: {"latency": seconds, "bandwidth":
    bytes/s} of a whole all-reduce. Raises ValueError as `departures`.
    """
    ends = [end for _, end in departures(ready, nbytes, buckets, link)]
    return float(max([*ready, *ends], default=0.0))


@reference("Lab5.3")
def departures(
    ready: Sequence[float],
    nbytes: Sequence[float],
    buckets: Sequence[Sequence[int]],
    link: Mapping[str, float],
) -> list[tuple[float, float]]:
    """When each bucket leaves and has arrived, in seconds from the start of the backward pass.

    It leaves when its last gradient is ready and the link, which carries one at a time, has carried those
    before it: ranks must send in the same order. Raises ValueError for rows of different lengths, negative
    numbers, a bucket without tensors, and a tensor that is not there or in two buckets.
    """
    ready, nbytes = row("ready", ready, least=0, empty=True), row("nbytes", nbytes, least=0, empty=True)
    same_length(ready=ready, nbytes=nbytes)
    each(each(WHOLE, empty=False))("buckets", buckets)
    speed = network(link)
    seen: set[int] = set()
    for bucket in buckets:
        for number in bucket:
            count(0, len(ready) - 1, tensor=number)
            if number in seen:
                raise ValueError(f"tensor {number} is in two buckets")
            seen.add(number)
    free, found = 0.0, []
    for bucket in buckets:
        leaves = max(free, *(float(ready[number]) for number in bucket))
        free = leaves + speed.latency + sum(float(nbytes[number]) for number in bucket) / speed.bandwidth
        found.append((leaves, free))
    return found


def network(link: Mapping[str, float]) -> Network:
    """The link of a dict. Raises ValueError for other entries than latency and bandwidth, and as Network."""
    instance("link", link, Mapping)
    if set(link) != {"latency", "bandwidth"}:
        raise ValueError(f'a link has "latency" and "bandwidth", not {sorted(map(str, link))}')
    return Network(**link)

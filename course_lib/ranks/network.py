"""What the links between ranks are worth: all-reduces timed, and a network that fits the times."""

import time
from collections.abc import Callable

import numpy as np

from course_lib.costs.collectives import Network, bytes_sent, steps
from course_lib.ranks.processes import Ranks
from course_lib.ranks.traffic import sent_bytes

SIZES = (64, 4096, 65536, 262144)  # float32 of the all-reduces that measure a network


def all_reduces(ranks: Ranks, count: int, repeats: int = 15) -> list[tuple[int, float, float | None]]:
    """Of all-reduces over the first `count` ranks: (message in bytes, median seconds, bytes a rank sent).

    Bytes are None where the system does not tell. Raises ValueError for more than there are, and RankEnded.
    """
    if not 1 <= count <= ranks.count:
        raise ValueError(
            f"{ranks.count} ranks were started, so 1 to {ranks.count} can take part, not {count}"
        )
    measured = ranks.order("course_lib.ranks.network:time_all_reduces", list(SIZES), count, repeats)[0]
    return [(4 * size, *pair) for size, pair in zip(SIZES, measured, strict=True)]


def measure_network(ranks: Ranks, count: int = 2) -> Network:
    """Latency and bandwidth (alpha and beta) that fit the time of all-reduces of four sizes best.

    Least squares on relative errors, so that the small messages count as much as the large ones. Raises as
    all_reduces does.
    """
    measured = all_reduces(ranks, count)
    seconds = np.array([median for _, median, _ in measured])
    terms = [
        (steps("all_reduce", count), bytes_sent("all_reduce", nbytes, count)) for nbytes, _, _ in measured
    ]
    latency, inverse = np.linalg.lstsq(np.array(terms) / seconds[:, None], np.ones(len(terms)))[0]
    return Network(max(latency, 0.0), 1 / max(inverse, 1e-12))


def time_all_reduces(
    tell: Callable[[], None], sizes: list[int], count: int, repeats: int
) -> list[tuple[float, float | None]]:
    """An order: median seconds of an all-reduce of each of `sizes` float32, and bytes sent for one.

    The first `count` ranks take part; the others give an empty list.
    """
    import torch
    import torch.distributed as dist

    group = dist.new_group(list(range(count)))
    measured = []
    for size in sizes:
        x = torch.ones(size)
        dist.barrier()
        if dist.get_rank() >= count:
            continue
        dist.all_reduce(x, group=group)
        before, times = sent_bytes(), []
        for _ in range(repeats):
            start = time.perf_counter()
            dist.all_reduce(x, group=group)
            times.append(time.perf_counter() - start)
        after = sent_bytes()
        sent = None if after is None else (after - before) / repeats
        measured.append((float(np.median(times)), sent))
    dist.barrier()
    return measured

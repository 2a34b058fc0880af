"""Devices and links of a speed that is set, so slow that a busy machine does not change what they take."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

import torch
import torch.distributed as dist

from course_lib.costs.collectives import Network


def sleep_until(moment: float) -> None:
    """Return at that moment of time.perf_counter(), or at once if it is past."""
    left = moment - time.perf_counter()
    if left > 0:
        time.sleep(left)


class PacedLink:
    """All-reduces that take as long as over a link of that speed, one after the other, beside what computes.

    An all-reduce of n bytes holds the link for latency + n / bandwidth. A thread of its own carries it out
    and then sleeps. All ranks must send the same messages in the same order. Use it in a `with`.
    """

    def __init__(self, network: Network, group: dist.ProcessGroup | None = None):
        self._network, self._group, self._free = network, group, 0.0
        self._thread = ThreadPoolExecutor(1)

    def __enter__(self) -> "PacedLink":
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()

    def all_reduce(self, x: torch.Tensor) -> Future:
        """Add up all ranks' x, in place; the result of what is returned is (start, end) of the message."""
        return self._thread.submit(self._carry, x, time.perf_counter())

    def _carry(self, x: torch.Tensor, asked: float) -> tuple[float, float]:
        start = max(asked, self._free)
        dist.all_reduce(x, group=self._group)
        # From when it should have begun: that this thread wakes up late does not add up.
        due = start + self._network.latency + x.nbytes / self._network.bandwidth
        self._free = max(due, time.perf_counter())
        sleep_until(self._free)
        return start, self._free

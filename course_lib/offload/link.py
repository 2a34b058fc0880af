"""What crosses the link to host memory: the time by formula, and real copies at the rate of a slower link."""

import math
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from course_lib.arguments import FINITE, NOT_NEGATIVE, NUMBER, a, or_none, takes
from course_lib.costs.collectives import Network
from course_lib.notebook.reference import reference

if TYPE_CHECKING:
    import torch

PIECE = 4 << 20  # bytes between two looks at the clock


@reference("Q10.1")
@takes(nbytes=NUMBER, link=a(Network), block_bytes=or_none(FINITE))
def transfer_seconds(nbytes: float, link: Network, block_bytes: float | None = None) -> float:
    """Seconds for `nbytes` over `link`: latency + bytes / bandwidth for one copy, 0 for nothing.

    Scattered over blocks of `block_bytes` (Kwon et al. 2023, PagedAttention), each block is a copy of its
    own and crosses whole. Raises ValueError for negative bytes and for a block without bytes.
    """
    if nbytes < 0 or (block_bytes is not None and not block_bytes > 0):
        raise ValueError(f"{nbytes} bytes in blocks of {block_bytes} cannot be copied: nbytes or block_bytes")
    NOT_NEGATIVE("nbytes", nbytes)
    if nbytes == 0:
        return 0.0
    copies, size = (1, nbytes) if block_bytes is None else (math.ceil(nbytes / block_bytes), block_bytes)
    return copies * (link.latency + size / link.bandwidth)


class PacedCopy:
    """Copies tensors no faster than `rate` bytes/s, and counts what crossed.

    A copy by a CPU takes cores and memory bandwidth away from the computing that it should overlap; the copy
    engine of a GPU does not. At a rate well below that of a memory copy the copying thread mostly sleeps,
    and so leaves a machine of two cores, or a busy one, to the computing. With rate None nothing is held
    back, which is right on a GPU, whose link has a rate of its own. Raises ValueError for a rate that is not
    above 0.
    """

    @takes(rate=or_none(NUMBER))
    def __init__(self, rate: float | None = None):
        if rate is not None and not rate > 0:
            raise ValueError(f"a link's rate must be above 0 bytes/s, not {rate}")
        self.rate = rate
        self.nbytes = 0

    def __call__(self, target: "torch.Tensor", source: "torch.Tensor") -> None:
        """Copy `source` to `target`, contiguous tensors of one shape and type."""
        self.nbytes += source.nbytes
        if self.rate is None:
            target.copy_(source, non_blocking=True)
            return
        began = perf_counter()
        pieces = max(1, math.ceil(source.nbytes / PIECE))
        parts = zip(target.view(-1).tensor_split(pieces), source.view(-1).tensor_split(pieces), strict=True)
        done = 0
        for part, values in parts:
            part.copy_(values)
            done += values.nbytes
            ahead = began + done / self.rate - perf_counter()
            if ahead > 0:
                sleep(ahead)

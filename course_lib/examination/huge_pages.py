"""Gathers a process's own memory on huge pages: a fork then copies 1/512 of its page tables.

See madvise(2), MADV_COLLAPSE, which Linux has since 6.1. Elsewhere nothing is changed.
"""

import ctypes
import mmap
import sys
from collections.abc import Iterator

MADV_COLLAPSE = 25
HUGE = 2 << 20  # bytes; where huge pages are larger, the kernel refuses and nothing is changed


def gather() -> None:
    """Put what lies in memory of this process alone on huge pages, as far as it fills them."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    for begin, end in _own():
        first, last = -(-begin // HUGE) * HUGE, end // HUGE * HUGE
        if first < last:
            libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), mmap.MADV_HUGEPAGE)
            libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), MADV_COLLAPSE)


def _own() -> Iterator[tuple[int, int]]:
    """Beginning and end of each range of addresses that can be written and belongs to this process alone."""
    with open("/proc/self/maps") as file:
        lines = [line.split(maxsplit=5) for line in file]
    for place, access, _, _, inode, *name in lines:
        if access == "rw-p" and inode == "0" and "".join(name).strip() in ("", "[heap]"):
            begin, end = place.split("-")
            yield int(begin, 16), int(end, 16)

"""One core for a measurement: this process, and all that it starts meanwhile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_core() -> Iterator[None]:
    """Hold this process to one of its cores until the end; threads that already run keep theirs.

    Where the system cannot hold a process to a core (macOS), nothing is changed.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)

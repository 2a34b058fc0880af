"""Keeps the cores from going idle while waiting times are measured."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

from course_lib.notebook.machine import cores

# Ends with whoever started it, however that ends.
_SPIN = """
import os, sys
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while os.getppid() == int(sys.argv[1]):
    for _ in range(100_000):
        pass
"""


@contextlib.contextmanager
def cores_awake() -> Iterator[None]:
    """Within it one process per core spins, which gives way to every other one at once (Linux's SCHED_IDLE).

    A core that has gone idle takes its time to come back, most of all a virtual machine's, which the host
    lends to others meanwhile (up to several ms were measured, 0.1 ms within this). Processes that sleep and
    wait for each other would be measured with that. Computing may get slower, where two cores share their
    units. Does nothing where there is no such priority (macOS, Windows).
    """
    if not hasattr(os, "SCHED_IDLE"):
        yield
        return
    command = [sys.executable, "-I", "-S", "-c", _SPIN, str(os.getpid())]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with contextlib.ExitStack() as ended:
        for _ in range(cores()):
            process = subprocess.Popen(command, start_new_session=True, **quiet)
            ended.callback(process.wait)
            ended.callback(process.kill)
        yield

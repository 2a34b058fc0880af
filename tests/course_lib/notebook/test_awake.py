"""Processes that keep cores from going idle give way to all others and end with whoever started them."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from course_lib.notebook.awake import cores_awake
from course_lib.notebook.machine import cores
from course_lib.paths import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="only Linux has SCHED_IDLE")


def spinning(parent: int) -> dict[int, int]:
    """Scheduling policy of each process that `parent` started to spin, by its id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may end at any moment
            command = (folder / "cmdline").read_text()
            if "SCHED_IDLE" in command and command.rstrip("\0").endswith(f"\0{parent}"):
                found[int(folder.name)] = os.sched_getscheduler(int(folder.name))
    return found


def within(seconds, condition):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def test_a_process_a_core_spins_at_the_lowest_priority_until_the_end():
    own = os.getpid()
    with cores_awake():
        # A process tells its priority once it runs.
        assert within(20, lambda: list(spinning(own).values()) == [os.SCHED_IDLE] * cores())
    assert spinning(own) == {}


def test_they_end_when_the_measurement_is_interrupted():
    def measure():
        with cores_awake():
            assert within(20, lambda: len(spinning(os.getpid())) == cores())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure()
    assert spinning(os.getpid()) == {}


SCRIPT = """
    import time
    from course_lib.notebook.awake import cores_awake
    with cores_awake():
        print("started", flush=True)
        time.sleep(600)
"""


def test_none_outlives_who_started_it():
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "started\n"
        assert within(20, lambda: len(spinning(process.pid)) == cores())
        process.send_signal(signal.SIGKILL)
    assert within(20, lambda: not spinning(process.pid))

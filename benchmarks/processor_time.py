"""Processor seconds of a program and everything it starts, dead or alive, waited for or not.

What a process tells of its children leaves out those that nobody waits for, as in a namespace that is killed.
The kernel counts them all in a control group; where we may not make one, there is no figure.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

V1 = Path("/sys/fs/cgroup/cpuacct")
V2 = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Cost:
    """What a program took: all of it, and each result from the first to the last.

    Processor seconds are None where they cannot be counted. `memory` is the program's own, in bytes.
    """

    processor: float | None
    wall: float
    processor_each: float | None
    wall_each: float
    memory: int
    status: int


def run(command: list[str], done: Callable[[], int], log: Path, until: int | None = None, **options) -> Cost:
    """Run a program to its end in a control group of its own; `done` counts its results meanwhile.

    One that would never end is ended politely when `until` results are there.
    """
    group, marks, process = _made_group(), [], None
    started = time.monotonic()
    try:
        with open(log, "w") as output:
            process = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                preexec_fn=group and (lambda: (group / "cgroup.procs").write_text(str(os.getpid()))),
                **options,
            )
        while (waited := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            time.sleep(0.02)
            count = done()
            if count and (not marks or count != marks[-1][0]):
                marks.append((count, time.monotonic(), group and _used(group)))
            if until is not None and count >= until:
                process.terminate()
                until = None
        _, status, usage = waited
        wall = time.monotonic() - started
        (first, begun, used), (last, ended, at_last) = marks[0], marks[-1]
        number = max(1, last - first)
        return Cost(
            processor=group and _used(group),
            wall=wall,
            processor_each=group and (at_last - used) / number,
            wall_each=(ended - begun) / number,
            memory=usage.ru_maxrss << 10,
            status=os.waitstatus_to_exitcode(status),
        )
    finally:
        if process is not None and process.poll() is None:  # `done` has failed, or Ctrl-C was pressed
            process.kill()
            process.wait()
        _remove(group)


def _made_group() -> Path | None:
    parent = V1 if V1.is_dir() else V2 / Path("/proc/self/cgroup").read_text().strip().split("::/")[-1]
    group = parent / f"course_bench_{os.getpid()}_{time.monotonic_ns()}"
    try:
        group.mkdir()
    except OSError:
        return None
    return group


def _used(group: Path) -> float:
    if (group / "cpuacct.usage").exists():
        return int((group / "cpuacct.usage").read_text()) / 1e9
    found = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
    return int(found["usage_usec"]) / 1e6


def _remove(group: Path | None) -> None:
    end = time.monotonic() + 10
    while group is not None and time.monotonic() < end:
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.1)

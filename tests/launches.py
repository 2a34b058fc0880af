"""Launches of kernels as forks of one process, for tests that launch thousands of them.

There a kernel is tested, not how its process starts: Python's own start takes twice as long as the rest.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from course_lib.cuda import child, runner
from course_lib.cuda.arguments import Launch
from course_lib.paths import ROOT

# What it imports, no fork imports again. As a launch's own process does, a fork reads and prints nowhere.
_PROGRAM = """
import os, sys
sys.path = [sys.argv[1], *sys.path, sys.argv[2]]
import resource, runner
from course_lib import call_filter
for job in sys.stdin:
    fork = os.fork()
    if fork == 0:
        nowhere = os.open(os.devnull, os.O_RDWR)
        errors = os.open(os.path.join(os.path.dirname(job), "errors"), os.O_WRONLY)
        for number, file in enumerate((nowhere, nowhere, errors)):
            os.dup2(file, number)
        runner.main(job.rstrip())
    print(fork, flush=True)
    print(os.waitpid(fork, 0)[1], flush=True)
"""


class Origin:
    """A process that has imported what runs a kernel, and makes a fork of itself for each launch."""

    def __init__(self):
        self.owner = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, str(ROOT), runner.FOLDER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
        )  # fmt: skip

    def run(self, job: Path, seconds: float) -> tuple[int, bytes]:
        """The exit status of a fork that does this job, and what it has told. Raises TimeoutError."""
        with job.with_name("errors").open("w+b") as errors:
            self._process.stdin.write(f"{job}\n".encode())
            fork = int(self._process.stdout.readline())
            try:
                if not select.select([self._process.stdout], [], [], seconds)[0]:
                    raise TimeoutError
            except BaseException:
                os.kill(fork, signal.SIGKILL)
                self._process.stdout.readline()
                raise
            status = int(self._process.stdout.readline())
            return os.waitstatus_to_exitcode(status), errors.read()

    def end(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


_kept: list[Origin] = []


@contextlib.contextmanager
def as_forks() -> Iterator[None]:
    """Meanwhile a launch that this process, or a fork of it, would start a program for is a fork itself."""
    before, child._wait = child._wait, _wait
    try:
        yield
    finally:
        child._wait = before
        while _kept:
            _kept.pop().end()


def _wait(job: Path, launch: Launch, seconds: float, explain) -> str:
    if not _kept or _kept[0].owner != os.getpid():  # a fork has the origin of another process
        _kept[:] = [Origin()]
    try:
        return child.ending(launch, *_kept[0].run(job, seconds))
    except TimeoutError:
        raise child.stopped(launch, seconds, explain) from None

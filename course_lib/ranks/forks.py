"""Processes of ranks as who started them sees them: programs of their own, or forks of a common origin."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from course_lib.paths import ROOT


def start(count: int, folder: Path, forked: bool) -> Iterator["subprocess.Popen | Fork"]:
    """As many ranks, each with pid, stdin, stdout, kill() and wait(timeout) as a subprocess.Popen has them.

    What rank r prints goes to `r.log` in the folder. `forked`: one process imports torch for all of them and
    forks them, where the system can do so.
    """
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    settings = {
        "cwd": ROOT,
        "env": {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "start_new_session": True,  # an interrupt of the terminal reaches us alone, and we end them
    }
    if forked and count > 1 and sys.platform == "linux":
        yield from _Origin(count, folder, settings).forks
        return
    for rank in range(count):
        with open(folder / f"{rank}.log", "wb") as log:
            yield subprocess.Popen([sys.executable, "-m", "course_lib.ranks.rank"], stderr=log, **settings)


class _Origin:
    """The process that forks the ranks (forking.py), and a thread that hears what it says of them."""

    def __init__(self, count: int, folder: Path, settings: dict):
        orders, answers = ([os.pipe() for _ in range(count)] for _ in range(2))
        theirs = [end for (read, _), (_, write) in zip(orders, answers, strict=True) for end in (read, write)]
        command = [sys.executable, "-m", "course_lib.ranks.forking", folder, *map(str, theirs)]
        try:
            # What it prints before it has forked is the last word of every rank.
            with open(folder / "origin.log", "wb") as log:
                self.process = subprocess.Popen(command, stderr=log, pass_fds=theirs, **settings)
        finally:
            for end in theirs:
                os.close(end)
        self.forks = [
            Fork(self, os.fdopen(write, "wb"), os.fdopen(read, "rb"))
            for (_, write), (read, _) in zip(orders, answers, strict=True)
        ]
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            rank, pid, *status = map(int, line.split())
            self.forks[rank].heard(pid, *status)
        self.process.stdout.close()
        status = self.process.wait()
        for fork in self.forks:
            fork.heard(self.process.pid, status)

    def end(self) -> None:
        """Have all ranks killed. One that has not forked yet would do so only after its import."""
        if any(fork.is_to_come for fork in self.forks):
            self.process.kill()
        with contextlib.suppress(OSError):
            self.process.stdin.close()


class Fork:
    """A rank that another process has forked; `stdin` takes its orders, from `stdout` come its answers."""

    def __init__(self, origin: _Origin, stdin, stdout):
        self.stdin, self.stdout = stdin, stdout
        self._origin, self._pid, self._status = origin, None, None
        self._begun, self._ended = threading.Event(), threading.Event()

    def heard(self, pid: int, status: int | None = None) -> None:
        """It was forked with this pid; or it has ended with this status, as Popen counts, if it had not."""
        if self._pid is None:
            self._pid = pid
            self._begun.set()
        if status is not None and not self._ended.is_set():
            self._status = status
            self._ended.set()

    @property
    def is_to_come(self) -> bool:
        """It was not forked so far."""
        return not self._begun.is_set()

    @property
    def pid(self) -> int:
        """Its process id, waited for; that of the process which should have forked it, when that failed."""
        self._begun.wait()
        return self._pid

    def kill(self) -> None:
        """End it, and with it all ranks of its origin: none goes on without the others."""
        self._origin.end()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, negative for a signal. Raises subprocess.TimeoutExpired.

        Without a timeout the end of its origin is waited for, too.
        """
        if timeout is None:
            self._origin.listener.join()
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired("a rank", timeout)
        return self._status

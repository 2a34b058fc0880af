"""Processes of ranks as who started them sees them: programs of their own, or forks of a common origin."""

import contextlib
import itertools
import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from course_lib.paths import ROOT
from course_lib.ranks.forking import FORK, KILL

KEPT = 120.0  # seconds for which an origin without ranks waits for the next: it holds a hundred megabytes


def environment() -> dict[str, str]:
    """The variables of a rank that starts now: a thread each, and our modules first."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def start(count: int, folder: Path, forked: bool) -> Iterator["subprocess.Popen | Fork"]:
    """As many ranks, each with pid, stdin, stdout, kill() and wait(timeout) as a subprocess.Popen has them.

    What rank r prints goes to `r.log` in the folder. `forked`: one process imports torch for all of them and
    forks them, where the system can do so; it is kept for those that are started later. A fork has the
    variables that its origin was started with, and is given `environment()` by its first order.
    """
    # An interrupt of the terminal reaches us alone, and we end them.
    settings = {"cwd": ROOT, "env": environment(), "stdout": subprocess.PIPE, "start_new_session": True}
    if forked and count > 1 and sys.platform == "linux":
        origin = _origin(folder / "origin.log", settings)
        for rank in range(count):
            yield origin.fork(folder / f"{rank}.log")
        return
    for rank in range(count):
        with open(folder / f"{rank}.log", "wb") as log:
            command = [sys.executable, "-m", "course_lib.ranks.rank"]
            yield subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log, **settings)


class _Origin:
    """The process that forks ranks (forking.py), and a thread that hears what it says of them."""

    def __init__(self, log: Path, settings: dict):
        self.path = settings["env"]["PYTHONPATH"]
        # Whole messages, each with its descriptors.
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "course_lib.ranks.forking", str(theirs.fileno())]
        # What it prints before it has forked is the last word of every rank.
        with theirs, open(log, "wb") as file:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stderr=file, pass_fds=[theirs.fileno()], **settings
            )
        self._forks: dict[int, Fork] = {}  # those that have not ended
        self._keys = itertools.count()
        self._has_forked, self._status = False, None
        self._let_go: threading.Timer | None = None
        threading.Thread(target=self._listen, daemon=True).start()

    def serves(self, path: str) -> bool:
        """Whether it can fork ranks that import from there; if so, it is kept for them."""
        if self._status is not None or path != self.path:
            return False
        self._keep()
        return True

    def fork(self, log: Path) -> "Fork":
        """One rank."""
        (orders, stdin), (stdout, answers) = os.pipe(), os.pipe()
        fork = Fork(self, next(self._keys), os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb"))
        with _one_at_a_time:
            if self._status is None:
                self._forks[fork.key] = fork
                self._keep()  # the last one before it may have ended since `serves`
            else:
                fork.heard(self._process.pid, self._status)
        try:
            with contextlib.suppress(OSError):  # it has just ended: the listener tells
                message = pickle.dumps((FORK, fork.key, str(log)))
                socket.send_fds(self._socket, [message], [orders, answers])
        finally:
            os.close(orders)
            os.close(answers)
        return fork

    def kill(self, key: int) -> None:
        """Have a rank killed. The first ones are forked only after the import, which is not waited for."""
        if not self._has_forked:
            self._process.kill()
        with contextlib.suppress(OSError):
            self._socket.send(pickle.dumps((KILL, key)))

    def close(self) -> None:
        """Let it end, and all its ranks."""
        self._socket.close()

    def _listen(self) -> None:
        for line in self._process.stdout:
            key, pid, *status = map(int, line.split())
            with _one_at_a_time:
                self._has_forked = True
                self._forks[key].heard(pid, *status)
                if status:
                    del self._forks[key]
                    self._keep(None if self._forks else KEPT)
        self._process.stdout.close()
        status = self._process.wait()
        with _one_at_a_time:
            self._status = status
            self._keep()
            for fork in self._forks.values():
                fork.heard(self._process.pid, status)
        self.close()

    def _keep(self, seconds: float | None = None) -> None:
        """Keep it for so long; until told otherwise, without a number."""
        if self._let_go:
            self._let_go.cancel()
        self._let_go = None
        if seconds is not None:
            self._let_go = threading.Timer(seconds, self._end)
            self._let_go.daemon = True
            self._let_go.start()

    def _end(self) -> None:
        global _kept
        with _one_at_a_time:
            if self._let_go is not threading.current_thread():
                return  # it was just given work
            if _kept is self:
                _kept = None
            self.close()


_kept: _Origin | None = None  # the one that forked the last ranks
_one_at_a_time = threading.Lock()


def _origin(log: Path, settings: dict) -> _Origin:
    """The one that is kept, or a new one."""
    global _kept
    with _one_at_a_time:
        if _kept is None or not _kept.serves(settings["env"]["PYTHONPATH"]):
            _kept = _Origin(log, settings)
        return _kept


def _forget() -> None:
    """A child by os.fork has an origin of its own: what this one says is heard by its parent alone."""
    global _kept, _one_at_a_time
    _one_at_a_time = threading.Lock()
    if _kept:
        _kept.close()
    _kept = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


class Fork:
    """A rank that another process has forked; `stdin` takes its orders, from `stdout` come its answers."""

    def __init__(self, origin: _Origin, key: int, stdin, stdout):
        self.key, self.stdin, self.stdout = key, stdin, stdout
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
    def pid(self) -> int:
        """Its process id, waited for; that of the process which should have forked it, when that failed."""
        self._begun.wait()
        return self._pid

    def kill(self) -> None:
        """End it."""
        self._origin.kill(self.key)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, negative for a signal. Raises subprocess.TimeoutExpired."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired("a rank", timeout)
        return self._status

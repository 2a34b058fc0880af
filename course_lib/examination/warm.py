"""Asks a warm process for others: it has imported what notebooks use, and forks them in milliseconds."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from course_lib.examination.result import CannotGrade
from course_lib.examination.wire import Channel
from course_lib.paths import ROOT

PATIENCE = 60.0  # seconds until a new process must be ready, and a killed one gone
GONE = "The process that starts others is gone"
PROGRAM = "course_lib.examination.warm_process"


class Process:
    """One forked process, and how it ended. It becomes ready while others work."""

    def __init__(self, channel: socket.socket, status: int, pid: int):
        self._channel, self._is_ready = Channel(channel), False
        self.pid = pid
        self._status = status

    @property
    def channel(self) -> Channel:
        """The channel to it, once it is guarded. Raises CannotGrade when it cannot be guarded here."""
        if not self._is_ready:
            self._wait()
        return self._channel

    def _wait(self) -> None:
        try:
            self._channel.receive(PATIENCE)  # it says so once it is guarded
        except TimeoutError:
            self.end()
            raise CannotGrade("A process has not started in a minute; is the machine overloaded?") from None
        except (EOFError, OSError) as error:
            raise CannotGrade(
                f"Submissions cannot be confined on this machine ({self.end() or error}). Grade on a "
                "Linux that allows user namespaces, or add --unconfined if you trust every submission."
            ) from None
        self._is_ready = True

    def dismiss(self) -> None:
        """Have it killed, without waiting for that."""
        self._channel.close()

    def end(self) -> str:
        """Kill it and all it started, and wait until they are dead; how it had ended by itself, or ""."""
        if self._status < 0:
            return ""
        ready, _, _ = select.select([self._status], [], [], 0)
        self.dismiss()
        said = b""
        while select.select([self._status], [], [], PATIENCE)[0] and (part := os.read(self._status, 4096)):
            said += part
        os.close(self._status)
        self._status = -1
        return said.decode(errors="replace") if ready else ""


def prepared(environment: dict[str, str]) -> dict[str, str]:
    """`environment` with what a process needs that is to be forked."""
    return {
        **environment,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")])),
        "OMP_NUM_THREADS": "1",  # a process with threads cannot be forked safely
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS ends such forks otherwise
    }


def launch(how: str, file: socket.socket, environment: dict[str, str], folder: Path, **options):
    """Start a warm process that serves `file`, by one of its program's two commands; returns its Popen."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", PROGRAM, how, str(file.fileno())],
        pass_fds=[file.fileno()],
        env=prepared(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        **options,
    )


class Warm:
    """A warm process to ask for others; use in a `with` statement or call `close`.

    Everything raises CannotGrade when the warm process is gone.

    `connection` leads to it. `guard` names the module that guards each forked process within `limits`, by
    `guard(limits)(main, channel) -> str`. Copies of `carry` files lie in the cache folder of
    each. `place` are an environment and a folder for them, if others than those of the warm process.
    """

    def __init__(
        self,
        connection: socket.socket,
        guard: str,
        limits: dict,
        carry: Sequence[Path] = (),
        place: tuple[dict[str, str], Path] | None = None,
    ):
        self._socket, self._lock = connection, threading.Lock()
        self._brought: set[str] = set()
        moved = [prepared(place[0]), str(place[1])] if place else None
        self._ask([guard, limits, [str(path) for path in carry], moved])

    def _ask(self, question: list) -> None:
        try:
            self._socket.sendall(json.dumps(question).encode() + b"\n")
        except OSError as error:
            raise CannotGrade(f"{GONE} ({error}); run the command again.") from error

    def bring(self, modules: Sequence[str]) -> None:
        """Have `modules` imported before anything else is forked; those not installed are left out."""
        with self._lock:
            if new := [module for module in dict.fromkeys(modules) if module not in self._brought]:
                self._brought.update(new)
                self._ask(["import", *new])

    def start(self, kind: str, *details) -> Process:
        """A new process that serves as a "candidate", an "examiner" or for "kernels"."""
        with self._lock:
            self._ask([kind, *details])
            try:
                pid, files, _, _ = socket.recv_fds(self._socket, 64, 2)
            except OSError as error:
                raise CannotGrade(f"{GONE} ({error}); run the command again.") from error
        if len(files) != 2:
            raise CannotGrade(f"{GONE}; run the command again.")
        return Process(socket.socket(fileno=files[0]), files[1], int(pid))

    def is_alive(self) -> bool:
        """False once it has ended, whoever ended it: known here before its parent can bury it."""
        try:
            return self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """Ask for nothing more; what was forked here ends."""
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.close()


class OwnWarm(Warm):
    """A warm process started for this program, in that `environment` and `folder`; it ends with it."""

    def __init__(
        self,
        guard: str,
        limits: dict,
        environment: dict[str, str],
        folder: Path,
        carry: Sequence[Path] = (),
    ):
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = launch("serve", theirs, environment, folder)
        super().__init__(ours, guard, limits, carry)

    def close(self) -> None:
        """End it, and what it forked."""
        super().close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)

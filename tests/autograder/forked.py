"""`./course COMMAND` in a fork of a process that has imported what it needs: that takes most of a short run.

What a test does to such a command is what it would do to one that was typed: it is a process of its own, and
starts its workers and its warm process itself.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from course_lib.paths import ROOT
from tests.forks import FORKS


class Forked:
    """A running command, as `subprocess.Popen` would have it; `first` is called in its process before it."""

    def __init__(
        self, words: list[str], environment: Mapping[str, str], first: Callable[[], None] | None = None
    ):
        self._output = tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace")  # noqa: SIM115
        arguments = (words, dict(environment), self._output.name, first)
        self._process = FORKS.Process(target=_run, args=arguments)
        self._process.start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit status, -N after signal N, None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same: looking waits for nothing."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """Wait for its end; what it printed. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("course", timeout)
        with self._output as file:
            return file.read(), None


def _run(
    words: list[str], environment: dict[str, str], output: str, first: Callable[[], None] | None
) -> None:
    from course_lib.commands.cli import main

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    file = os.open(Path(output), os.O_WRONLY)
    os.dup2(file, 1)
    os.dup2(file, 2)
    if first:
        first()
    raise SystemExit(main(words))

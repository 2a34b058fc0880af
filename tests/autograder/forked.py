"""`./course COMMAND` in a fork of a process that has imported what it needs: that takes most of a short run.

What a test does to such a command is what it would do to one that was typed: it is a process of its own, and
so are its workers and their warm processes, which are forks as well (see started.py).
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from multiprocessing import forkserver
from pathlib import Path

import pytest

from course_lib.paths import ROOT
from tests.autograder import started
from tests.forks import FORKS, start

# Not the one that forks what runs notebooks: to fork a process with torch takes three times as long.
_SERVER = forkserver.ForkServer()
_IMPORTED = [
    *("tests.autograder.forked", "autograder.console", "autograder.grade", "autograder.watch.command"),
    # What a command imports when its words are read: typer checks them by pydantic.
    *("autograder.cli", "typer._adapters", "typer._click.decorators"),
    *("pydantic.types", "pydantic.type_adapter", "pydantic.plugin._loader"),
    # What it imports when it reads the settings, opens the gradebook, and prints.
    *("autograder.config", "sqlalchemy.dialects.sqlite", "rich._emoji_codes"),
    # What its workers, their warm processes and the reader of what arrived import.
    *("autograder.limited", "autograder.collect", "autograder.exporting", "autograder.leaks"),
    *("autograder.workers", "course_lib.examination.candidate", "course_lib.examination.examiner"),
    *("course_lib.examination.kernels", "course_lib.examination.shell", "course_lib.examination.warm_up"),
    "tests.autograder.first_uses",
]


def get_ready() -> None:
    """Start the process that forks commands, and wait until it can."""
    start(_SERVER, _IMPORTED)
    first = _forked(int)
    first.join()


def _forked(target: Callable, *arguments):
    process = FORKS.Process(target=target, args=arguments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forkserver, "connect_to_new_process", _SERVER.connect_to_new_process)
        process.start()
    return process


class Forked:
    """A running command, as `subprocess.Popen` would have it; `first` is called in its process before it."""

    def __init__(
        self, words: list[str], environment: Mapping[str, str], first: Callable[[], None] | None = None
    ):
        self._output = tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = _forked(_run, words, dict(environment), self._output.name, first)

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
    subprocess.Popen = started.popen
    file = os.open(Path(output), os.O_WRONLY)
    os.dup2(file, 1)
    os.dup2(file, 2)
    if first:
        first()
    raise SystemExit(main(words))

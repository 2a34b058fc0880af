"""Processes that read what students wrote: one may die of what is in it, and one answer is missing, no more.

Each is a fresh program, not a fork: it shares no lock, no file and no connection with the one that asks, and
dies with it. Time and memory are watched from outside; what it answers is plain data of bounded size.
"""

import atexit
import contextlib
import importlib
import os
import pickle
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.handed_in import NotReadable
from autograder.sandbox import die_with_parent
from autograder.terminal import visible
from autograder.usage import held
from course_lib.errors import UserError
from course_lib.examination.submission import Unreadable
from course_lib.examination.wire import BadMessage, Channel, NotPlain
from course_lib.paths import ROOT

WATCHED = 0.25  # seconds between two looks at a process that is asked
PATIENCE = 20.0  # seconds until a process that was told to end must have ended
MOST_PARTS = 100_000  # values in an answer
LONGEST = 500  # characters of a reason
KEPT = 1 << 30  # bytes; a process that holds more after its answer is not asked again


@dataclass(frozen=True)
class Limit:
    """What a process may take for one submission, in seconds and bytes of memory."""

    seconds: float
    memory: int

    def passed(self, since: float, process: "Process") -> str:
        """What `process`, at work since `since` (time.monotonic), has taken too much of, or ""."""
        if time.monotonic() - since > self.seconds:
            return f"it took more than {self.seconds:g} seconds"
        if process.held() > self.memory:
            return f"it took more than {self.memory >> 30} GB of memory"
        return ""


READING = Limit(120.0, 4 << 30)
# An examination itself ends after ten minutes.
GRADING = Limit(1200.0, 6 << 30)


class Failed(Exception):
    """There is no answer; the message is one line, the reason, without what a terminal obeys."""

    def __init__(self, reason: str):
        super().__init__(visible(reason[:LONGEST]))


class Process:
    """A program on the other end of a channel, `command` given the number of its socket."""

    def __init__(self, command: Callable[[int], list[str]]):
        ours, theirs = socket.socketpair()
        self.channel = Channel(ours)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the process
        with theirs:
            self._process = subprocess.Popen(
                command(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                start_new_session=True,  # Ctrl-C is for the one that asks
            )

    def held(self) -> int:
        """Bytes in memory that it alone holds."""
        return held(self._process.pid)

    def last_words(self) -> str:
        """The last line it printed."""
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def end(self) -> None:
        """Kill it, and wait until it is dead. What it started dies with it."""
        self._process.kill()
        self._process.wait(PATIENCE)
        self.channel.close()
        self._said.close()


class _Asked:
    """The process that answers this program's questions, one at a time; started for the first of them."""

    def __init__(self):
        self._process: Process | None = None
        self._owner = 0  # a fork of this program must leave it alone
        self._lock = threading.Lock()

    def warm_up(self, modules: Sequence[str]) -> None:
        with self._lock, contextlib.suppress(OSError):  # it has ended; a question will show it
            self._started().channel.send("import", list(modules))

    def _started(self) -> Process:
        if self._owner != os.getpid():
            self._process, self._owner = None, os.getpid()
        if self._process is None:
            self._process = Process(_command)
        return self._process

    def ask(self, limit: Limit, function: Callable, details: tuple):
        question = pickle.dumps((function, details))  # read by our own program, and written by us
        with self._lock:
            process = self._started()
            try:
                answer = _answer(process, limit, question)
            except BaseException:
                self._process = None
                process.end()
                raise
            if process.held() > KEPT:
                self._process = None
                process.end()
        if answer[0] == "refused":
            raise Failed(answer[1])
        return answer[1]

    def close(self) -> None:
        if self._process is not None and self._owner == os.getpid():
            self._process.end()
            self._process = None


def _command(channel: int) -> list[str]:
    return [sys.executable, "-m", "autograder.limited", str(channel)]


def _answer(process: Process, limit: Limit, question: bytes) -> list:
    """What the process sends back. Raises Failed where it dies, must be ended, or sends something else."""
    started = time.monotonic()
    try:
        process.channel.send("question", question)
        with selectors.DefaultSelector() as selector:
            selector.register(process.channel.socket, selectors.EVENT_READ)
            while not selector.select(WATCHED):
                if too_much := limit.passed(started, process):
                    raise Failed(f"the process that read it had to be ended: {too_much}")
        left = max(1.0, limit.seconds - (time.monotonic() - started))
        answer = process.channel.receive(left, parts=MOST_PARTS)
    except (EOFError, OSError):
        raise Failed(f"the process that read it died: {process.last_words()}") from None
    except BadMessage as error:
        raise Failed(f"the process that read it sent {error}") from None
    if len(answer) != 2 or answer[0] not in ("done", "refused"):
        raise Failed("the process that read it sent something else than an answer")
    if answer[0] == "refused" and type(answer[1]) is not str:
        raise Failed("the process that read it gave no reason")
    return answer


_asked = _Asked()
atexit.register(_asked.close)


def ask(limit: Limit, function: Callable, *details):
    """What `function`, one of a module, returns for `details` in a process of its own: plain data.

    Raises Failed with what it raised, or what became of the process. The caller checks its type.
    """
    return _asked.ask(limit, function, details)


def warm_up(*modules: str) -> None:
    """Start that process now, which imports `modules` while nobody waits for it."""
    _asked.warm_up(modules)


def one_line(error: BaseException) -> str:
    """Type and first line of an exception, short enough for a table."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:160]}" if lines else type(error).__name__


def _serve(channel: Channel) -> None:
    die_with_parent()
    with contextlib.suppress(EOFError):  # there is nothing more to do
        while True:
            what, asked = channel.receive()
            if what == "import":
                for module in asked:
                    importlib.import_module(module)
                continue
            function, details = pickle.loads(asked)
            try:
                channel.send("done", function(*details))
            except (UserError, NotReadable, Unreadable) as error:
                channel.send("refused", str(error))
            except (NotPlain, BadMessage) as error:
                channel.send("refused", f"its answer is no plain data: {error}")
            except Exception as error:
                channel.send("refused", one_line(error))


if __name__ == "__main__":
    _serve(Channel(socket.socket(fileno=int(sys.argv[1]))))

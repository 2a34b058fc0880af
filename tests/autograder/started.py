"""Programs that a forked command starts, as forks of it: they need not import what it has imported.

A fork leads a session of its own, has the descriptors, the folder and the environment that it was given, and
the program's name in /proc/PID/comm; it ends as the program would, and holds nothing open of its parent's.
A command has one thread when it starts these, so no lock is held that they would wait for. A fork cannot use
a gradebook that its parent has open (SQLite keeps its locks in memory); of these only autograder.limited uses
one, and a watch starts it before it opens its own.
"""

import gc
import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

PROGRAMS = ("autograder.workers", "autograder.limited", "course_lib.examination.warm_process")
NAMED = 15  # characters of a process's name that Linux keeps
LOOK = 0.01  # seconds between two looks at whether it has ended
_Popen = subprocess.Popen


def popen(command: Sequence[str], **options):
    """In place of `subprocess.Popen`: one of PROGRAMS is forked, everything else started as ever."""
    if command[0] == sys.executable and "-m" in command:
        program, *words = command[command.index("-m") + 1 :]
        if program in PROGRAMS:
            return Started(program, words, **options)
    return _Popen(command, **options)


class Started:
    """A running program, as `subprocess.Popen` would have it."""

    def __init__(
        self,
        program: str,
        words: Sequence[str],
        *,
        pass_fds: Sequence[int],
        cwd: Path,
        env: Mapping[str, str],
        start_new_session: bool,
        stdin: int,
        stdout=None,
        stderr=None,
    ):
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _run(program, words, pass_fds, cwd, env, [stdin, stdout, stderr])

    def poll(self) -> int | None:
        """Its exit status, -N after signal N, None while it runs."""
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(LOOK)
        return self.returncode

    def kill(self) -> None:
        """End it at once."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def _run(
    program: str,
    words: Sequence[str],
    passed: Sequence[int],
    folder: Path,
    environment: Mapping[str, str],
    streams: Sequence,
) -> None:
    """In the fork: be that program, and never return."""
    status = 1
    try:
        gc.freeze()  # what the parent had open is closed below by its number, and must not be once more
        os.setsid()
        Path("/proc/self/comm").write_text(program[:NAMED])
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for number, stream in enumerate(streams):
            if stream == subprocess.DEVNULL:
                os.dup2(os.open(os.devnull, os.O_RDWR), number)
            elif stream is not None:
                os.dup2(stream.fileno(), number)
        _close_all_but(passed)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv[1:] = words
        runpy.run_module(program, run_name="__main__", alter_sys=True)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _close_all_but(passed: Sequence[int]) -> None:
    first = 3
    for number in (*sorted(passed), os.sysconf("SC_OPEN_MAX")):
        os.closerange(first, number)
        first = number + 1

"""Programs that a cell starts by !, read through a pipe: there need not be a terminal."""

import codecs
import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Callable

PART = 1 << 16  # bytes that are read at once
LOOK = 0.05  # seconds between looks at whether the command has ended, if something it left holds the pipe


def run(command: str, show: Callable[[str], object]) -> int:
    """Run `command` in the shell, pass on what it prints to both streams to `show`; returns its exit status.

    Negative where a signal has ended it, as IPython keeps it. Nobody answers its questions. It is killed,
    with all of its session, when `show` or a signal's handler raises.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    process = subprocess.Popen(
        [os.environ.get("SHELL") or "sh", "-c", command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        with process.stdout as printed:
            while part := _part(printed.fileno(), process):
                show(decoder.decode(part))
            show(decoder.decode(b"", final=True))
        status = process.wait()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return 128 - status if status > 128 else status


def _part(file: int, process: subprocess.Popen) -> bytes:
    """What can be read next; b"" once the command has ended and nothing waits."""
    while True:
        is_over = process.poll() is not None
        if select.select([file], [], [], 0 if is_over else LOOK)[0]:
            return os.read(file, PART)
        if is_over:
            return b""

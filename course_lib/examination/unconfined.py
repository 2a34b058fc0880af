"""Guards a process whose code is trusted: a student's own on their own machine. It confines nothing.

Nothing here needs Linux. When the other end of the channel is closed, the process and its session are killed.
"""

import contextlib
import functools
import os
import select
import signal
import time
from collections.abc import Callable

HANG_UP = select.POLLHUP | select.POLLERR | select.POLLNVAL


def guard(limits: dict) -> Callable[[Callable[[], None], int], str]:
    """run(main, channel), which runs `main` in a child, with the socket `channel`, and says how
    it ended.

    `limits` may hold `wall_seconds`. `run` must be called in a process of one thread that nobody else uses.
    """
    return functools.partial(_run, limits.get("wall_seconds", float("inf")))


def _run(seconds: float, main: Callable[[], None], channel: int) -> str:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setsid()
            _close_files(channel)
            main()
            status = 0
        finally:
            os._exit(status)
    end = time.monotonic() + seconds
    poll = select.poll()
    poll.register(channel, 0)  # a hang-up is always told
    wait = 5
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            how = _told(os.waitstatus_to_exitcode(status))
            break
        is_alone = any(event & HANG_UP for _, event in poll.poll(wait))
        if is_alone or time.monotonic() > end:
            _kill(child)
            os.waitpid(child, 0)
            how = "it hit the limit of " + ("a closed channel" if is_alone else f"{seconds:g} seconds")
            break
        wait = min(2 * wait, 100)  # milliseconds; a short run is seen to end at once either way
    _kill(child)
    return how


def _close_files(kept: int) -> None:
    """Leave `kept` open and nothing else; what is written below Python goes nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    os.closerange(3, kept)
    os.closerange(kept + 1, 1 << 16)


def _kill(leader: int) -> None:
    """End all processes of a session's first group: what `leader` started and did not move elsewhere."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _told(code: int) -> str:
    if code < 0:
        return f"it was ended by {signal.Signals(-code).name}"
    return f"it ended with exit status {code}"

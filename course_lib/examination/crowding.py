"""Whether others on the machine have kept an examination's processes from running, when it hit a time limit.

What counts is the time in which a process was ready to run and no processor was free: the second number of
/proc/PID/task/TID/schedstat, in nanoseconds (Documentation/scheduler/sched-stats.rst). A process that sleeps
or computes is not kept waiting. Where there is no such file, nobody is.
"""

import contextlib
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

from course_lib.examination.peers import Peer, Start
from course_lib.examination.wire import Channel

GLANCE = 1.0  # seconds: what is answered sooner is not looked at
NEARLY = 0.95  # of a limit: whoever measures it began a little earlier or later
SHARE = 0.25  # of the time, spent waiting for a processor by any one thread, that excuses a time-out


class Crowd:
    """Starts the processes of one examination, and looks at how long they wait for a processor."""

    def __init__(self, start: Start):
        self._start, self._pids, self._since = start, [], time.monotonic()
        self.held_up = False  # a limit was hit while others kept it waiting

    def start(self, kind: str, *details) -> Peer:
        """As the function that this was made with."""
        peer = self._start(kind, *details)
        self._pids.append(peer.pid)
        return peer

    @contextlib.contextmanager
    def limited(self, channel: Channel, seconds: float) -> Iterator[None]:
        """Around waiting for what is to come on `channel` within `seconds`."""
        began = time.monotonic()
        poll = select.poll()
        poll.register(channel.socket, select.POLLIN)
        before = None if poll.poll(1000 * max(min(GLANCE, seconds), 0)) else self._delays()
        try:
            yield
        finally:
            took = time.monotonic() - began
            if before is not None and took >= NEARLY * seconds:
                self._judge(before, took - GLANCE)

    def out_of_time(self) -> None:
        """The time for all of the examination is over."""
        self._judge({}, time.monotonic() - self._since)

    def _judge(self, before: dict[int, float], seconds: float) -> None:
        waited = max((now - before.get(task, 0.0) for task, now in self._delays().items()), default=0.0)
        self.held_up |= waited > SHARE * max(seconds, GLANCE)

    def _delays(self) -> dict[int, float]:
        """Seconds that each thread of all our processes has waited for a processor so far."""
        found, waiting = {}, [pid for pid in self._pids if pid]
        while waiting:
            folder = Path(f"/proc/{waiting.pop()}/task")
            with contextlib.suppress(OSError):  # it ended meanwhile
                for task in os.listdir(folder):
                    found[int(task)] = int((folder / task / "schedstat").read_text().split()[1]) / 1e9
                    waiting += map(int, (folder / task / "children").read_text().split())
        return found

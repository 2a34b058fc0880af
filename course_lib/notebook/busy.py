"""How much of the machine other programs take while a cell measures."""

import sys
import time
from dataclasses import dataclass

from course_lib.notebook.machine import cores

MUCH = 0.25  # of the machine's cores: from here on, a time that comes out wrong says nothing
LONG = 1.0  # seconds: a cell that ran for longer may have measured what a later cell looks at


@dataclass(frozen=True)
class _Processor:
    """A moment: the clock, and the seconds of all cores that everybody, and this program, took so far."""

    clock: float
    everybody: float
    own: float


class Watch:
    """Others' share since the cell that runs began, and in the last one that ran for long."""

    def __init__(self):
        self._began, self._before = _now(), 0.0

    def cell_begins(self, *_) -> None:
        """IPython calls it before each cell."""
        self._began = _now()

    def cell_ends(self, *_) -> None:
        """IPython calls it after each cell."""
        if (now := _now()).clock - self._began.clock > LONG:
            self._before = _others(self._began, now)

    def others(self) -> float:
        """Cores that other programs kept busy, on average, while what is looked at now was measured."""
        return max(self._before, _others(self._began, _now()))


_WATCH: Watch | None = None


def watch() -> Watch:
    """The one of this process; in a notebook it follows the cells."""
    global _WATCH
    if _WATCH is None:
        _WATCH = Watch()
        if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
            shell.events.register("pre_run_cell", _WATCH.cell_begins)
            shell.events.register("post_run_cell", _WATCH.cell_ends)
    return _WATCH


def too_busy() -> str:
    """A sentence when others took so much of the machine that times say nothing, else nothing."""
    others = watch().others()
    if others <= MUCH * cores():
        return ""
    return (
        f"While this was measured, other programs kept {others:.1f} of this machine's {cores()} cores busy, "
        "so the time says nothing. Close what you can and run this cell again, and the one that measures; "
        "nothing is marked by it."
    )


def _now() -> _Processor:
    import psutil

    try:
        return _Processor(time.monotonic(), *_seconds(psutil))
    except (OSError, psutil.Error):  # where processes are confined, the system may not say
        return _Processor(time.monotonic(), 0.0, 0.0)


def _seconds(psutil) -> tuple[float, float]:
    """Of all cores that everybody took so far, and that this program and what it started took."""
    used = psutil.cpu_times()._asdict()
    resting = used["idle"] + used.get("iowait", 0.0)
    counted_twice = used.get("guest", 0.0) + used.get("guest_nice", 0.0)  # within user and nice
    own = 0.0
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        try:
            own += sum(process.cpu_times()[:4])  # its own, and of its children that have ended
        except psutil.Error:
            continue  # it has ended meanwhile; whoever started it has its time
    return sum(used.values()) - resting - counted_twice, own


def _others(start: _Processor, end: _Processor) -> float:
    """Cores, on average, between two moments; 0 over less than a tenth of a second: the clocks are coarse."""
    seconds = end.clock - start.clock
    if seconds < 0.1:
        return 0.0
    return max(0.0, (end.everybody - start.everybody - (end.own - start.own)) / seconds)

"""A control group (cgroup v2) for each confined process: the kernel counts and bounds what all of it takes.

Memory of every kind (of processes, of files in memory, of sockets and pipes), processes, and the share of the
processor: a group of 150 processes that spin gets no more than a group of one. Where this machine gives us no
such group, `sessions_share` says whether the kernel shares the processor by sessions instead (autogroup).
See Documentation/admin-guide/cgroup-v2.rst and sched(7).
"""

import contextlib
import os
import time
from pathlib import Path

NEEDED = frozenset({"cpu", "memory", "pids"})
OURS, GRADERS = "course_grader", "graders"  # the folder at the top, for root; where the graders themselves go
MOUNTS, MEMBERSHIP = Path("/proc/self/mountinfo"), Path("/proc/self/cgroup")
AUTOGROUP = Path("/proc/sys/kernel/sched_autogroup_enabled")
PATIENCE = 2.0  # seconds until a group of dead processes can be removed


def parent() -> Path | None:
    """The folder in which this process may make groups, itself moved out of the way; None where it may not.

    Root makes one at the top; others need a group that was handed to them (delegated).
    """
    top = _mounted()
    if top is None:
        return None
    try:
        if os.geteuid() == 0:
            _hand_on(top)
            ours = top / OURS
            ours.mkdir(exist_ok=True)
        else:
            ours = top / _own_path().lstrip("/")
            ours = ours.parent if ours.name == GRADERS else ours
            if not os.access(ours / "cgroup.subtree_control", os.W_OK):
                return None
            graders = ours / GRADERS
            graders.mkdir(exist_ok=True)
            for pid in (ours / "cgroup.procs").read_text().split():  # a group with groups in it holds none
                with contextlib.suppress(ProcessLookupError):
                    _write(graders / "cgroup.procs", pid)
        _hand_on(ours)
        _sweep(ours)
    except OSError:
        return None
    return ours


class Group:
    """One group in the folder `parent`, named after this process, which is to remove it."""

    def __init__(self, parent: Path, memory: int, processes: int):
        self._path = parent / str(os.getpid())
        self._path.mkdir(exist_ok=True)
        for name, value in {"memory.max": memory, "memory.swap.max": 0, "pids.max": processes}.items():
            with contextlib.suppress(FileNotFoundError):  # a kernel that cannot swap has no such file
                _write(self._path / name, str(value))
        self._door = os.open(self._path / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)

    def enter(self) -> None:
        """Put the calling process, and all that it forks from now on, into it."""
        os.write(self._door, b"0")

    def ran_out(self) -> bool:
        """Whether the kernel has killed a process for the group's memory."""
        with contextlib.suppress(OSError):
            events = dict(line.split() for line in (self._path / "memory.events").read_text().splitlines())
            return int(events.get("oom_kill", 0)) > 0
        return False

    def remove(self) -> None:
        """Kill what is left in it and take it away."""
        os.close(self._door)
        _remove(self._path, PATIENCE)


def sessions_share() -> bool:
    """Whether the kernel shares the processor by sessions among processes like this one.

    It does where that is switched on and no control group of the processor's holds this process.
    """
    try:
        if AUTOGROUP.read_text().strip() != "1":
            return False
        lines = [line.split(":", 2) for line in MEMBERSHIP.read_text().splitlines()]
    except OSError:
        return False
    if any("cpu" in controllers.split(",") and path != "/" for _, controllers, path in lines):
        return False
    top, own = _mounted(), _own_path()
    while top is not None and own not in ("", "/"):
        if (top / own.lstrip("/") / "cpu.weight").exists():
            return False
        own = os.path.dirname(own)
    return True


def _mounted() -> Path | None:
    """Where the groups of version 2 are mounted."""
    with contextlib.suppress(OSError):
        for line in MOUNTS.read_text().splitlines():
            before, _, after = line.partition(" - ")
            if after.split()[0] == "cgroup2":
                return Path(before.split()[4])
    return None


def _own_path() -> str:
    for line in MEMBERSHIP.read_text().splitlines():
        if line.startswith("0::"):
            return line[3:]
    return ""


def _hand_on(group: Path) -> None:
    """Have the groups in `group` count what we need. Raises OSError where that cannot be had."""
    if not set((group / "cgroup.controllers").read_text().split()) >= NEEDED:
        raise PermissionError(f"{group} does not count all that we need")
    missing = NEEDED - set((group / "cgroup.subtree_control").read_text().split())
    if missing:
        _write(group / "cgroup.subtree_control", " ".join(f"+{name}" for name in sorted(missing)))


def _write(path: Path, text: str) -> None:
    """Write to a file that is there; these are the kernel's, and none can be made."""
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def _sweep(parent: Path) -> None:
    """Remove groups whose makers are dead: they were killed and could not."""
    for group in parent.iterdir():
        if group.name.isdigit() and not Path("/proc", group.name).exists():
            _remove(group, 0.0)


def _remove(group: Path, patience: float) -> None:
    end = time.monotonic() + patience
    with contextlib.suppress(OSError):
        _write(group / "cgroup.kill", "1")
    while True:
        try:
            group.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > end:
                return
            time.sleep(0.01)

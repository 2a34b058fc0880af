"""Which walls stand around a submission on this machine, and the one line that would mend each lack.

python -m autograder.walls prints them as JSON, one list a wall: its name, what was found, what would mend it.
"""

import json
from typing import NamedTuple

from autograder import control_group, landlock
from course_lib import call_filter


class Wall(NamedTuple):
    """`mend` is empty where it stands; `missing` is what a run without it is told."""

    name: str
    found: str
    mend: str = ""
    missing: str = ""


def walls() -> list[Wall]:
    """All walls behind the namespaces, without which nothing is graded at all."""
    return [_seccomp(), _landlock(), _control_group()]


def notes() -> list[str]:
    """What is to be said after a run: one sentence for each wall that does not stand here."""
    return [wall.missing for wall in walls() if wall.missing]


def _seccomp() -> Wall:
    if call_filter.is_here():
        return Wall("Seccomp", "system calls are filtered")
    return Wall(
        "Seccomp",
        "this kernel or processor has no filter of system calls that we know",
        "use a Linux on x86-64 or 64-bit Arm with CONFIG_SECCOMP_FILTER=y",
        "this kernel filters no system calls (seccomp); the namespaces stand without it",
    )


def _landlock() -> Wall:
    if version := landlock.version():
        return Wall("Landlock", f"version {version}: only scratch folders can be written")
    return Wall(
        "Landlock",
        "this kernel has none, or it is switched off",
        "use Linux 5.13 or newer with landlock in its parameter lsm= (see /sys/kernel/security/lsm)",
        "this kernel has no Landlock (files); the namespaces stand without it",
    )


def _control_group() -> Wall:
    if parent := control_group.parent():
        return Wall("Control group", f"{parent}: memory of every kind, processes and share of the processor")
    shared = control_group.sessions_share()
    mend = "" if shared else "; until then: sysctl -w kernel.sched_autogroup_enabled=1"
    found = (
        "sessions share the processor (autogroup)"
        if shared
        else "submissions share the processor by processes"
    )
    return Wall(
        "Control group",
        f"none (cgroup v2, handed on); {found}, and what the kernel holds for them is estimated",
        f"systemd-run --user --scope -p Delegate=yes ./course grade …, where cgroups are of version 2{mend}",
        f"no control group for each submission here: {found}, memory is watched from outside "
        "(./course doctor has the line that mends it)",
    )


if __name__ == "__main__":
    print(json.dumps([[wall.name, wall.found, wall.mend] for wall in walls()]))

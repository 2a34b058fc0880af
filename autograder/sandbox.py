"""Confines a process: what it may see, reach and use. Linux only; no system package, no privilege needed.

`run_confined` is called in a freshly forked, single-threaded process, the guardian. It makes the namespaces,
forks the first process of the new PID namespace, watches it from outside and kills everything at the end. The
files it sees are made by confined_root.py. The threat model stands in docs/grading_security.md.
"""

import contextlib
import ctypes
import fcntl
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder import control_group, landlock, system_calls
from autograder.confined_root import HOME, USER, CannotConfine, View, call, libc, make_root, write
from autograder.usage import descriptors, holds_more, largest
from course_lib import call_filter
from course_lib.paths import ROOT

NOBODY, ACCOUNTS = 65534, 1 << 30  # where the grader is root, submissions have accounts from here on

NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
CAPABILITY_VERSION_3 = 0x20080522
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
POLLRDHUP = 0x2000
MERCIES = 20  # processes that are killed for their memory before all are
FIRST_LOOK, LAST_LOOK = 50.0, 200.0  # milliseconds between two looks at what is used, growing


@dataclass(frozen=True)
class Limits:
    """What a confined process and all its children may use together, CPU time and addresses each."""

    wall_seconds: float = 900.0
    cpu_seconds: int = 900
    memory: int = 4 << 30  # bytes in memory, all processes together
    addresses: int = 32 << 30  # bytes of address space, each process
    processes: int = 256  # threads included: four ranks of torch.distributed start some dozens
    file_size: int = 256 << 20
    scratch: int = 256 << 20  # bytes in each of home, /tmp and /dev/shm
    descriptors: int = 4096  # open files, all processes: what sockets and pipes hold is the kernel's memory
    group: str = ""  # the folder in which to make a control group of its own; "" for none


@dataclass(frozen=True)
class Ending:
    """How a confined process ended: its exit status or signal, or the limit that it hit."""

    status: int = 0
    limit: str = ""

    def __str__(self) -> str:
        if self.limit:
            return f"it hit the limit of {self.limit}"
        if self.status < 0:
            return f"it was ended by {signal.Signals(-self.status).name}"
        return f"it ended with exit status {self.status}"


def guard(limits: dict) -> Callable[[Callable[[], None], int], str]:
    """run(main, channel), which runs `main` confined within `limits` (by their names in Limits) and says how
    it ended. What is the same for all that are forked is worked out here, once.
    """
    allowed, view = Limits(**limits), View()
    view.find()
    system_calls.prepare()

    def run(main: Callable[[], None], channel: int) -> str:
        die_with_parent()
        return str(run_confined(main, channel, allowed, view))

    return run


def run_confined(main: Callable[[], None], channel: int, limits: Limits, view: View) -> Ending:
    """Run `main` confined, with the socket `channel` as the only open file; returns when all of it is dead.

    It is killed when the other end of `channel` is closed. Must be called in a process of one thread that
    nobody else uses. Raises CannotConfine.
    """
    as_root = os.geteuid() == 0
    identity = os.geteuid(), os.getegid()
    account = ACCOUNTS + os.getpid() if as_root else None
    group = _group(limits)
    ready, report = os.pipe()
    namespaces = NEWPID | NEWNET | NEWIPC | NEWUTS
    call("unshare", libc.unshare(namespaces if as_root else namespaces | NEWUSER))
    if not as_root:
        _map_ids(*identity)
    first = os.fork()
    if first == 0:
        _first_process(main, channel, limits, view, report, account, group)  # never returns
    os.close(report)
    refusal = _read_all(ready)
    os.close(ready)
    if refusal:
        os.kill(first, signal.SIGKILL)
        os.waitpid(first, 0)
        if group:
            group.remove()
        raise CannotConfine(refusal.decode(errors="replace"))
    ending = _watch(first, channel, limits)
    if group:
        if group.ran_out() and not ending.limit:
            ending = Ending(ending.status, _too_much(limits))
        group.remove()
    return ending


def _group(limits: Limits) -> control_group.Group | None:
    """The control group of a process that is about to be confined; None where none can be made."""
    with contextlib.suppress(OSError):
        if limits.group:
            return control_group.Group(Path(limits.group), limits.memory, limits.processes)
    return None


def _too_much(limits: Limits) -> str:
    return f"{limits.memory >> 20} MB of memory"


def die_with_parent() -> None:
    """Kill this process when the one that forked it ends, however that ends."""
    call("prctl", libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def _first_process(
    main, channel: int, limits: Limits, view: View, report: int, account: int | None, group
) -> None:
    """Process 1 of the namespace: confines itself, starts `main`, buries the dead until it ends."""
    try:
        if group:
            group.enter()
        # A signal to the process group would reach its others, in whatever namespace they are. A session is
        # also what the kernel shares the processor by, where there is no control group.
        os.setsid()
        _close_files({channel, report})
        make_root(view, limits.scratch)
        _raise_loopback()
        libc.sethostname(b"notebook", 8)
        _bound_sockets()
        if account is not None:
            _become_nobody(account)
        write("/proc/sys/user/max_user_namespaces", "0")
        _give_up_privileges()
        _raise_second_wall()
        _limit(limits)
        _clean_environment()
        die_with_parent()
        os.closerange(report, report + 1)
    except BaseException as error:
        os.write(report, f"{type(error).__name__}: {error}".encode()[:500])
        os._exit(1)
    worker = os.fork()
    if worker == 0:
        status = 1
        try:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD):
                signal.signal(
                    number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
                )
            main()
            status = 0
        finally:
            os._exit(status)
    os.close(channel)
    while True:
        pid, status = os.wait()
        if pid == worker:
            os._exit(os.waitstatus_to_exitcode(status) % 256)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(probe, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def _become_nobody(account: int) -> None:
    """Root owns nearly every file of the machine, so inside, not even its number may be left.

    What the kernel counts by account (descriptors on their way, pipes, watches) it counts for this process
    alone: no two guardians have one number. Where there are no such accounts, all are nobody.
    """
    os.setgroups([])
    try:
        os.setresgid(account, account, account)
        os.setresuid(account, account, account)
    except OSError:
        account = NOBODY
        os.setresgid(account, account, account)
        os.setresuid(account, account, account)
    call("unshare", libc.unshare(NEWUSER))
    _map_ids(account, account)


def _bound_sockets() -> None:
    """TCP's memory is counted for the machine: a connection here may hold half a megabyte each way."""
    for name in ("tcp_rmem", "tcp_wmem"):
        with contextlib.suppress(OSError):
            write(f"/proc/sys/net/ipv4/{name}", f"4096 131072 {512 << 10}")


def _map_ids(user: int, group: int) -> None:
    # A process whose ids have changed since it started may not write to its own /proc/self otherwise.
    call("prctl", libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{USER} {user} 1")
    write("/proc/self/gid_map", f"{USER} {group} 1")


def _give_up_privileges() -> None:
    """No capability now, and none to be had by starting a program."""
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails past the last one there is
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    call("capset", libc.capset(header, (ctypes.c_uint32 * 6)()))
    call("prctl", libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def _raise_second_wall() -> None:
    """What the namespaces hide is refused once more, by rules that a mistake of theirs does not change."""
    with contextlib.suppress(landlock.NoLandlock):
        landlock.restrict("/", (HOME, "/tmp", "/dev/shm"), "/dev")
    with contextlib.suppress(call_filter.NoFilter):
        system_calls.refuse()


def _limit(limits: Limits) -> None:
    for name, value in {
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_AS: limits.addresses,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: 1024,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }.items():
        resource.setrlimit(name, (value, value))


def _clean_environment() -> None:
    os.environ.clear()
    os.environ.update(
        PATH=f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin", HOME=HOME, TMPDIR="/tmp", LANG="C.UTF-8",
        USER="student", COURSE_CACHE=f"{HOME}/.cache", COURSE_DEVICE="host", NBGRADER_EXECUTION="autograde",
        PYTHONPATH=str(ROOT), PLOTLY_RENDERER="plotly_mimetype", OMP_NUM_THREADS="1",
        IPYTHONDIR=f"{HOME}/.ipython", JUPYTER_PLATFORM_DIRS="1", PYTHONDONTWRITEBYTECODE="1",
    )  # fmt: skip


def _watch(first: int, channel: int, limits: Limits) -> Ending:
    """Wait for process 1 to end; kill it, and so everything in its namespace, when a limit is hit.

    Of memory, the process that holds most is killed first: a call that takes too much costs its own copy of
    the notebook's process, and the others go on.
    """
    end, limit, spared = time.monotonic() + limits.wall_seconds, "", MERCIES
    poll = select.poll()
    ended = os.pidfd_open(first)
    poll.register(ended, select.POLLIN)
    poll.register(channel, POLLRDHUP)
    wait = FIRST_LOOK
    while True:
        events = dict(poll.poll(wait))
        wait = min(2 * wait, LAST_LOOK)  # a short run is seen to end at once either way
        if ended in events:
            break
        if channel in events:
            limit = "a closed channel"
        elif time.monotonic() > end:
            limit = f"{limits.wall_seconds:g} seconds"
        elif holds_more(first, limits.memory):
            if spared:
                spared -= 1
                wait = FIRST_LOOK
                with contextlib.suppress(ProcessLookupError):
                    os.kill(largest(first), signal.SIGKILL)
            else:
                limit = _too_much(limits)
        elif descriptors(first) > limits.descriptors:
            limit = f"{limits.descriptors} open files"
        if limit:
            os.kill(first, signal.SIGKILL)
            break
    _, status = os.waitpid(first, 0)  # returns when every process of the namespace is gone
    os.close(ended)
    code = os.waitstatus_to_exitcode(status)
    code = code - 256 if code > 128 else code
    if code == -signal.SIGKILL and spared < MERCIES:
        limit = limit or _too_much(limits)
    return Ending(code, limit)


def _close_files(kept: set[int]) -> None:
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    start = 3
    for number in sorted(kept):
        os.closerange(start, number)
        start = number + 1
    os.closerange(start, 1 << 20)


def _read_all(file: int) -> bytes:
    data = b""
    while part := os.read(file, 4096):
        data += part
    return data

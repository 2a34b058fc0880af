"""What a process and its descendants use, read from /proc by someone outside."""

import os
from collections.abc import Iterator


def holds_more(first: int, limit: int) -> bool:
    """Whether `first` and its descendants together hold more than `limit` bytes, shared ones counted once.

    What waits in sockets is no process's memory: as much is counted as may wait in those of its network. A
    quick sum counts what forks share once for each, so it is never too low: only above the limit must the
    kernel count page by page, which takes milliseconds per process.
    """
    page = os.sysconf("SC_PAGESIZE")
    limit -= _in_sockets(first)
    if sum(resident - shared for _, resident, shared in _tree(first)) * page <= limit:
        return False
    return sum(_proportional(pid) for pid, _, _ in _tree(first)) > limit


def _in_sockets(pid: int) -> int:
    """Bytes that may wait in the sockets of the network of `pid`; the kernel doubles what is set."""
    try:
        sockets = int(_text(f"/proc/{pid}/net/sockstat").split()[2])  # it begins with "sockets: used 3"
        most = int(_text("/proc/sys/net/core/wmem_max"))
    except OSError:
        return 0
    return 2 * most * sockets


def held(pid: int) -> int:
    """Bytes in memory that one process alone holds; 0 when it has ended."""
    try:
        resident, shared = map(int, _text(f"/proc/{pid}/statm").split()[1:3])
    except OSError:
        return 0
    return (resident - shared) * os.sysconf("SC_PAGESIZE")


def largest(first: int) -> int:
    """The descendant of `first` that holds the most memory; `first` itself when it has none."""
    held = {pid: _proportional(pid) for pid, _, _ in _tree(first) if pid != first}
    return max(held, key=held.__getitem__, default=first)


def descriptors(first: int) -> int:
    """How many descriptors `first` and all its descendants have open together."""
    return sum(_open_files(pid) for pid, _, _ in _tree(first))


def _open_files(pid: int) -> int:
    """Linux 6.2 and newer say it as the folder's size; before, they must be listed."""
    try:
        return os.stat(f"/proc/{pid}/fd").st_size or len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0  # it ended meanwhile


def _tree(first: int) -> Iterator[tuple[int, int, int]]:
    """(process, pages it holds, those of them that others may share) of `first` and all descendants."""
    waiting = [first]
    while waiting:
        pid = waiting.pop()
        try:
            resident, shared = map(int, _text(f"/proc/{pid}/statm").split()[1:3])
            for task in os.listdir(f"/proc/{pid}/task"):
                waiting += map(int, _text(f"/proc/{pid}/task/{task}/children").split())
        except OSError:
            continue  # it ended meanwhile
        yield pid, resident, shared


def _proportional(pid: int) -> int:
    try:
        for line in _text(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass  # it ended meanwhile
    return 0


def _text(path: str) -> str:
    """What a file of /proc says.

    Read by calls of the system alone: the process that watches is a fork, and each first use of a library
    costs it the copies of dozens of memory pages.
    """
    file, said = os.open(path, os.O_RDONLY | os.O_CLOEXEC), b""
    try:
        while part := os.read(file, 4096):
            said += part
    finally:
        os.close(file)
    return said.decode()

"""What a process and its descendants use, read from /proc by someone outside."""

import os
from pathlib import Path

QUICK = 1 << 30  # bytes up to which the quick sum, which counts shared pages often, is good enough


def in_memory(first: int) -> int:
    """Bytes that `first` and its descendants hold, shared ones counted once where the quick sum is high."""
    total, waiting, found = 0, [first], []
    page = os.sysconf("SC_PAGESIZE")
    while waiting:
        pid = waiting.pop()
        try:
            resident, shared = map(int, Path(f"/proc/{pid}/statm").read_text().split()[1:3])
            for task in os.listdir(f"/proc/{pid}/task"):
                waiting += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        except OSError:
            continue  # it ended meanwhile
        found.append(pid)
        total += (resident - shared) * page
    if total < QUICK:
        return total
    return sum(map(_proportional, found))


def _proportional(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass  # it ended meanwhile
    return 0

"""Ranks as forks of one process that has imported torch: `python -m course_lib.ranks.forking FOLDER FD FD …`.

The import takes a processor longer than all else that a start needs, and is done here once for all ranks.
FOLDER is for what ranks print; then the descriptors of each rank's orders and answers follow. This process
writes a line "rank pid" when it has forked a rank, and "rank pid status" when that has ended. When its
standard input closes, it kills all ranks; when none is left, it ends.
"""

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

from course_lib.ranks import rank


def main() -> None:
    """Fork the ranks, and tell how each of them ends. In a fork this returns when the rank has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # It starts no thread where OMP_NUM_THREADS is 1; a process that has some cannot be forked safely.
    import torch.distributed  # noqa: F401

    folder, descriptors = sys.argv[1], list(map(int, sys.argv[2:]))
    alive: dict[int, int] = {}  # pid -> rank
    for number in range(len(descriptors) // 2):
        pid = os.fork()
        if pid == 0:
            _become(Path(folder, f"{number}.log"), descriptors, *descriptors[2 * number : 2 * number + 2])
            return rank.main()
        alive[pid] = number
        _say(number, pid)
    for descriptor in descriptors:
        os.close(descriptor)
    threading.Thread(target=_kill_at_the_end_of_input, args=(alive,), daemon=True).start()
    while alive:
        pid, status = os.wait()
        _say(alive.pop(pid), pid, os.waitstatus_to_exitcode(status))


def _become(log: Path, descriptors: list[int], orders: int, answers: int) -> None:
    """Take a rank's standard streams, and nothing that is another's: its end must show when that one ends."""
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for standard, ours in enumerate((orders, answers, written)):
        os.dup2(ours, standard)
    for descriptor in (*descriptors, written):
        os.close(descriptor)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # as in a process that was not forked; torch begins with one seed everywhere


def _kill_at_the_end_of_input(alive: dict[int, int]) -> None:
    os.read(0, 1)
    for pid in list(alive):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _say(*numbers: int) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(1, (" ".join(map(str, numbers)) + "\n").encode())


if __name__ == "__main__":
    main()

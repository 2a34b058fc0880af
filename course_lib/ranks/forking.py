"""Ranks as forks of one process that has imported torch: `python -m course_lib.ranks.forking DESCRIPTOR`.

The import takes a processor longer than all else that a start needs, and is done here once for all ranks that
a process starts. DESCRIPTOR is a socket; what comes over it is pickled: (FORK, key, log), with the
descriptors of a rank's orders and answers, or (KILL, key). This process writes a line "key pid" when it has
forked a rank, and "key pid status" when that has ended. When the socket closes, it kills all ranks and ends.
"""

import contextlib
import os
import pickle
import select
import signal
import socket
import sys

from course_lib.ranks import rank

FORK, KILL = "fork", "kill"
LONGEST = 2**14  # bytes of what is asked for; the name of a log is the most of it


def main() -> None:
    """Fork ranks, and tell how each of them ends. In a fork this returns when the rank has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # It starts no thread where OMP_NUM_THREADS is 1; a process that has some cannot be forked safely.
    import torch.distributed

    # A backward pass from a gradient that is given imports this, for a quarter of what torch takes.
    import torch.fx.experimental.symbolic_shapes  # noqa: F401

    asked = socket.socket(fileno=int(sys.argv[1]))
    ended, ring = socket.socketpair()
    ring.setblocking(False)
    signal.set_wakeup_fd(ring.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # so that its end rings
    alive: dict[int, int] = {}  # key -> pid
    while True:
        ready, _, _ = select.select([asked, ended], [], [])
        if ended in ready:
            ended.recv(LONGEST)
            _tell_who_ended(alive)
        if asked in ready:
            data, descriptors, *_ = socket.recv_fds(asked, LONGEST, 2)
            if not data:
                _kill(alive.values())
                os._exit(0)  # to take torch apart in good order would keep a processor for a while
            what, key, *log = pickle.loads(data)
            if what == KILL:
                _kill([alive[key]] if key in alive else [])
                continue
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for end in (asked, ended, ring):
                    end.close()
                _become(*log, *descriptors)
                return rank.main()
            for descriptor in descriptors:  # a rank's end must show when it ends
                os.close(descriptor)
            alive[key] = pid
            _say(key, pid)


def _become(log: str, orders: int, answers: int) -> None:
    """Take a rank's standard streams."""
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for standard, ours in enumerate((orders, answers, written)):
        os.dup2(ours, standard)
    for descriptor in (orders, answers, written):
        os.close(descriptor)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # as in a process that was not forked; torch begins with one seed everywhere


def _tell_who_ended(alive: dict[int, int]) -> None:
    for key, pid in list(alive.items()):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            del alive[key]
            _say(key, pid, os.waitstatus_to_exitcode(status))


def _kill(pids) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _say(*numbers: int) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(1, (" ".join(map(str, numbers)) + "\n").encode())


if __name__ == "__main__":
    main()

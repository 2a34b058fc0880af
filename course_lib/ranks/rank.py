"""One rank, a process of its own: `python -m course_lib.ranks.rank`, started by `processes.Ranks`.

Orders ("module:function" and its arguments) come pickled on standard input, answers go pickled to standard
output. When standard input closes, because whoever started it has ended in whatever way, the rank ends at
once.
"""

import contextlib
import importlib
import os
import pickle
import queue
import signal
import socket
import sys
import threading
import traceback
from datetime import timedelta

PATIENCE = timedelta(seconds=120)  # for a message of another rank; a rank that ends is noticed at once


def main() -> None:
    """Join the process group that the first order describes; then carry out orders while any come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the parent, which ends us
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up among the answers
    orders: queue.Queue = queue.Queue()
    # Started before torch is imported, so that even that does not outlive the parent.
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()

    def answer(*parts) -> None:
        pickle.dump(parts, answers)
        answers.flush()

    try:
        _serve(orders, answer)
    except BaseException:
        answer("failed", traceback.format_exc())
        raise


def _listen(orders: queue.Queue) -> None:
    with contextlib.suppress(EOFError, pickle.UnpicklingError, OSError):
        while True:
            orders.put(pickle.load(sys.stdin.buffer))
    os._exit(0)


def _serve(orders: queue.Queue, answer) -> None:
    rank, ranks, store = orders.get()
    os.environ.setdefault("GLOO_SOCKET_IFNAME", _loopback())
    import torch
    import torch.distributed as dist

    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", store=dist.FileStore(store, ranks), rank=rank, world_size=ranks, timeout=PATIENCE
    )
    answer("ready")
    while True:
        function, arguments = orders.get()
        module, name = function.split(":")
        result = getattr(importlib.import_module(module), name)(lambda: answer("told"), *arguments)
        answer("done", result)


def _loopback() -> str:
    """Name of the loopback interface: all ranks are on this machine."""
    return next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")


if __name__ == "__main__":
    main()

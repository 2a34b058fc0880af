"""One rank, a process of its own: `python -m course_lib.ranks.rank`, started by `processes.Ranks`.

Orders come pickled on standard input, answers go pickled to standard output. When standard input closes,
because whoever started it has ended in whatever way, the rank ends at once.
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
from collections.abc import Callable
from datetime import timedelta

from course_lib.ranks import source

WHERE = "where"  # an order that is answered while another one is carried out


def main() -> None:
    """Join the process group that the first order describes; then carry out orders while any come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the parent, which ends us
    answers, one_at_a_time = os.fdopen(os.dup(1), "wb"), threading.Lock()
    os.dup2(2, 1)  # what a library prints must not end up among the answers

    def answer(*parts) -> None:
        data = pickle.dumps(parts)  # what cannot travel raises before anything has gone
        with one_at_a_time:
            answers.write(data)
            answers.flush()

    orders: queue.Queue = queue.Queue()
    # Started before torch is imported, so that even that does not outlive the parent.
    threading.Thread(target=_listen, args=(orders, answer), daemon=True).start()
    try:
        _serve(orders, answer)
    except BaseException as error:
        answer("lost" if _is_of_the_network(error) else "failed", _told(error))
        raise


def _listen(orders: queue.Queue, answer: Callable) -> None:
    main_thread = threading.main_thread().ident
    with contextlib.suppress(EOFError, pickle.UnpicklingError, OSError):
        while True:
            order = pickle.load(sys.stdin.buffer)
            if order == WHERE:
                answer(WHERE, source.place_of_thread(main_thread))
            else:
                orders.put(order)
    os._exit(0)


def _serve(orders: queue.Queue, answer: Callable) -> None:
    rank, ranks, store, backend, patience, environment = orders.get()
    os.environ.clear()  # a fork has that of the time when its origin was started
    os.environ.update(environment)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", _loopback())
    import torch
    import torch.distributed as dist

    torch.set_num_threads(1)
    if backend == "nccl":
        torch.cuda.set_device(rank)
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if backend == "nccl" else backend,
        store=dist.FileStore(store, ranks),
        rank=rank,
        world_size=ranks,
        timeout=timedelta(seconds=patience),
    )
    answer("ready")
    while True:
        function, arguments = orders.get()
        if isinstance(function, source.Source):
            answer("done", source.load(function)(*arguments))
        else:
            module, name = function.split(":")
            result = getattr(importlib.import_module(module), name)(lambda: answer("told"), *arguments)
            answer("done", result)


def _told(error: BaseException) -> str:
    """One line: what was raised, and where in a text that was sent."""
    last = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    where = source.place_of_error(error)
    return f"{last}, in {where}" if where else last


def _is_of_the_network(error: BaseException) -> bool:
    """Whether an exception may only tell that another rank is gone."""
    kind = type(error).__name__
    return kind in ("DistBackendError", "DistNetworkError") or (
        isinstance(error, RuntimeError) and "gloo" in str(error).lower()
    )


def _loopback() -> str:
    """Name of the loopback interface: all ranks are on this machine."""
    return next((name for _, name in socket.if_nameindex() if name.startswith("lo")), "lo")


if __name__ == "__main__":
    main()

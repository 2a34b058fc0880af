"""Calls functions of the library with what a task's function was called with, in a process made for it.

Much of the library computes something once and keeps it, such as a demo's trained network. That takes longer
than a function that is tried may take: it would be begun in every call, and never end. So the process first
computes all of it, and each search runs in a copy of it.
"""

import contextlib
import gc
import importlib
import inspect
import multiprocessing
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from tests.forks import FORKS
from tests.notebooks.copying import Copy, copies, recorded

MEMORY = 2 << 30  # bytes, that a search may take: some functions make arrays of any size that is asked for


class Probing:
    """The process; it serves one search after another, in the order in which they come."""

    def __init__(self, modules: set[str]):
        self._connection, theirs = FORKS.Pipe()
        self._process = FORKS.Process(target=_serve, args=(theirs, sorted(modules)))
        self._process.start()
        theirs.close()

    def copies(self, calls: Path, functions: list[tuple[str, str]], folder: Path) -> dict[str, list[Copy]]:
        """By name of each function with recorded calls, the copies that fit; the folder is to work in."""
        answer = folder / "copies.pickle"
        answer.unlink(missing_ok=True)
        self._connection.send((calls, functions, answer, folder))
        assert self._connection.recv() == 0, "the process that tries functions was ended"
        return pickle.loads(answer.read_bytes())

    def end(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join()


def _serve(connection: Connection, modules: list[str]) -> None:
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a process that has used a GPU cannot be forked
    torch.set_num_threads(1)  # nor safely one with threads
    importlib.import_module("torch._dynamo")  # as the class of an optimizer does, which takes over a second
    for compute in kept(modules):
        with contextlib.suppress(Exception):  # such as a library that is not installed
            compute()
    gc.collect()
    gc.freeze()  # a collection in a copy would visit, and copy, every page of this process
    forks = multiprocessing.get_context("fork")
    with contextlib.suppress(EOFError):
        while True:
            process = forks.Process(target=_search, args=connection.recv())
            process.start()
            process.join()
            connection.send(process.exitcode)


def kept(modules: list[str]) -> Iterator[Callable]:
    """The functions of these modules that compute something once and keep it: cached, without arguments."""
    for module in map(importlib.import_module, modules):
        for found in list(vars(module).values()):
            if hasattr(found, "cache_info") and found.__module__ == module.__name__:
                parameters = inspect.signature(found).parameters.values()
                if all(parameter.default is not parameter.empty for parameter in parameters):
                    yield found


def _search(calls: Path, functions: list[tuple[str, str]], answer: Path, folder: Path) -> None:
    made_of = recorded(calls)
    os.chdir(folder)
    _no_more_memory_than(MEMORY)
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        found = {name: copies(made, functions) for name, made in made_of.items()}
    answer.write_bytes(pickle.dumps(found))


def _no_more_memory_than(extra: int) -> None:
    """Lets this process take so many bytes beside those that it has; more is a MemoryError. On Linux."""
    if sys.platform != "linux":
        return
    import resource

    status = Path("/proc/self/status").read_text()
    has = int(status.partition("VmData:")[2].split()[0]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (has + extra, has + extra))

"""Processes that have imported what takes seconds, as forks of one: for tests that need many of them."""

import multiprocessing
from multiprocessing import forkserver

import pytest

from course_lib.paths import ROOT

FORKS = multiprocessing.get_context("forkserver")
_IMPORTED = [
    *("tests.notebooks.trial", "course_lib.demos", "course_lib.cuda"),
    *("tests.autograder.forked", "autograder.console", "autograder.grade"),
    "autograder.watch.command",
    # What a command imports when its words are read: typer checks them by pydantic.
    *("autograder.cli", "typer._adapters", "pydantic.types", "pydantic.type_adapter"),
    # What these import when they are first used: the digits, plots, and torch's optimizers.
    *("sklearn.datasets", "plotly.subplots", "torch._dynamo", "ipywidgets", "anywidget"),
]


def get_ready() -> None:
    """Start the process that forks, and wait until it can.

    It finds this checkout, and computes without threads: a process that has some cannot be forked safely.
    """
    FORKS.set_forkserver_preload(_IMPORTED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("OMP_NUM_THREADS", "1")
        forkserver.ensure_running()
    first = FORKS.Process(target=int)
    first.start()
    first.join()

"""Processes that have imported what takes seconds, as forks of one: for tests that need many of them."""

import multiprocessing
from multiprocessing import forkserver

import pytest

from course_lib.paths import ROOT

FORKS = multiprocessing.get_context("forkserver")
_IMPORTED = [
    *("tests.notebooks.trial", "course_lib.cuda", "course_lib.notebook.effects"),
    # What demos import when they are first used. Whatever is here that no notebook needs makes forks slower.
    *("course_lib.demos.look", "plotly.subplots", "ipywidgets", "anywidget"),
]


def get_ready() -> None:
    """Start the process that forks what runs notebooks, and wait until it can."""
    start(forkserver._forkserver, _IMPORTED)
    first = FORKS.Process(target=int)
    first.start()
    first.join()


def start(server: forkserver.ForkServer, imported: list[str]) -> None:
    """Start a process that forks others and has `imported` these modules, unless it runs.

    It finds this checkout, and computes without threads: a process that has some cannot be forked safely.
    """
    server.set_forkserver_preload(imported)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("OMP_NUM_THREADS", "1")
        server.ensure_running()

"""Tries wrong solutions: each in a copy of a process that has run the notebook through the task's tests.

What comes before is run once for all wrong solutions of a task, and none of them can change what the next
one meets. One that hangs or crashes ends with its copy.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from tests import launches
from tests.forks import FORKS
from tests.notebooks.runner import cells, grade_id, is_test, options, points, run_cells, shell, task_of

MOST_SECONDS = 180  # for one wrong solution and its tests, most of which take one; machines may be busy


class Rehearsal:
    """One notebook's process. It goes from task to task, never back."""

    def __init__(self, path: Path, environment: dict[str, str], folder: Path):
        self.path, self._place = path, 0
        self._order = [grade_id(cell) for cell in cells(path)]
        self._connection, theirs = FORKS.Pipe()
        self._process = FORKS.Process(target=_rehearse, args=(path, theirs, environment, folder))
        self._process.start()
        theirs.close()

    def leads_to(self, task: str) -> bool:
        """Whether the task is still to come."""
        return self._order.index(task) >= self._place

    def try_out(
        self, task: str, mutant: Path, output: Path, most_seconds: float = MOST_SECONDS
    ) -> dict[str, float | str]:
        """grade_id -> the points of each test of the task, or how it ended; `output` gets what was printed.

        The first test that does not give all its points is the last one. Raises RuntimeError when the
        notebook's own solution does not earn them all, or when it or this wrong solution ran into an end
        that is not a test's: what happened is its message.
        """
        return self._ask(task, mutant, output, most_seconds)

    def own(self, task: str) -> dict[str, float | str]:
        """grade_id -> the points of each test of the task, or how it ended, for the notebook's own solution.

        Raises RuntimeError when a cell before them ends with an exception, which is its message.
        """
        return self._ask(task, None, None, 0)

    def _ask(self, task: str, *trial) -> dict[str, float | str]:
        self._place = self._order.index(task)
        try:
            self._connection.send((task, *trial))
            said = self._connection.recv()
        except (EOFError, OSError):
            raise RuntimeError("the process that runs the notebook is gone") from None
        if isinstance(said, str):
            raise RuntimeError(said)
        return said

    def end(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join()


def _rehearse(path: Path, connection: Connection, environment: dict, folder: Path) -> None:
    """Run cells up to each task asked for, and fork there, until nobody asks any more."""
    os.environ.update(environment)
    os.chdir(folder)
    torch.set_num_threads(1)  # a process with threads cannot be forked safely
    all_cells, done, own = cells(path), 0, {}
    with launches.as_forks(), shell() as here, contextlib.suppress(EOFError):
        while True:
            task, mutant, output, seconds = connection.recv()
            place = next(i for i, cell in enumerate(all_cells) if grade_id(cell) == task)
            tests = [i for i, cell in enumerate(all_cells) if is_test(cell) and task_of(cell) == task]
            try:
                # With the task's own tests: what these compute and keep, no copy need compute again.
                said = run_cells(
                    here, all_cells[done : tests[-1] + 1], {grade_id(all_cells[i]) for i in tests}
                )
            except Exception:
                connection.send(traceback.format_exc())
                continue
            done = tests[-1] + 1
            own |= {name: value if isinstance(value, float) else repr(value) for name, value in said.items()}
            if mutant is None:
                connection.send({grade_id(all_cells[i]): own[grade_id(all_cells[i])] for i in tests})
                continue
            possible = {grade_id(all_cells[i]): options(all_cells[i])["points"] for i in tests}
            if short := {name: own[name] for name, most in possible.items() if points(own[name]) < most}:
                connection.send(f"the notebook's own solution loses points: {short}")
                continue
            gc.freeze()  # a collection in a copy would visit, and copy, every page of this process
            connection.send(_in_a_copy(seconds, here, all_cells[place:done], mutant, output))


def _in_a_copy(seconds: float, here, its_cells, mutant: Path, output: Path) -> dict | str:
    """What the tests say, or what happened instead. `its_cells` are from the task's own to its last test."""
    answers, answer = multiprocessing.Pipe(duplex=False)
    sys.stdout.flush()
    sys.stderr.flush()
    copy = os.fork()
    if copy == 0:
        os.setsid()
        try:
            answers.close()
            printed = os.open(output, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
            os.dup2(printed, 1)
            os.dup2(printed, 2)
            os.chdir(output.parent)
            answer.send(_tests(here, its_cells, mutant))
            sys.stdout.flush()
        except BaseException:
            answer.send(traceback.format_exc())
        finally:
            os._exit(0)
    answer.close()
    try:
        return answers.recv() if answers.poll(seconds) else f"did not end within {seconds:g} seconds"
    except EOFError:
        return "ended its process"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(copy, signal.SIGKILL)  # with what it started
        os.waitpid(copy, 0)


def _tests(here, its_cells, mutant: Path) -> dict[str, float | str]:
    """The wrong solution is run right after the cell that it replaces a function of."""
    magic = its_cells[0].source.splitlines()[0] + "\n" if mutant.suffix == ".cu" else ""
    here.run_cell(magic + mutant.read_text("utf-8")).raise_error()
    said = {}
    for cell in its_cells[1:]:
        for name, value in run_cells(here, [cell], {grade_id(cell)} if is_test(cell) else set()).items():
            said[name] = value if isinstance(value, float) else repr(value)
            if points(value) < options(cell)["points"]:
                return said
    return said

"""Tries wrong solutions: each in a copy of a process that has run the notebook's cells up to the task.

What comes before a task is run once for all its wrong solutions, and none of them can change what the next
one meets. One that hangs or crashes ends with its copy.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from tests.forks import FORKS
from tests.notebooks.runner import cells, grade_id, is_test, run_cells, shell, task_of

MOST_SECONDS = 180  # for one wrong solution and its tests, most of which take one; machines may be busy


class Rehearsal:
    """One notebook's process. It goes from task to task, never back."""

    def __init__(
        self, path: Path, environment: dict[str, str], folder: Path, most_seconds: float = MOST_SECONDS
    ):
        self.path, self._place = path, 0
        self._order = [grade_id(cell) for cell in cells(path)]
        self._connection, theirs = FORKS.Pipe()
        self._process = FORKS.Process(
            target=_rehearse, args=(path, theirs, environment, folder, most_seconds)
        )
        self._process.start()
        theirs.close()

    def leads_to(self, task: str) -> bool:
        """Whether the task is still to come."""
        return self._order.index(task) >= self._place

    def try_out(self, task: str, mutant: Path, output: Path) -> dict[str, float | str]:
        """grade_id -> the points of each test of the task, or how it ended; `output` gets what was printed.

        Raises RuntimeError when the notebook itself, or this wrong solution, ran into an end that is not
        a test's: what happened is its message.
        """
        self._place = self._order.index(task)
        try:
            self._connection.send((task, mutant, output))
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


def _rehearse(path: Path, connection: Connection, environment: dict, folder: Path, seconds: float) -> None:
    """Run cells up to each task asked for, and fork there, until nobody asks any more."""
    os.environ.update(environment)
    os.chdir(folder)
    torch.set_num_threads(1)  # a process with threads cannot be forked safely
    all_cells, done = cells(path), 0
    with shell() as here, contextlib.suppress(EOFError):
        while True:
            task, mutant, output = connection.recv()
            after = next(i for i, cell in enumerate(all_cells) if grade_id(cell) == task) + 1
            try:
                run_cells(here, all_cells[done:after], ())
            except Exception:
                connection.send(traceback.format_exc())
                continue
            done = after
            connection.send(_in_a_copy(seconds, here, all_cells[after - 1 :], task, mutant, output))


def _in_a_copy(seconds: float, here, following, task: str, mutant: Path, output: Path) -> dict | str:
    """What the tests say, or what happened instead. `following` are the cells from the task's own on."""
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
            answer.send(_tests(here, following, task, mutant))
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


def _tests(here, following, task: str, mutant: Path) -> dict[str, float | str]:
    """The wrong solution is run right after the cell that it replaces a function of."""
    magic = following[0].source.splitlines()[0] + "\n" if mutant.suffix == ".cu" else ""
    here.run_cell(magic + mutant.read_text("utf-8")).raise_error()
    tests = [grade_id(cell) for cell in following if is_test(cell) and task_of(cell) == task]
    last = max(i for i, cell in enumerate(following) if grade_id(cell) in tests)
    said = run_cells(here, following[1 : last + 1], tests)
    return {name: value if isinstance(value, float) else repr(value) for name, value in said.items()}

"""Has a process that grades killed when it comes to a named point the n-th time.

The points lie around every write. The program under test knows nothing of them.
"""

import functools
import itertools
import os
import signal

from autograder import journal, recorder, rows


def die(*_, **__) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def half_a_line(file, data: bytes) -> None:
    file.write(data[: len(data) // 2])
    die()


# point -> (where the function is, its name, what to do before it, what to do after it)
POINTS = {
    "executed:before": (recorder, "write_atomically", die, None),
    "executed:after": (recorder, "write_atomically", None, die),
    "journal:before": (journal, "append", die, None),
    "journal:torn": (journal, "_write_all", half_a_line, None),
    "journal:written": (journal, "_write_all", None, die),
    "journal:after": (journal, "append", None, die),
    "gradebook:before": (rows.Rows, "save", die, None),
    "gradebook:saved": (rows.Rows, "save", None, die),
    "gradebook:after": (rows.Rows, "commit", None, die),
    "place:before": (recorder.Recorder, "_place", die, None),
    "place:after": (recorder.Recorder, "_place", None, die),
}


def kill_at(point: str, count: int, points: dict = POINTS) -> None:
    """From now on the `count`-th arrival at `point` ends this process."""
    owner, name, before, after = points[point]
    original, calls = getattr(owner, name), itertools.count(1)

    @functools.wraps(original)
    def wrapped(*arguments, **keywords):
        due = next(calls) == count
        if due and before:
            before(*arguments)
        found = original(*arguments, **keywords)
        if due and after:
            after()
        return found

    setattr(owner, name, wrapped)

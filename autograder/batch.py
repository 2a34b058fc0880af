"""One submission as a task: a file to read, a pure function, an answer; who runs it where is open."""

import atexit
import contextlib
import dataclasses
import functools
import hashlib
import logging
import os
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autograder import engine
from autograder.handed_in import NotReadable, read_below
from autograder.warm import Warm, expected
from course_lib.examination.assignment import Assignment, Cell
from course_lib.examination.notebook_file import MAX_BYTES
from course_lib.examination.prose import Given
from course_lib.examination.result import CannotGrade, Result
from course_lib.examination.wire import decode, encode

logger = logging.getLogger(__name__)
ATTEMPTS = 3  # a submission whose processes die this often is put aside
EMPTY = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@dataclass(frozen=True)
class Task:
    """A student's submission, still in its file."""

    student: str
    path: Path


@dataclass(frozen=True)
class Answer:
    """What became of a task. `abandoned`: the processes that graded it died, nothing is known about it."""

    student: str
    notebook_sha256: str
    result: Result
    abandoned: bool = False
    task: Task | None = None


class Graders(Protocol):
    """Some place where tasks are graded. Raises CannotGrade when it is not the submissions' fault."""

    def run(self, assignment: Assignment, tasks: deque[Task]) -> Iterator[list[Answer]]:
        """Take tasks until there are none; answers in any order, each list all that are there by then.

        A caller that empties `tasks` meanwhile ends it: what is in work is finished, nothing else is begun.
        """


class Standing(Protocol):
    """Graders that stand by: they are given tasks of any assignment, one by one, until they are closed."""

    def warm_up(self, assignment: bytes) -> None:
        """Be ready for a first submission of the `packed` assignment, as far as that can be done before."""

    def room(self) -> int:
        """How many tasks more may be given."""

    def in_work(self) -> int:
        """How many tasks were given that have no answer yet."""

    def give(self, assignment: bytes, task: Task) -> None:
        """Have a submission of the `packed` assignment graded, when there is room."""

    def answers(self, seconds: float) -> list[Answer]:
        """What was answered by now, each with its task, after waiting `seconds` at most for a first answer.

        Raises CannotGrade where it is not the submissions' fault.
        """

    def close(self) -> None:
        """End what is in work, and let go of everything."""


def run(
    graders: Standing, assignment: Assignment, tasks: deque[Task], seconds: float
) -> Iterator[list[Answer]]:
    """As `Graders.run`, by graders that stand by; `seconds` lie between two looks at them at most."""
    data = packed(assignment)
    while True:
        while tasks and graders.room():
            graders.give(data, tasks.popleft())
        if not graders.in_work():
            return
        if found := graders.answers(seconds):
            yield found


def packed(assignment: Assignment) -> bytes:
    """An assignment as plain data."""
    cells = [dataclasses.asdict(cell) for cell in assignment.cells]
    lines = assignment.given.lines
    texts = assignment.names, lines, assignment.measuring, assignment.demos
    return encode([cells, *map(sorted, texts)])


def unpacked(data: bytes) -> Assignment:
    """The assignment that `packed` packed."""
    cells, *texts = decode(data)
    names, lines, measuring, demos = map(frozenset, texts)
    return Assignment(tuple(Cell(**cell) for cell in cells), names, Given(lines), measuring, demos)


def read_submission(path: Path) -> bytes:
    """The bytes of a submission, submitted/STUDENT/ASSIGNMENT/NAME. Raises NotReadable (see handed_in.py)."""
    return read_below(path.parents[2], *path.parts[-3:], most=MAX_BYTES)


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


class Grader:
    """Grades submissions of one assignment, with a warm process that is replaced when it dies.

    Several threads may use one.
    """

    def __init__(self, assignment: Assignment):
        self.assignment = assignment
        self._warm: Warm | None = None
        self._lock = threading.Lock()

    def prepare(self, assignment: Assignment) -> None:
        """Grade submissions of this assignment from now on; what its cells import is imported."""
        self.assignment = assignment
        with contextlib.suppress(CannotGrade):  # the first submission finds that, too
            self._warm_process().bring(expected(assignment, ()))

    def answer(self, task: Task) -> Answer:
        """Read and grade one submission. Raises CannotGrade where not even an empty one can be graded."""
        try:
            notebook = read_submission(task.path)
        except NotReadable as error:
            return Answer(task.student, "", Result(reason=str(error)))
        return self.grade(task.student, notebook)

    def grade(self, student: str, notebook: bytes) -> Answer:
        """Grade the bytes of one submission. Raises CannotGrade as above."""
        reason = ""
        for _ in range(ATTEMPTS):
            warm = self._warm_process()
            try:
                result = engine.grade_submission(notebook, self.assignment, warm=warm)
                return Answer(student, sha256(notebook), result)
            except CannotGrade as error:
                reason = str(error)
            except Exception as error:  # a fault of ours that this submission has found; the others go on
                logger.exception("Grading the submission of %s", student)
                reason = f"the grader failed: {type(error).__name__}: {str(error)[:200]}"
                break
            if warm.is_alive():
                engine.grade_submission(EMPTY, self.assignment, warm=warm)
                break
        return Answer(student, sha256(notebook), Result(reason=reason), abandoned=True)

    def _warm_process(self) -> Warm:
        with self._lock:
            if self._warm is not None and not self._warm.is_alive():
                self.close()
            if self._warm is None:
                self._warm = Warm(confined=engine.UNCONFINED not in os.environ)
            return self._warm

    def close(self) -> None:
        """End the warm process."""
        if self._warm is not None:
            self._warm.close()
            self._warm = None


class Here:
    """Grades one submission after the other in this process."""

    def run(self, assignment: Assignment, tasks: deque[Task]) -> Iterator[list[Answer]]:
        grader = _grader_here()
        grader.assignment = assignment
        while tasks:
            yield [grader.answer(tasks.popleft())]


@functools.cache
def _grader_here() -> Grader:
    """One for all runs of this program: a warm process takes seconds to become warm."""
    grader = Grader(Assignment((), frozenset()))
    atexit.register(grader.close)
    return grader

"""One submission as a task: a file to read, a pure function, an answer; who runs it where is open."""

import atexit
import functools
import hashlib
import os
import stat
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autograder import engine
from autograder.warm import Warm
from course_lib.examination.assignment import Assignment
from course_lib.examination.result import CannotGrade, Result
from course_lib.examination.submission import MAX_BYTES

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


class Graders(Protocol):
    """Some place where tasks are graded. Raises CannotGrade when it is not the submissions' fault."""

    def run(self, assignment: Assignment, tasks: deque[Task]) -> Iterator[list[Answer]]:
        """Take tasks until there are none; answers in any order, each list all that are there by then.

        Who empties `tasks` meanwhile ends it: what is in work is finished, nothing else is begun.
        """


class NotReadable(Exception):
    """There is no file of a submission to read; the message is one line."""


def read_submission(path: Path) -> bytes:
    """The bytes of a submission. Raises NotReadable for a link, a folder, a device, a file far too large."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        kind = "a link is not followed" if path.is_symlink() else error.strerror
        raise NotReadable(f"{path.name}: {kind}") from None
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise NotReadable(f"{path.name}: no file")
        if found.st_size > MAX_BYTES:
            raise NotReadable(
                f"the notebook has {found.st_size >> 20} MB; at most {MAX_BYTES >> 20} MB are read"
            )
        with open(file, "rb", closefd=False) as submission:
            return submission.read(MAX_BYTES + 1)
    finally:
        os.close(file)


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

"""Processes on this machine that grade side by side, each with a warm process of its own.

A worker reads a submission, grades it, sends the result; it writes nothing (see limited.py).
"""

import contextlib
import dataclasses
import os
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

from autograder.batch import ATTEMPTS, Answer, Grader, Task
from autograder.limited import GRADING, Process
from autograder.sandbox import die_with_parent
from course_lib.examination.assignment import Assignment, Cell
from course_lib.examination.prose import Given
from course_lib.examination.result import CannotGrade, Result
from course_lib.examination.wire import BadMessage, Channel, decode, encode

AHEAD = 2  # tasks at a worker: it need not wait for the coordinator, which may be writing
WATCHED = 1.0  # seconds between two looks at the workers


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


def command(channel: int) -> list[str]:
    """The program of a worker that serves the socket `channel`."""
    return [sys.executable, "-m", "autograder.workers", str(channel)]


class _Worker(Process):
    """A process that grades, and the tasks it was given, the one in work first."""

    def __init__(self, assignment: bytes):
        super().__init__(command)
        self.tasks: deque[Task] = deque()
        self.since = time.monotonic()  # when the first of them was begun
        with contextlib.suppress(OSError):  # it has ended already; reading will show it
            self.channel.send("assignment", assignment)

    def give(self, task: Task) -> None:
        """Send a task; small enough never to wait for the worker."""
        self.tasks.append(task)
        with contextlib.suppress(OSError):
            self.channel.send("grade", os.fsencode(task.path))

    def too_much(self) -> str:
        """What it has taken too much of for the submission in work, or ""."""
        return GRADING.passed(self.since, self) if self.tasks else ""


class LocalWorkers:
    """`count` worker processes, started when there is something to grade."""

    def __init__(self, count: int):
        self.count = count

    def run(self, assignment: Assignment, tasks: deque[Task]) -> Iterator[list[Answer]]:
        with contextlib.closing(_Run(packed(assignment), tasks)) as run:
            yield from run.answers(self.count)


class _Run:
    def __init__(self, assignment: bytes, tasks: deque[Task]):
        self._assignment, self._tasks = assignment, tasks
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._died: Counter[str] = Counter()  # by student
        self._answered = False
        self._in_vain = 0  # workers that ended before a first answer came from any

    def answers(self, count: int) -> Iterator[list[Answer]]:
        for _ in range(min(count, len(self._tasks))):  # each costs seconds to become warm
            self._start()
        for worker in self._workers:
            self._fill(worker)
        while any(worker.tasks for worker in self._workers):
            found = []
            for key, _ in self._selector.select(WATCHED):
                found += self._heard(key.data)
            for worker in list(self._workers):
                if too_much := worker.too_much():
                    found += self._ended(worker, too_much)
            if found:
                yield found

    def _start(self) -> None:
        worker = _Worker(self._assignment)
        self._workers.append(worker)
        self._selector.register(worker.channel.socket, selectors.EVENT_READ, worker)
        if self._tasks:
            worker.give(self._tasks.popleft())

    def _fill(self, worker: _Worker) -> None:
        while self._tasks and len(worker.tasks) < AHEAD:
            worker.give(self._tasks.popleft())

    def _heard(self, worker: _Worker) -> list[Answer]:
        try:
            what, *details = worker.channel.receive()
        except (EOFError, OSError, BadMessage):
            return self._ended(worker)
        if what == "cannot":
            raise CannotGrade(details[0])
        try:
            digest, result, abandoned = details
            answer = Answer(worker.tasks[0].student, digest, Result(**result), abandoned)
        except (TypeError, ValueError):
            return self._ended(worker, "it sent something else than a result")
        self._answered = True
        worker.tasks.popleft()
        worker.since = time.monotonic()
        self._fill(worker)
        return [answer]

    def _ended(self, worker: _Worker, why: str = "") -> list[Answer]:
        """A worker is gone, or must go (`why`): others take its tasks.

        A submission that ends every worker is put aside, one that has taken too much at once.
        """
        said = why or worker.last_words()
        self._selector.unregister(worker.channel.socket)
        self._workers.remove(worker)
        worker.end()
        self._in_vain += not self._answered and not why
        if self._in_vain >= ATTEMPTS:
            raise CannotGrade(f"The processes that grade end at once: {said}")
        found = []
        if worker.tasks:
            guilty = worker.tasks[0]
            self._died[guilty.student] += 1
            if why or self._died[guilty.student] >= ATTEMPTS:
                worker.tasks.popleft()
                how = "had to be ended" if why else f"died {ATTEMPTS} times"
                reason = f"the process that graded it {how}: {said}"
                found = [Answer(guilty.student, "", Result(reason=reason), abandoned=True)]
            self._tasks.extendleft(reversed(worker.tasks))
        if self._tasks:
            self._start()
        return found

    def close(self) -> None:
        for worker in self._workers:
            worker.end()
        self._selector.close()


def _serve(channel: Channel) -> None:
    """In a worker: grade as asked until the coordinator is gone."""
    die_with_parent()
    _, assignment = channel.receive()
    grader = Grader(unpacked(assignment))
    try:
        while True:
            _, path = channel.receive()
            answer = grader.answer(Task("", Path(os.fsdecode(path))))
            result = dataclasses.asdict(answer.result)
            channel.send("graded", answer.notebook_sha256, result, answer.abandoned)
    except CannotGrade as error:
        channel.send("cannot", str(error))
    except EOFError:
        pass  # there is nothing more to do
    finally:
        grader.close()


if __name__ == "__main__":
    _serve(Channel(socket.socket(fileno=int(sys.argv[1]))))

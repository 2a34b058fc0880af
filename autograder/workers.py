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

from autograder.batch import ATTEMPTS, Answer, Grader, Task, run, unpacked
from autograder.limited import GRADING, Process
from autograder.sandbox import die_with_parent
from course_lib.examination.assignment import Assignment
from course_lib.examination.result import CannotGrade, Result
from course_lib.examination.wire import BadMessage, Channel

AHEAD = 2  # tasks at a worker: it need not wait for the coordinator, which may be writing
WATCHED = 1.0  # seconds between two looks at the workers


def command(channel: int) -> list[str]:
    """The program of a worker that serves the socket `channel`."""
    return [sys.executable, "-m", "autograder.workers", str(channel)]


class _Worker(Process):
    """A process that grades, and the tasks it was given, the one in work first."""

    def __init__(self):
        super().__init__(command)
        self.tasks: deque[tuple[bytes, Task]] = deque()
        self.since = time.monotonic()  # when the first of them was begun
        self._assignment = b""

    def give(self, assignment: bytes, task: Task) -> None:
        """Send a task; one of another assignment than the last, only when it has nothing in work."""
        if not self.tasks:
            self.since = time.monotonic()
        self.tasks.append((assignment, task))
        self.expect(assignment)
        with contextlib.suppress(OSError):  # it has ended already; reading will show it
            self.channel.send("grade", os.fsencode(task.path))

    def expect(self, assignment: bytes) -> None:
        """Tell it which assignment the next tasks are of."""
        if assignment != self._assignment:
            self._assignment = assignment
            with contextlib.suppress(OSError):
                self.channel.send("assignment", assignment)

    def takes(self, assignment: bytes, ahead: int) -> bool:
        """Whether it reads at once what is sent to it, or what is sent is too small to wait for that."""
        return not self.tasks or (len(self.tasks) < ahead and assignment == self._assignment)

    def too_much(self) -> str:
        """What it has taken too much of for the submission in work, or ""."""
        return GRADING.passed(self.since, self) if self.tasks else ""


class LocalWorkers:
    """Up to `count` worker processes, started when there is something to grade.

    Each is given `ahead` tasks at most. They stand by for more until `close`, warm.
    """

    def __init__(self, count: int, ahead: int = AHEAD):
        self._count, self._ahead = count, ahead
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._again: deque[tuple[bytes, Task]] = deque()  # what a worker had that is gone
        self._died: Counter[Task] = Counter()
        self._answered = False
        self._in_vain = 0  # workers that ended before a first answer came from any

    def run(self, assignment: Assignment, tasks: deque[Task]) -> Iterator[list[Answer]]:
        """As in autograder.batch.Graders; no worker stands by afterwards."""
        try:
            yield from run(self, assignment, tasks, WATCHED)
        finally:
            self.close()

    def warm_up(self, assignment: bytes) -> None:
        """Start all workers now, which import what the `packed` assignment needs."""
        while len(self._workers) < self._count:
            self._start().expect(assignment)

    def room(self) -> int:
        """How many tasks more may be given."""
        return max(0, self._count * self._ahead - self.in_work())

    def in_work(self) -> int:
        """How many tasks were given that have no answer yet."""
        return len(self._again) + sum(len(worker.tasks) for worker in self._workers)

    def give(self, assignment: bytes, task: Task) -> None:
        """Have a submission of the `packed` assignment graded, when there is room."""
        self._again.append((assignment, task))
        self._hand_out()

    def _hand_out(self) -> None:
        """Each task to the worker with the fewest, or to a new one: each costs seconds to become warm."""
        while self._again:
            assignment, task = self._again[0]
            free = [worker for worker in self._workers if worker.takes(assignment, self._ahead)]
            chosen = min(free, key=lambda worker: len(worker.tasks), default=None)
            if (chosen is None or chosen.tasks) and len(self._workers) < self._count:
                chosen = self._start()
            if chosen is None:
                return
            self._again.popleft()
            chosen.give(assignment, task)

    def _start(self) -> _Worker:
        worker = _Worker()
        self._workers.append(worker)
        self._selector.register(worker.channel.socket, selectors.EVENT_READ, worker)
        return worker

    def answers(self, seconds: float) -> list[Answer]:
        """What was answered by now, after waiting `seconds` at most for a first answer.

        Raises CannotGrade where it is not the submissions' fault.
        """
        found = []
        for key, _ in self._selector.select(seconds):
            found += self._heard(key.data)
        for worker in list(self._workers):
            if too_much := worker.too_much():
                found += self._ended(worker, too_much)
        self._hand_out()
        return found

    def _heard(self, worker: _Worker) -> list[Answer]:
        try:
            what, *details = worker.channel.receive()
        except (EOFError, OSError, BadMessage):
            return self._ended(worker)
        if what == "cannot":
            raise CannotGrade(details[0])
        try:
            digest, result, abandoned = details
            _, task = worker.tasks[0]
            answer = Answer(task.student, digest, Result(**result), abandoned, task)
        except (TypeError, ValueError, IndexError):
            return self._ended(worker, "it sent something else than a result")
        self._answered = True
        worker.tasks.popleft()
        worker.since = time.monotonic()
        self._died.pop(task, None)
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
            _, guilty = worker.tasks[0]
            self._died[guilty] += 1
            if why or self._died[guilty] >= ATTEMPTS:
                worker.tasks.popleft()
                del self._died[guilty]
                how = "had to be ended" if why else f"died {ATTEMPTS} times"
                reason = f"the process that graded it {how}: {said}"
                found = [Answer(guilty.student, "", Result(reason=reason), abandoned=True, task=guilty)]
            self._again.extendleft(reversed(worker.tasks))
        return found

    def close(self) -> None:
        """End all workers, whatever they have in work."""
        for worker in self._workers:
            self._selector.unregister(worker.channel.socket)
            worker.end()
        self._workers.clear()
        self._again.clear()
        self._died.clear()
        self._answered, self._in_vain = False, 0


def _serve(channel: Channel) -> None:
    """In a worker: grade as asked until the coordinator is gone."""
    die_with_parent()
    grader = Grader(Assignment((), frozenset()))
    try:
        while True:
            what, details = channel.receive()
            if what == "assignment":
                grader.prepare(unpacked(details))
                continue
            answer = grader.answer(Task("", Path(os.fsdecode(details))))
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

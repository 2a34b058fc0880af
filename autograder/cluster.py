"""Grading on a Dask cluster: a task is one submission, and only the coordinator writes.

Whoever reaches a Dask scheduler can run programs on it and on its workers. So an address without TLS must be
on this machine; docs/grading_cluster.md says how to start a cluster with TLS.
"""

import contextlib
import dataclasses
import functools
import ipaddress
import threading
import time
from collections import deque
from collections.abc import Iterator
from urllib.parse import urlsplit

from autograder.batch import Answer, Grader, Task, read_submission, run, sha256, unpacked
from autograder.handed_in import NotReadable
from course_lib.errors import UserError
from course_lib.examination.assignment import Assignment
from course_lib.examination.result import CannotGrade, Result

AHEAD = 3  # submissions for each thread of a worker, so that none waits for the coordinator
PATIENCE = 30.0  # seconds to wait for a scheduler and its first worker
LOOK = 5.0  # seconds after which the workers are counted again
GONE = "The Dask scheduler is gone; start it again, and the same command goes on."
GLANCE = 0.02  # seconds between two looks for an answer


class DaskWorkers:
    """The workers of the Dask scheduler at `address`; with `most`, that many submissions there at a time.

    Raises UserError when there is no Dask, nobody there, or others in the network could be there too.
    """

    def __init__(self, address: str, most: int | None = None):
        try:
            import distributed
        except ImportError:
            raise UserError(
                '--scheduler needs Dask, which is not installed: pip install -e ".[dask]"'
            ) from None
        refuse_open(address)
        try:
            self._client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, TimeoutError, ValueError, TypeError) as error:
            said = (str(error) or type(error).__name__).split("\n")[0]
            raise UserError(f"No Dask scheduler with workers answers at {address}: {said}") from error
        coming = distributed.as_completed
        self._coming = coming(loop=self._client.loop, with_results=True, raise_errors=False)
        self._most = most
        self._in_work: dict = {}  # future -> its task, and the SHA-256 of the submission
        self._unread: list[Answer] = []  # of files that could not be read here
        self._scattered: dict[bytes, object] = {}
        self._looked, self._threads = float("-inf"), 1

    def run(self, assignment: Assignment, tasks: deque[Task]) -> Iterator[list[Answer]]:
        """As in autograder.batch.Graders. Only a few submissions are in memory at a time."""
        try:
            yield from run(self, assignment, tasks, LOOK)
        finally:
            self._client.cancel(list(self._in_work))
            self._in_work.clear()

    def warm_up(self, assignment: bytes) -> None:
        """Nothing: workers of the cluster become warm by their first submission."""

    def room(self) -> int:
        """How many tasks more may be given; workers come and go."""
        if time.monotonic() > self._looked + LOOK:
            self._looked = time.monotonic()
            try:
                self._threads = max(1, sum(self._client.nthreads().values()))
            except OSError as error:
                raise UserError(GONE) from error
        most = self._threads * AHEAD if self._most is None else min(self._most, self._threads)
        return max(0, most - self.in_work())

    def in_work(self) -> int:
        """How many tasks were given that have no answer yet."""
        return len(self._in_work) + len(self._unread)

    def give(self, assignment: bytes, task: Task) -> None:
        """Have a submission of the `packed` assignment graded, when there is room."""
        try:
            notebook = read_submission(task.path)
        except NotReadable as error:
            self._unread.append(Answer(task.student, "", Result(reason=str(error)), task=task))
            return
        future = self._client.submit(grade_there, self._shared(assignment), notebook, pure=False)
        self._in_work[future] = task, sha256(notebook)
        self._coming.add(future)

    def _shared(self, assignment: bytes):
        """The assignment on the cluster, sent there once."""
        if assignment not in self._scattered:
            (self._scattered[assignment],) = self._client.scatter([assignment], broadcast=True)
        return self._scattered[assignment]

    def answers(self, seconds: float) -> list[Answer]:
        """What was answered by now, after waiting `seconds` at most for a first answer.

        Raises CannotGrade where it is not the submissions' fault, UserError when the scheduler is gone.
        """
        found, self._unread = self._unread, []
        end = time.monotonic() + seconds
        while not found and not self._coming.has_ready() and time.monotonic() < end:
            time.sleep(min(GLANCE, seconds))
        for future, result in self._coming.next_batch(block=False):
            task, digest = self._in_work.pop(future)
            found.append(_answer(task, digest, future.status, result))
        return found

    def close(self) -> None:
        """Leave the cluster; what is in work there is canceled."""
        with contextlib.suppress(Exception):  # whatever Dask raises where the scheduler is gone
            self._client.cancel(list(self._in_work))
            self._client.close()


def _answer(task: Task, digest: str, status: str, result) -> Answer:
    if status == "finished":
        fields, abandoned = result
        return Answer(task.student, digest, Result(**fields), abandoned, task)
    if status != "error":
        raise UserError(GONE)
    _, error, _ = result
    if isinstance(error, CannotGrade):
        raise error
    reason = f"on the cluster: {type(error).__name__}: {str(error).splitlines()[0][:160]}"
    return Answer(task.student, digest, Result(reason=reason), abandoned=True, task=task)


def refuse_open(address: str) -> None:
    """Raises UserError for an address that others can reach and that no certificate protects."""
    parts = urlsplit(address)
    if parts.scheme == "tls":
        return
    host = parts.hostname or ""
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost"
    if not is_here:
        raise UserError(
            f"{address} is open to everyone who can reach it, and they could run programs there. Use a "
            "tls:// address (see docs/grading_cluster.md), or a scheduler on 127.0.0.1."
        )


def grade_there(assignment: bytes, notebook: bytes) -> tuple[dict, bool]:
    """In a Dask worker: the fields of a Result, and whether the submission was abandoned.

    A worker has threads, so it never forks itself: the warm process that it asks is a program of its own.
    """
    answer = _grader(assignment).grade("", notebook)
    return dataclasses.asdict(answer.result), answer.abandoned


_starting = threading.Lock()


def _grader(assignment: bytes) -> Grader:
    """One for all threads of a worker."""
    with _starting:
        return _kept(assignment)


@functools.lru_cache(maxsize=1)
def _kept(assignment: bytes) -> Grader:
    return Grader(unpacked(assignment))

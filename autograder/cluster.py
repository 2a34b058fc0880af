"""Grading on a Dask cluster: a task is one submission, and only the coordinator writes.

Whoever reaches a Dask scheduler can run programs on it and on its workers. So an address without TLS must be
on this machine; docs/grading_cluster.md says how to start a cluster with TLS.
"""

import dataclasses
import functools
import ipaddress
import threading
import time
from collections import deque
from collections.abc import Iterator
from urllib.parse import urlsplit

from autograder.batch import Answer, Grader, Task, read_submission, sha256
from autograder.handed_in import NotReadable
from autograder.workers import packed, unpacked
from course_lib.errors import UserError
from course_lib.examination.assignment import Assignment
from course_lib.examination.result import CannotGrade, Result

AHEAD = 3  # submissions for each thread of a worker, so that none waits for the coordinator
PATIENCE = 30.0  # seconds to wait for a scheduler and its first worker
LOOK = 5.0  # seconds after which the workers are counted again


class DaskWorkers:
    """The workers of the Dask scheduler at `address`.

    Raises UserError when there is no Dask, nobody there, or others in the network could be there too.
    """

    def __init__(self, address: str):
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

    def run(self, assignment: Assignment, tasks: deque[Task]) -> Iterator[list[Answer]]:
        """As in autograder.batch.Graders. Only a few submissions are in memory at a time."""
        in_work = {}
        try:
            yield from self._run(packed(assignment), tasks, in_work)
        finally:
            self._client.cancel(list(in_work))
            self._client.close()

    def _run(self, data: bytes, tasks: deque[Task], in_work: dict) -> Iterator[list[Answer]]:
        from distributed import as_completed

        (shared,) = self._client.scatter([data], broadcast=True)
        coming = as_completed(loop=self._client.loop, with_results=True, raise_errors=False)
        looked, room = float("-inf"), 0
        while True:
            if time.monotonic() > looked + LOOK:
                looked = time.monotonic()
                room = AHEAD * max(1, sum(self._client.nthreads().values()))
            found = []
            while tasks and len(in_work) < room:
                task = tasks.popleft()
                try:
                    notebook = read_submission(task.path)
                except NotReadable as error:
                    found.append(Answer(task.student, "", Result(reason=str(error))))
                    continue
                future = self._client.submit(grade_there, shared, notebook, pure=False)
                in_work[future] = task.student, sha256(notebook)
                coming.add(future)
            if not in_work:
                if found:
                    yield found
                return
            for future, result in coming.next_batch():
                student, digest = in_work.pop(future)
                found.append(_answer(student, digest, future.status, result))
            yield found


def _answer(student: str, digest: str, status: str, result) -> Answer:
    if status == "finished":
        fields, abandoned = result
        return Answer(student, digest, Result(**fields), abandoned)
    if status != "error":
        raise UserError("The Dask scheduler is gone; start it again, and the same command goes on.")
    _, error, _ = result
    if isinstance(error, CannotGrade):
        raise error
    reason = f"on the cluster: {type(error).__name__}: {str(error).splitlines()[0][:160]}"
    return Answer(student, digest, Result(reason=reason), abandoned=True)


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

"""A worker that takes too much for one submission is replaced; the others are graded all the same."""

import sys
from collections import deque
from pathlib import Path

import pytest

from autograder import workers
from autograder.batch import Task, sha256
from autograder.limited import Limit
from autograder.workers import LocalWorkers
from course_lib.examination.assignment import Assignment
from course_lib.paths import ROOT

# In the place of a grader: answers at once, but for submissions that are named after what they take.
SERVES = f"""
import dataclasses, hashlib, os, socket, sys, time
sys.path.insert(0, {str(ROOT)!r})
from course_lib.examination.result import Result
from course_lib.examination.wire import Channel

channel = Channel(socket.socket(fileno=int(sys.argv[1])))
while True:
    try:
        what, path = channel.receive()
    except EOFError:
        break
    if what == "assignment":
        assignment = hashlib.sha256(path).hexdigest()
        continue
    if b"endless" in path:
        time.sleep(3600)
    taken = bytearray(b"x") * (600 << 20) if b"large" in path else b""
    if taken:
        time.sleep(3600)
    channel.send("graded", assignment, dataclasses.asdict(Result(points={{"t": 1.0}})), False)
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(workers, "command", lambda channel: [sys.executable, "-c", SERVES, str(channel)])
    monkeypatch.setattr(workers, "WATCHED", 0.1)


def graded(*names, count=2):
    tasks = deque(Task(name, Path(f"/{name}/q/n.ipynb")) for name in names)
    found = {}
    for answers in LocalWorkers(count).run(Assignment((), frozenset()), tasks):
        found |= {answer.student: answer for answer in answers}
    return found


@pytest.mark.parametrize(
    ("guilty", "limit", "said"),
    [("endless", Limit(4, 6 << 30), "4 seconds"), ("large", Limit(1200, 400 << 20), "GB of memory")],
)
@pytest.mark.parametrize("count", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_who_takes_too_much_is_put_aside_and_the_others_are_graded(monkeypatch, guilty, limit, said, count):
    monkeypatch.setattr(workers, "GRADING", limit)
    found = graded("ada", guilty, "bob", "eve", count=count)
    assert {name for name, answer in found.items() if answer.result.points} == {"ada", "bob", "eve"}
    assert found[guilty].abandoned
    assert "had to be ended: it took more than" in found[guilty].result.reason
    assert said in found[guilty].result.reason


def test_a_long_queue_is_no_long_submission(monkeypatch):
    monkeypatch.setattr(workers, "GRADING", Limit(10, 6 << 30))
    names = [f"student{i}" for i in range(50)]
    assert graded(*names, count=1).keys() == set(names)


def test_workers_that_stand_by_know_the_assignment_of_each_task_and_take_what_there_is_room_for():
    graders = LocalWorkers(2, ahead=1)
    graders.warm_up(b"first")
    tasks = {Task(name, Path(f"/{name}/q/n.ipynb")): name.encode() for name in ("first", "second", "third")}
    waiting, found = list(tasks), {}
    try:
        while waiting or graders.in_work():
            while waiting and graders.room():
                graders.give(tasks[waiting[0]], waiting.pop(0))
            assert graders.in_work() <= 2
            found |= {answer.task: answer.notebook_sha256 for answer in graders.answers(0.1)}
        assert found == {task: sha256(assignment) for task, assignment in tasks.items()}
        assert graders.room() == 2
    finally:
        graders.close()


def test_a_worker_that_dies_while_it_stands_by_is_replaced():
    graders = LocalWorkers(1, ahead=1)
    graders.warm_up(b"q")
    try:
        graders._workers[0]._process.kill()
        graders._workers[0]._process.wait(60)
        task = Task("ada", Path("/ada/q/n.ipynb"))
        graders.give(b"q", task)
        found = []
        while not found:
            found = graders.answers(0.1)
        assert [answer.task for answer in found] == [task]
        assert found[0].result.points == {"t": 1.0}
    finally:
        graders.close()

"""A full disk, a held gradebook, a jumping clock: results are kept, and the same command goes on."""

import errno
import functools
import os
import resource
import shutil
import sqlite3
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from autograder import batch, journal, recorder, rows, shared_gradebook
from autograder.batch import Task, read_submission
from autograder.course import Course
from autograder.grade import Grading, grade
from autograder.handed_in import NotReadable
from autograder.release import release
from course_lib.errors import UserError
from course_lib.examination.result import CannotGrade, Result
from course_lib.paths import ROOT
from tests.autograder.forked import Forked, get_ready
from tests.autograder.small_course import hand_in, make_course, points_by_cell, solved

ASSIGNMENT = "q00_doubling"
SIZE = resource.RLIMIT_FSIZE
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory, empty_gradebook, starter) -> Path:
    course = make_course(tmp_path_factory.mktemp("class") / "course", empty_gradebook)
    release(course, ASSIGNMENT)
    for student in ("ada", "bob", "eve"):
        hand_in(course, student, solved(starter))
    return course.root


@pytest.fixture
def handed_in(class_folder, tmp_path) -> Course:
    shutil.copytree(class_folder, tmp_path / "copy")
    return Course(tmp_path / "copy")


def assert_whole(course) -> None:
    for student in ("ada", "bob", "eve"):
        assert sum(filter(None, points_by_cell(course, student).values())) == 7
    assert Counter(entry.student for entry in journal.read(course, ASSIGNMENT)) == dict.fromkeys(
        ("ada", "bob", "eve"), 1
    )
    assert {outcome.state for outcome in grade(course, ASSIGNMENT, [])} == {"unchanged"}


def failing_once(original, failing_call: int, error: Exception, before: bool):
    """`original`, raising `error` at one of its calls instead of running, or after it ran."""
    calls = iter(range(1, 1000))

    def wrapped(*arguments, **keywords):
        due = next(calls) == failing_call
        if due and before:
            raise error
        found = original(*arguments, **keywords)
        if due:
            raise error
        return found

    return wrapped


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("call", [pytest.param(1, marks=pytest.mark.slow), 2])
@pytest.mark.parametrize("before", [True, False], ids=["nothing written", "written, then no room"])
@pytest.mark.parametrize(
    ("owner", "name", "error"),
    [
        (journal, "_write_all", FULL),
        (recorder, "write_atomically", FULL),
        (os, "replace", FULL),
        (rows.Rows, "commit", OperationalError("", {}, sqlite3.OperationalError("database or disk is full"))),
        (rows.Rows, "save", OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))),
    ],
    ids=["journal", "executed notebook", "autograded", "gradebook, commit", "gradebook, insert"],
)  # fmt: skip
def test_when_the_disk_is_full_one_line_says_so_and_the_same_command_goes_on(
    handed_in, monkeypatch, owner, name, error, before, call
):
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, failing_once(getattr(owner, name), call, error, before))
        with pytest.raises(UserError, match=r"same command") as raised:
            list(grade(handed_in, ASSIGNMENT, []))
    assert "\n" not in str(raised.value)
    list(grade(handed_in, ASSIGNMENT, []))
    assert_whole(handed_in)


@pytest.mark.slow
@pytest.mark.needs("sandbox")
def test_a_file_system_that_takes_no_more_stops_the_command_and_not_the_results(handed_in):
    """Files may not grow past a size: the gradebook's log, then the journal, hit it."""
    get_ready()
    command = ["grade", ASSIGNMENT, "--workers", "1"]
    environment = {**os.environ, "COURSE_ROOT": str(handed_in.root), "PYTHONPATH": str(ROOT)}
    said = []
    for limit in (2_000, 20_000, 300_000):
        low = functools.partial(resource.setrlimit, SIZE, (limit, resource.RLIM_INFINITY))
        said.append(Forked(command, environment, low).communicate(timeout=300)[0])
    assert "same command" in said[0], said
    process = Forked(command, environment)
    last, _ = process.communicate(timeout=300)
    assert process.returncode == 0, last
    assert_whole(handed_in)


@pytest.mark.needs("sandbox")
def test_a_gradebook_that_another_program_holds_for_a_while_is_waited_for(handed_in, monkeypatch):
    monkeypatch.setattr(shared_gradebook, "BUSY_TIMEOUT", 100)
    holder = sqlite3.connect(handed_in.root / "gradebook.db", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(3, holder.rollback)
    timer.start()
    try:
        started = time.monotonic()
        outcomes = list(grade(handed_in, ASSIGNMENT, []))
        assert time.monotonic() - started > 1  # it did meet the lock
    finally:
        timer.join()
        holder.close()
    assert {outcome.state for outcome in outcomes} == {"graded"}
    assert_whole(handed_in)


@pytest.mark.needs("sandbox")
def test_a_gradebook_that_is_held_too_long_leaves_the_results_in_the_journal(handed_in, monkeypatch):
    monkeypatch.setattr(shared_gradebook, "BUSY_TIMEOUT", 50)
    monkeypatch.setattr(recorder, "HELD", 0.5)
    holder = sqlite3.connect(handed_in.root / "gradebook.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(UserError, match="database is locked"):
        list(grade(handed_in, ASSIGNMENT, []))
    holder.close()
    assert len(journal.read(handed_in, ASSIGNMENT)) == 1
    list(grade(handed_in, ASSIGNMENT, []))
    assert_whole(handed_in)


@pytest.mark.needs("sandbox")
def test_a_clock_that_jumps_back_changes_no_result_and_no_order(handed_in, monkeypatch, starter):
    class Clock(datetime):
        hours = 0

        @classmethod
        def now(cls, tz=None):
            cls.hours -= 1000
            return datetime.now(tz) + timedelta(hours=cls.hours)

    monkeypatch.setattr(recorder, "datetime", Clock)
    monkeypatch.setattr(time, "time", lambda: 86400.0)
    list(grade(handed_in, ASSIGNMENT, []))
    assert_whole(handed_in)
    hand_in(handed_in, "ada", starter)
    assert [outcome.auto_points for outcome in grade(handed_in, ASSIGNMENT, ["ada"])] == [0]
    entries = [entry for entry in journal.read(handed_in, ASSIGNMENT) if entry.student == "ada"]
    assert [sum(entry.points.values()) for entry in entries] == [7, 0]
    assert datetime.fromisoformat(entries[1].at) < datetime.fromisoformat(entries[0].at) < datetime.now(UTC)
    assert [outcome.state for outcome in grade(handed_in, ASSIGNMENT, ["ada"])] == ["unchanged"]


@pytest.mark.needs("sandbox")
def test_scores_that_somebody_removed_are_written_again_from_the_journal(handed_in, monkeypatch):
    list(grade(handed_in, ASSIGNMENT, []))
    with handed_in.gradebook() as gradebook:
        gradebook.remove_submission(ASSIGNMENT, "bob")
    monkeypatch.setattr(batch.engine, "grade_submission", None)  # nothing is run for it
    states = {outcome.student: outcome.state for outcome in grade(handed_in, ASSIGNMENT, [])}
    assert states == {"ada": "unchanged", "bob": "graded", "eve": "unchanged"}
    assert_whole(handed_in)


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "huge"])
def test_what_is_no_file_of_a_submission_is_not_opened(tmp_path, kind):
    path = tmp_path / "doubling.ipynb"
    if kind == "link":
        (tmp_path / "secret").write_text("{}")
        path.symlink_to(tmp_path / "secret")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        with open(path, "wb") as file:
            file.truncate(300 << 20)
    with pytest.raises(NotReadable):
        read_submission(path)


@pytest.mark.needs("sandbox")
def test_submissions_that_are_no_files_and_strange_names_cost_only_themselves(handed_in, starter):
    for student in ("a link", "zoë 💡", os.fsdecode(b"not utf-8 \xff"), "x" * 200):
        hand_in(handed_in, student, solved(starter))
    link = handed_in.root / "submitted" / "a link" / ASSIGNMENT / "doubling.ipynb"
    link.unlink()
    link.symlink_to("/dev/zero")
    (handed_in.root / "submitted" / "empty" / ASSIGNMENT).mkdir(parents=True)
    for _ in range(2):
        outcomes = {outcome.student: outcome for outcome in grade(handed_in, ASSIGNMENT, [])}
        assert outcomes["zoë 💡"].auto_points == outcomes["x" * 200].auto_points == 7
        assert {name for name, outcome in outcomes.items() if outcome.reason} == {
            "a link",
            "empty",
            os.fsdecode(b"not utf-8 \xff"),
        }
    assert len(journal.read(handed_in, ASSIGNMENT)) == 8


def test_a_submission_whose_processes_die_is_put_aside_and_tried_again(handed_in, monkeypatch):
    class Dying:
        def run(self, assignment, tasks):
            while tasks:
                task = tasks.popleft()
                dead = task.student == "bob"
                result = Result(reason="it died 3 times") if dead else Result(reason="no notebook")
                yield [batch.Answer(task.student, batch.sha256(task.path.read_bytes()), result, dead)]

    outcomes = {outcome.student: outcome.state for outcome in Grading(handed_in, ASSIGNMENT, []).run(Dying())}
    assert outcomes == {"ada": "failed", "bob": "abandoned", "eve": "failed"}
    again = Grading(handed_in, ASSIGNMENT, [])
    list(again.run(Dying()))
    assert len(journal.read(handed_in, ASSIGNMENT)) == 3  # nothing new is known


def test_a_submission_that_ends_the_tests_does_not_stop_the_class(tmp_path, monkeypatch):
    """Where not even an empty notebook can be graded, the machine is to blame, and the run ends."""

    class Warm:
        def is_alive(self):
            return True

    def examine(notebook, assignment, *, warm):
        if b"bad" in notebook or (notebook == batch.EMPTY and broken):
            raise CannotGrade("the tests' process ended")
        return Result(points={})

    grader = batch.Grader(None)
    monkeypatch.setattr(grader, "_warm_process", Warm)
    monkeypatch.setattr(batch.engine, "grade_submission", examine)
    broken = False
    path = tmp_path / "doubling.ipynb"
    path.write_bytes(b"bad")
    answer = grader.answer(Task("eve", path))
    assert answer.abandoned
    assert answer.result.reason == "the tests' process ended"
    broken = True
    with pytest.raises(CannotGrade):
        grader.answer(Task("eve", path))

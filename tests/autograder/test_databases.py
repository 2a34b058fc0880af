"""The gradebook in SQLite under several processes at once, and in PostgreSQL."""

import contextlib
import csv
import multiprocessing
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from nbgrader import dbutil
from nbgrader.api import Gradebook
from sqlalchemy import text

from autograder import grade_log, shared_gradebook
from autograder.export import export_csv
from autograder.feedback import feedback
from autograder.grade import grade
from autograder.release import release
from autograder.report import report
from tests.autograder.small_course import hand_in, solved

ASSIGNMENT = "q00_doubling"
FORK = multiprocessing.get_context("fork")
WRITERS, MARKS = 4, 15


def enroll(course, *students):
    with course.gradebook() as gradebook:
        for student in students:
            gradebook.add_student(student)
            gradebook.add_submission(ASSIGNMENT, student)
        gradebook.db.commit()


def give_marks(course, student: str) -> None:
    """One marker: reads the mark and writes one more, each in a session of its own."""
    for _ in range(MARKS):
        with course.gradebook() as gradebook:
            mark = gradebook.find_grade("q00_explain", "doubling", ASSIGNMENT, student)
            mark.manual_score = (mark.manual_score or 0.0) + 0.125
            gradebook.db.commit()


def at_once(course, students) -> None:
    """Run a marker for each student side by side; fails when one of them does."""
    markers = [FORK.Process(target=give_marks, args=(course, student)) for student in students]
    for marker in markers:
        marker.start()
    assert_all_end(markers)


def assert_all_end(markers) -> None:
    for marker in markers:
        marker.join(200)
    assert [marker.exitcode for marker in markers] == [0] * len(markers)


def assert_every_mark_is_there(course, students) -> None:
    with course.gradebook() as gradebook:
        given = {
            student: gradebook.find_grade("q00_explain", "doubling", ASSIGNMENT, student).manual_score
            for student in students
        }
    assert given == dict.fromkeys(students, MARKS * 0.125)
    changes = [c for c in grade_log.grade_log(course, ASSIGNMENT) if c.field == "manual_score"]
    assert len(changes) == MARKS * len(students)
    assert grade_log.UNEXPLAINED not in {change.by for change in changes}


def test_processes_that_write_at_once_wait_for_each_other_and_lose_nothing(course):
    release(course, ASSIGNMENT)
    students = [f"student{number}" for number in range(WRITERS)]
    enroll(course, *students)
    file = course.root / "gradebook.db"
    # SQLite's connections must not live through a fork, so the one that holds the lock has its own program.
    hold = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute('BEGIN IMMEDIATE');"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold + "print(flush=True); input()", file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        holder.stdout.readline()
        markers = [FORK.Process(target=give_marks, args=(course, student)) for student in students]
        for marker in markers:
            marker.start()
        time.sleep(1)
        impatient = sqlite3.connect(file, isolation_level=None, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            impatient.execute("BEGIN IMMEDIATE")
        impatient.close()
        assert all(marker.is_alive() for marker in markers)  # they wait instead of failing
        holder.communicate(b"\n")
    assert_all_end(markers)
    assert_every_mark_is_there(course, students)


def test_a_new_gradebook_has_the_version_that_alembic_names_and_starts_no_program(tmp_path, monkeypatch):
    ini = tmp_path / "alembic.ini"
    dbutil.write_alembic_ini(str(ini))
    alembic = Path(sys.executable).with_name("alembic")
    named = subprocess.run([alembic, "-c", ini, "heads"], capture_output=True, text=True, check=True).stdout
    shared_gradebook.hold_to_it()
    monkeypatch.setattr(subprocess, "Popen", None)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        version = gradebook.db.execute(text("SELECT version_num FROM alembic_version")).scalar()
    assert named == f"{version} (head)\n"


def test_the_gradebook_keeps_a_write_ahead_log_and_waits_half_a_minute(course):
    with course.gradebook() as gradebook:
        assert gradebook.db.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert gradebook.db.execute(text("PRAGMA busy_timeout")).scalar() == 30_000


@pytest.fixture(scope="module")
def server():
    """Address of an empty PostgreSQL of our own, which no other program can reach."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    folder = Path(tempfile.mkdtemp(prefix="course-postgresql-"))
    # PostgreSQL refuses to run as root, as a container's tests do.
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    os.chown(folder, user.pw_uid, user.pw_gid)
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    run = {"cwd": folder, "env": {"PATH": os.defpath, "LC_ALL": "C"}, **as_user}
    data = folder / "data"
    make = [programs / "initdb", "-D", data, "-U", "course", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(make, check=True, capture_output=True, timeout=120, **run)
    with open(folder / "log", "wb") as log:
        command = [programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="]
        process = subprocess.Popen(command, stdout=log, stderr=log, **run)
    try:
        deadline = time.monotonic() + 60
        while not (folder / ".s.PGSQL.5432").exists():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield f"postgresql+psycopg://course@/postgres?host={folder}"
    finally:
        process.send_signal(signal.SIGINT)  # its fast shutdown
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def on_postgresql(course, server):
    """A course whose gradebook is in PostgreSQL, by the line that the instructors' page gives."""
    (course.root / "gradebook.db").unlink()
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write(f"\nc = get_config(); c.CourseDirectory.db_url = {server!r}\n")
    return course


@pytest.mark.slow
@pytest.mark.needs("postgres", "sandbox")
def test_a_course_runs_on_postgresql_from_release_to_feedback(on_postgresql, starter):
    course = on_postgresql
    release(course, ASSIGNMENT)
    for student in ("ada", "zoë"):
        hand_in(course, student, solved(starter, q00_explain="Doubling is exact."))
    outcomes = {outcome.student: outcome.auto_points for outcome in grade(course, ASSIGNMENT, [])}
    assert outcomes == {"ada": 7, "zoë": 7}
    assert [outcome.state for outcome in grade(course, ASSIGNMENT, [])] == ["unchanged"] * 2
    at_once(course, ["ada", "zoë"])
    assert_every_mark_is_there(course, ["ada", "zoë"])
    assert report(course, ASSIGNMENT).totals == [7 + MARKS * 0.125] * 2
    with open(export_csv(course, ASSIGNMENT), encoding="utf-8") as file:
        assert {row["student"]: row["auto"] for row in csv.DictReader(file)} == {"ada": "7", "zoë": "7"}
    assert [reason for _, reason in feedback(course, ASSIGNMENT) if reason] == []
    assert not (course.root / "gradebook.db").exists()
    assert grade_log.UNEXPLAINED not in {change.by for change in grade_log.grade_log(course, ASSIGNMENT)}

"""nbgrader's own commands give the same results on the same folder."""

import os
import re
import sqlite3
import subprocess
import sys

import nbformat
import pytest

from autograder.release import release
from autograder.scores import scores
from tests.autograder.small_course import CANARIES, hand_in
from tests.autograder.submissions import submissions

STUDENTS = ("noisy", "duplicated", "rounded", "quoting")


def nbgrader(course, *words) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COURSE_")}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=course.root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


@pytest.mark.slow
def test_generate_autograde_feedback_and_export_work_with_our_configuration(course, starter):
    nbgrader(course, "generate_assignment", "q00_doubling")
    made = course.root / "release" / "q00_doubling" / "doubling.ipynb"
    assert nbformat.read(made, as_version=4) == starter
    for student in STUDENTS:
        hand_in(course, student, submissions(starter)[student][0])
    nbgrader(course, "autograde", "q00_doubling")
    found = {row.student: row.auto for row in scores(course, "q00_doubling")}
    assert found == {student: submissions(starter)[student][1] for student in STUDENTS}
    nbgrader(course, "generate_feedback", "q00_doubling")
    pages = sorted((course.root / "feedback").rglob("*.html"))
    assert [page.name for page in pages] == ["doubling.html"] * len(STUDENTS)
    for page in pages:
        text = re.sub(r"<[^>]*>", "", page.read_text("utf-8"))
        assert not any(secret in text for secret in [*CANARIES, "secret message"])
    nbgrader(course, "export")
    assert "q00_doubling" in (course.root / "grades.csv").read_text()


def test_a_reader_of_the_gradebook_does_not_stop_a_release(course):
    reader = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
    try:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM assignment").fetchone() == (0,)
        release(course, "q00_doubling")
    finally:
        reader.close()
    assert scores(course, "q00_doubling") == []

"""Grading that is killed or run twice at once: the same scores, each submission recorded once."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from autograder.release import release
from tests.autograder.small_course import hand_in, points_by_cell, solved

pytestmark = pytest.mark.needs("sandbox")
ASSIGNMENT = "q00_doubling"
WRONG = "def double(values):\n    return list(values)"


@pytest.fixture
def handed_in(course, starter):
    """(course, fair points by student) of a class that was not graded yet."""
    release(course, ASSIGNMENT)
    hand_in(course, "ada", solved(starter))
    hand_in(course, "bob", solved(starter, q00_double=WRONG))
    hand_in(course, "eve", starter)
    return course, {"ada": 7, "bob": 4, "eve": 0}


def grading(course) -> subprocess.Popen:
    command = [sys.executable, "-m", "course_lib", "grade", ASSIGNMENT]
    environment = {**os.environ, "COURSE_ROOT": str(course.root)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def scores(course, students):
    return {student: sum(points_by_cell(course, student).values()) for student in students}


def test_two_commands_at_once_share_the_work_and_record_each_submission_once(handed_in):
    course, fair = handed_in
    processes = [grading(course) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    words = " ".join(said).split()
    counts = [
        int(words[i - 1])
        for i, word in enumerate(words)
        if word.startswith("graded") and words[i - 1].isdigit()
    ]
    assert sum(counts) == len(fair), said
    assert scores(course, fair) == fair
    with course.gradebook() as gradebook:
        assert len(gradebook.assignment_submissions(ASSIGNMENT)) == len(fair)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_command_killed_at_any_moment_and_typed_again_gives_the_same_scores(handed_in, seed):
    course, fair = handed_in
    process = grading(course)
    time.sleep(random.Random(seed).uniform(1, 12))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    again = grading(course)
    said, _ = again.communicate(timeout=300)
    assert again.returncode == 0, said
    assert scores(course, fair) == fair
    with course.gradebook() as gradebook:
        assert len(gradebook.assignment_submissions(ASSIGNMENT)) == len(fair)

"""A time-out that others have caused costs no point: the submission is graded once more, alone."""

import contextlib
import os
import subprocess
import sys
from collections import deque
from dataclasses import replace

import nbformat
import pytest

from autograder import engine
from autograder.batch import Answer, sha256
from autograder.engine import Times
from autograder.grade import Grading
from autograder.release import release
from course_lib.examination.result import Result
from tests.autograder.small_course import hand_in, solved
from tests.autograder.test_verdicts import SOLVED, assignment, notebook  # noqa: F401  (a fixture)

ASSIGNMENT = "q00_doubling"
TIMES = Times(cell=60, call=2, test=60)
# Needs half a second of a processor, or does nothing for longer than a call may take.
HALF_A_SECOND = "import time\n    end = time.process_time() + 0.5\n    while time.process_time() < end: pass"
COMPUTES = SOLVED.replace("    return", f"    {HALF_A_SECOND}\n    return")
SLEEPS = SOLVED.replace("    return", "    import time\n    time.sleep(3)\n    return")
SPIN = "while True: pass"


@contextlib.contextmanager
def many_others(count: int):
    """Processes that spin, each of a session of its own: the kernel gives each as much as a submission."""
    others = [
        subprocess.Popen([sys.executable, "-I", "-S", "-c", SPIN], start_new_session=True)
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for other in others:
            other.kill()
        for other in others:
            other.wait()


def graded(assignment, solution) -> Result:  # noqa: F811
    cells = nbformat.writes(notebook(solution)).encode()
    return engine.grade_submission(cells, assignment, times=TIMES)


@pytest.mark.needs("sandbox")
@pytest.mark.slow
def test_a_call_that_others_keep_from_its_processor_is_told_from_one_that_takes_long(assignment):  # noqa: F811
    graded(assignment, SOLVED)  # so that the warm process is warm
    with many_others(12 * (os.cpu_count() or 1)):
        crowded = graded(assignment, COMPUTES)
    assert crowded.auto_points == 0
    assert crowded.held_up
    assert "more than 2 seconds" in " ".join(crowded.flags)
    asleep = graded(assignment, SLEEPS)
    assert asleep.auto_points == 0
    assert not asleep.held_up


class Graders:
    """Answers for the submissions: at first `late` of them were held up and earned nothing."""

    def __init__(self, late, stop=lambda: None):
        self.late, self.stop, self.runs = late, stop, []

    def run(self, assignment, tasks: deque):  # noqa: F811
        first = not self.runs
        self.runs.append([task.student for task in tasks])
        while tasks:
            task = tasks.popleft()
            data = task.path.read_bytes()
            submission = engine.read(data, assignment)
            executed = engine.executed(submission, engine.Findings())
            result = Result(
                dict.fromkeys(assignment.tests, 1.0), executed=executed, answers=engine.answers(submission)
            )
            if first and task.student in self.late:
                points = dict.fromkeys(assignment.tests, 0.0)
                result = replace(result, points=points, held_up=True, flags=["it took too long"])
            yield [Answer(task.student, sha256(data), result)]
        if first:
            self.stop()


@pytest.fixture
def class_of_three(course, starter):
    release(course, ASSIGNMENT)
    for student in ("ada", "bob", "eve"):
        hand_in(course, student, solved(starter))
    return course


def test_who_was_held_up_is_graded_again_at_the_end_and_only_that_counts(class_of_three):
    graders = Graders({"ada", "eve"})
    outcomes = {o.student: o for o in Grading(class_of_three, ASSIGNMENT, []).run(graders)}
    assert graders.runs == [["ada", "bob", "eve"], ["ada"], ["eve"]]
    assert len({outcome.auto_points for outcome in outcomes.values()}) == 1
    assert outcomes["ada"].auto_points > 0
    assert "graded twice" in " ".join(outcomes["ada"].flags)
    assert "it took too long" not in outcomes["ada"].flags
    assert not outcomes["bob"].flags


def test_a_run_that_is_stopped_records_nothing_of_who_was_held_up(class_of_three):
    grading = Grading(class_of_three, ASSIGNMENT, [])
    graders = Graders({"ada"}, stop=grading.stop)
    assert sorted(outcome.student for outcome in grading.run(graders)) == ["bob", "eve"]
    again = Graders(set())
    outcomes = {o.student: o for o in Grading(class_of_three, ASSIGNMENT, []).run(again)}
    assert again.runs[0] == ["ada"], "the next command takes it up"
    assert outcomes["ada"].auto_points > 0

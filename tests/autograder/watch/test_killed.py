"""A watch that is killed at any step and started again: equal rows, each graded once, everything fed back."""

import functools
import os
import random
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from autograder import collect, journal
from autograder.course import Course
from autograder.release import release
from course_lib.commands import slips
from course_lib.paths import ROOT
from tests.autograder.forked import Forked, get_ready
from tests.autograder.small_course import make_course, points_by_cell, solved
from tests.autograder.test_interrupted import descendants, gone
from tests.autograder.test_rows import rows
from tests.autograder.watch.arriving import ASSIGNMENT, drop, slip, zipped
from tests.autograder.watch.steps import STEPS, kill_at_step

pytestmark = [pytest.mark.needs("sandbox"), pytest.mark.slow]
WRONG = "def double(values):\n    return list(values)"
FAIR = {"ada": 7, "bob": 4, "eve": 0, "dan": 7}


@pytest.fixture(scope="module")
def zips(starter) -> dict[str, bytes]:
    return {
        "ada": zipped(solved(starter), "ada"),
        "bob": zipped(solved(starter, q00_double=WRONG), "bob"),
        "eve": zipped(starter, "eve"),
        "dan": zipped(solved(starter, q00_explain="It is exact."), "dan"),
    }


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory, empty_gradebook, zips) -> Path:
    """A released assignment, and the zips of a class in the drop folder."""
    course = make_course(tmp_path_factory.mktemp("class") / "course", empty_gradebook)
    release(course, ASSIGNMENT)
    for student, packed in zips.items():
        drop(course, f"{student}.zip", packed)
    return course.root


@pytest.fixture
def course(class_folder, tmp_path) -> Course:
    """A copy of the class for one test."""
    return Course(Path(shutil.copytree(class_folder, tmp_path / "copy")))


@pytest.fixture(scope="module")
def undisturbed(class_folder, tmp_path_factory) -> tuple[dict[str, list], float]:
    """The rows of the gradebook after a run that nothing disturbed, and the seconds it took."""
    get_ready()
    course = Course(Path(shutil.copytree(class_folder, tmp_path_factory.mktemp("undisturbed") / "course")))
    started = time.monotonic()
    finish(course)
    return rows(course), time.monotonic() - started


def watching(course: Course, first=None) -> Forked:
    """`./course watch --once` in a process that need not import anything."""
    outside = {
        name: text for name, text in os.environ.items() if name not in ("COURSE_DROP", "COURSE_EXCHANGE")
    }
    environment = {"COURSE_ROOT": str(course.root), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return Forked(["watch", "--once", "--workers", "2"], outside | environment, first)


def finish(course: Course) -> str:
    """Start it again; what it said."""
    process = watching(course)
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    return said


def assert_whole(course: Course, zips, expected) -> None:
    """Equal rows, each result in the journal once, all feedback back, and nothing left lying about."""
    found = {student: sum(filter(None, points_by_cell(course, student).values())) for student in FAIR}
    assert found == FAIR
    assert rows(course) == expected
    entries = journal.read(course, ASSIGNMENT)
    assert Counter(entry.key[0] for entry in entries) == dict.fromkeys(FAIR, 1)
    for packed in zips.values():
        assert slip(course, packed).state == slips.BACK
    pages = course.root / "drop" / "feedback"
    assert len(list(pages.glob("*.html"))) == len(list(pages.glob("*.json"))) == len(FAIR)
    assert os.listdir(course.root / "drop" / "inbound") == []
    assert not any(journal.folder(course, ASSIGNMENT).glob("executed/*"))


@pytest.mark.parametrize("point", STEPS)
def test_killed_around_any_step_it_goes_on_where_it_was(course, zips, undisturbed, point):
    process = watching(course, first=functools.partial(kill_at_step, point, 2))
    said, _ = process.communicate(timeout=600)
    assert process.returncode == -signal.SIGKILL, said
    finish(course)
    assert_whole(course, zips, undisturbed[0])
    assert "back:" not in finish(course)


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment_again_and_again_it_goes_on_where_it_was(course, zips, undisturbed, seed):
    moments = random.Random(seed)
    for _ in range(3):
        process = watching(course)
        time.sleep(moments.uniform(0, undisturbed[1]))
        started = descendants(process.pid)
        process.kill()
        process.communicate()
        assert gone(started), "a process outlives the command that started it"
    finish(course)
    assert_whole(course, zips, undisturbed[0])


def test_a_kill_between_two_attempts_of_a_student_loses_neither(course, starter, zips, undisturbed):
    again = zipped(solved(starter), "bob", minutes=5)
    drop(course, "bob again.zip", again)
    process = watching(course, first=functools.partial(kill_at_step, "collected:aside", 5))
    said, _ = process.communicate(timeout=600)
    assert process.returncode == -signal.SIGKILL, said
    finish(course)
    assert slip(course, again).state == slips.BACK
    assert slip(course, zips["bob"]).state == slips.REPLACED
    kept = course.root / "submitted" / collect.EARLIER / "bob" / ASSIGNMENT
    assert len(os.listdir(kept)) == 1
    assert sum(filter(None, points_by_cell(course, "bob").values())) == 7


def test_a_polite_kill_ends_it_and_leaves_no_process(course, zips, undisturbed):
    process = watching(course)
    time.sleep(undisturbed[1] / 2)
    started = descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    assert gone(started)
    finish(course)
    assert_whole(course, zips, undisturbed[0])

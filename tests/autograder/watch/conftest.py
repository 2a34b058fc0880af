"""A released course whose drop folder is watched in the test's own process."""

import shutil

import pytest

from autograder.course import Course
from autograder.release import release
from autograder.watch import arrivals, watching
from tests.autograder.small_course import make_course
from tests.autograder.watch.arriving import ASSIGNMENT, Watched


@pytest.fixture(scope="session")
def released_once(tmp_path_factory, empty_gradebook):
    course = make_course(tmp_path_factory.mktemp("watched") / "course", empty_gradebook)
    release(course, ASSIGNMENT)
    return course.root


@pytest.fixture
def watched(released_once, tmp_path, monkeypatch) -> Watched:
    """A released course whose drop folder is watched in this process."""
    monkeypatch.delenv("COURSE_DROP", raising=False)
    monkeypatch.delenv("COURSE_EXCHANGE", raising=False)
    monkeypatch.setattr(arrivals, "SETTLED", 0.3)
    monkeypatch.setattr(watching, "PAUSE", 0.1)
    shutil.copytree(released_once, tmp_path / "course")
    return Watched(Course(tmp_path / "course"))

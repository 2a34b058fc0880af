"""Courses to test on: untouched, released, and with a class that was graded once."""

import nbformat
import pytest

from autograder.course import Course
from tests.autograder.small_course import hand_in, make_course
from tests.autograder.submissions import submissions


@pytest.fixture(scope="session")
def empty_gradebook(tmp_path_factory):
    """An empty gradebook; nbgrader takes seconds to make one, and a copy serves as well."""
    from nbgrader.api import Gradebook

    import autograder.config  # noqa: F401  puts the programs nbgrader starts on the PATH

    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    Gradebook(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def course(tmp_path, monkeypatch, empty_gradebook) -> Course:
    """A course whose one assignment is not released; the commands find it through COURSE_ROOT."""
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path / "course"))
    return make_course(tmp_path / "course", empty_gradebook)


@pytest.fixture(scope="session")
def released(tmp_path_factory, empty_gradebook) -> Course:
    """A course whose assignment is released; read-only for tests."""
    from autograder.release import release

    course = make_course(tmp_path_factory.mktemp("released"), empty_gradebook)
    release(course, "q00_doubling")
    return course


@pytest.fixture(scope="session")
def starter(released):
    """What students get."""
    return nbformat.read(released.root / "release" / "q00_doubling" / "doubling.ipynb", as_version=4)


@pytest.fixture(scope="session")
def graded(tmp_path_factory, starter, empty_gradebook):
    """(course, outcomes by student) of a class in which every kind of submission was graded once."""
    from autograder.grade import grade
    from autograder.release import release

    course = make_course(tmp_path_factory.mktemp("graded"), empty_gradebook)
    release(course, "q00_doubling")
    for student, (notebook, _) in submissions(starter).items():
        hand_in(course, student, notebook)
    outcomes = {outcome.student: outcome for outcome in grade(course, "q00_doubling", [])}
    return course, outcomes

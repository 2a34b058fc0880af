"""nbgrader's exchange: what 'nbgrader submit' puts there is graded, and 'fetch_feedback' finds the page."""

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeFetchFeedback, ExchangeSubmit
from traitlets.config import Config

from autograder.course import Course
from autograder.release import release
from autograder.watch import arrivals
from tests.autograder.small_course import make_course, solved
from tests.autograder.watch.arriving import ASSIGNMENT, Watched


@pytest.fixture
def watched(tmp_path, empty_gradebook, monkeypatch) -> Watched:
    """A course whose configuration names an exchange."""
    monkeypatch.delenv("COURSE_DROP", raising=False)
    monkeypatch.delenv("COURSE_EXCHANGE", raising=False)
    monkeypatch.setattr(arrivals, "SETTLED", 0.3)
    course = make_course(tmp_path / "course", empty_gradebook)
    release(course, ASSIGNMENT)
    exchange = tmp_path / "exchange"
    place = exchange / course.directory().course_id
    (place / "inbound").mkdir(parents=True)
    shutil.copytree(course.root / "release" / ASSIGNMENT, place / "outbound" / ASSIGNMENT)
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write(f"\nc = get_config()\nc.Exchange.root = {str(exchange)!r}\nc.Watch.account = ''\n")
    return Watched(Course(course.root))


class Student:
    """An account with nbgrader's own commands."""

    def __init__(self, course: Course, name: str, home: Path):
        home.mkdir()
        self.home, self.name = home, name
        places = {"assignment_dir": str(home), "cache": str(home / "cache")}
        self._config = Config({"Exchange": {"root": course.config().Exchange.root} | places})
        self._course_id = course.directory().course_id

    def _directory(self) -> CourseDirectory:
        return CourseDirectory(course_id=self._course_id, assignment_id=ASSIGNMENT, student_id=self.name)

    def submit(self, notebook) -> None:
        (self.home / ASSIGNMENT).mkdir(exist_ok=True)
        nbformat.write(notebook, self.home / ASSIGNMENT / "doubling.ipynb")
        self._run(ExchangeSubmit)

    def fetched(self) -> list[str]:
        """The pages that `nbgrader fetch_feedback` brings."""
        self._run(ExchangeFetchFeedback)
        return [path.read_text("utf-8") for path in (self.home / ASSIGNMENT / "feedback").rglob("*.html")]

    def _run(self, command) -> None:
        from nbgrader.auth import Authenticator

        directory = self._directory()
        command(coursedir=directory, authenticator=Authenticator(), config=self._config).start()


def test_what_nbgrader_submits_comes_back_by_fetch_feedback(watched, starter, tmp_path):
    ada = Student(watched.course, "ada", tmp_path / "ada")
    ada.submit(solved(starter))
    board = watched.watch()
    assert (board.returned, board.wrong) == (1, {})
    (page,) = ada.fetched()
    assert "told when your instructor returns them" in page
    watched.watch()
    assert watched.graders.begun == ["ada"]


def test_what_is_no_submission_is_named_and_a_link_to_anothers_is_not_followed(watched, starter, tmp_path):
    ada = Student(watched.course, "ada", tmp_path / "ada")
    ada.submit(solved(starter))
    (hers,) = (tmp_path / "exchange").rglob("ada+*")
    os.symlink(hers, hers.with_name(f"eve+{ASSIGNMENT}+2026-01-31 12:00:00 UTC+x"))
    (hers.parent / f"bob+{ASSIGNMENT}+yesterday").mkdir()
    (hers.parent / "notes.txt").write_text("?")
    board = watched.watch()
    assert watched.graders.begun == ["ada"]
    assert len(board.wrong) == 3
    assert any("link is not followed" in reason for reason in board.wrong.values())
    assert watched.course.submitters(ASSIGNMENT) == ["ada"]


def test_a_submission_that_nbgrader_still_writes_is_left_until_it_is_whole(watched, starter, tmp_path):
    ada = Student(watched.course, "ada", tmp_path / "ada")
    ada.submit(solved(starter))
    (hers,) = (tmp_path / "exchange").rglob("ada+*")
    secret = (hers / "submission_secret.txt").read_text()
    (hers / "submission_secret.txt").unlink()
    whole, notebook = (hers / "doubling.ipynb").read_bytes(), hers / "doubling.ipynb"
    notebook.write_bytes(whole[:100])

    place = arrivals.Arrivals(hers.parent)
    assert [arrival.settled for arrival in place.new()] == [False]
    from autograder.watch.exchange import Exchange

    assert not Exchange(watched.course).is_whole(hers)
    notebook.write_bytes(whole)
    (hers / "submission_secret.txt").write_text(secret)
    assert Exchange(watched.course).is_whole(hers)
    watched.watch()
    assert len(ada.fetched()) == 1

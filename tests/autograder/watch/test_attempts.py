"""Attempts of one student: counted, held back over the limit, and none where nothing was graded."""

from datetime import datetime, timedelta

import pytest

from autograder.watch import desks
from course_lib.commands import slips
from course_lib.examination.result import Result
from tests.autograder.watch.arriving import (
    ASSIGNMENT,
    attempt,
    drop,
    set_up,
    slip,
    zipped,
)


@pytest.mark.parametrize("name", ["attempts", "attempts_a_day"])
def test_an_attempt_over_the_limit_is_kept_and_counts_but_tells_nothing(watched, starter, name):
    set_up(watched.course, f"c.Watch.{name} = 2")
    zips = [zipped(attempt(starter, str(n)), "ada", minutes=n) for n in range(3)]
    for packed in zips:
        drop(watched.course, "a.zip", packed)
        watched.watch()
    assert [slip(watched.course, packed).state for packed in zips] == [slips.BACK, slips.BACK, slips.HELD]
    assert watched.graders.begun == ["ada", "ada"]
    place = watched.course.root / "submitted" / "ada" / ASSIGNMENT / "doubling.ipynb"
    assert "2" in place.read_text()
    set_up(watched.course, f"c.Watch.{name} = 3")
    watched.watch()
    assert slip(watched.course, zips[2]).state == slips.BACK


def test_a_day_later_the_held_one_is_graded_whichever_way_the_clock_jumps(watched, starter, monkeypatch):
    set_up(watched.course, "c.Watch.attempts_a_day = 1")
    zips = [zipped(attempt(starter, str(n)), "ada", minutes=n) for n in range(2)]
    for packed in zips:
        drop(watched.course, "a.zip", packed)
        watched.watch()
    assert slip(watched.course, zips[1]).state == slips.HELD

    class Clock(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.now(zone) - timedelta(days=400)

    monkeypatch.setattr(desks, "datetime", Clock)
    watched.watch()
    assert slip(watched.course, zips[1]).state == slips.BACK


def test_an_attempt_that_could_not_be_graded_is_none(watched, starter):
    set_up(watched.course, "c.Watch.attempts = 1")
    watched.graders.wrong["ada"] = Result(reason="it is no notebook")
    zips = [zipped(attempt(starter, str(n)), "ada", minutes=n) for n in range(2)]
    drop(watched.course, "a.zip", zips[0])
    board = watched.watch()
    assert board.wrong == {f"ada, {ASSIGNMENT}": "it is no notebook"}
    assert (slip(watched.course, zips[0]).state, slip(watched.course, zips[0]).said) == (
        slips.FAILED,
        "it is no notebook",
    )
    watched.graders.wrong.clear()
    drop(watched.course, "a.zip", zips[1])
    watched.watch()
    assert slip(watched.course, zips[1]).state == slips.BACK


def test_a_newer_one_takes_the_place_of_one_that_is_held_back(watched, starter):
    set_up(watched.course, "c.Watch.attempts_a_day = 1")
    zips = [zipped(attempt(starter, str(n)), "ada", minutes=n) for n in range(3)]
    for packed in zips:
        drop(watched.course, "a.zip", packed)
        watched.watch()
    assert [slip(watched.course, packed).state for packed in zips] == [slips.BACK, slips.REPLACED, slips.HELD]

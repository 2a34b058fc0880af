"""What a watch refuses before it begins, each in one line."""

import shutil

import pytest

from autograder.watch.watching import Watching
from course_lib.errors import UserError
from tests.autograder.watch.arriving import ASSIGNMENT, AtOnce, set_up


def test_a_second_watch_of_the_course_is_refused_in_one_line(watched):
    first = Watching(watched.course, [], AtOnce, print)
    with first._alone(), pytest.raises(UserError, match=r"Another ./course watch runs"):
        watched.watch()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("c.Watch.hidden = 'soon'", "c.Watch"),
        ("c.Watch.attempts = -1", "c.Watch"),
        ("c.Watch.account = '{name}'", "c.Watch.account"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line(watched, line, said):
    set_up(watched.course, line)
    with pytest.raises(UserError, match=said):
        watched.watch()


def test_an_assignment_that_is_not_released_is_named_at_once(watched):
    (watched.course.root / "notebooks" / "q01").mkdir()
    shutil.copy(
        watched.course.root / "notebooks" / ASSIGNMENT / "doubling.ipynb",
        watched.course.root / "notebooks" / "q01" / "more.ipynb",
    )
    with pytest.raises(UserError, match=r"run ./course release q01 first"):
        Watching(watched.course, ["q01"], AtOnce, print)

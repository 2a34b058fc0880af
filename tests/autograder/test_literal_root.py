"""A course folder may have any name: what nbgrader takes for a pattern stands for itself."""

import pytest

from autograder.feedback import feedback
from autograder.grade import grade
from autograder.literal_root import LiteralRoot
from autograder.release import release
from tests.autograder.small_course import hand_in, make_course, points_by_cell, solved

NAME = "WS26 [ML] a?b* {x} %20%s 'q' #é"


def test_a_folder_named_like_a_pattern_is_released_graded_and_given_back(
    tmp_path, monkeypatch, empty_gradebook, starter
):
    course = make_course(tmp_path / NAME / "course", empty_gradebook)
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    release(course, "q00_doubling")
    hand_in(course, "ada", solved(starter))
    (outcome,) = grade(course, "q00_doubling", [])
    assert (outcome.student, outcome.state) == ("ada", "graded")
    assert sum(points or 0 for points in points_by_cell(course, "ada").values()) == 7
    assert list(feedback(course, "q00_doubling"))
    assert (course.root / "feedback" / "ada" / "q00_doubling" / "doubling.html").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME]


@pytest.mark.parametrize("root", ["[2026]", "a*", "?"])
def test_below_the_course_folder_patterns_still_are_patterns(tmp_path, root):
    for student in ("ada", "bob"):
        (tmp_path / root / "submitted" / student).mkdir(parents=True)
    (tmp_path / "2" / "submitted" / "eve").mkdir(parents=True)
    (tmp_path / "ab" / "submitted" / "eve").mkdir(parents=True)
    found = LiteralRoot(str(tmp_path / root)).glob(str(tmp_path / root / "submitted" / "*"))
    assert sorted(path.rsplit("/", 1)[1] for path in found) == ["ada", "bob"]

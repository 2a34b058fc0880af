"""What a watch tells of hidden tests: nothing before the due date, and the rest without grading again."""

import pytest

from tests.autograder.small_course import CANARIES, solved
from tests.autograder.watch.arriving import (
    ASSIGNMENT,
    drop,
    in_hours,
    page,
    set_up,
    slip,
    zipped,
)


def test_before_the_due_date_no_word_tells_what_a_hidden_test_gave(watched, starter):
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "ada.zip", packed)
    watched.watch()
    found, text = slip(watched.course, packed), page(watched.course, packed)
    assert (found.hidden, found.hidden_possible) == (None, 6.0)
    assert [test.name for test in found.tests] == ["q00_double_test"]
    assert "1.0 / 4.0" in text  # one visible test, and the answer in words
    assert "7.0" not in text
    assert "6.0" not in text
    assert "4.0 / 4.0" not in text
    assert "told when your instructor returns them" in text
    assert not any(canary in text for canary in CANARIES)


@pytest.mark.parametrize(
    ("due", "hidden", "told"),
    [(-2, "after due", True), (2, "after due", False), (2, "always", True), (-2, "never", False)],
)
def test_points_of_hidden_tests_are_told_when_the_setting_says(watched, starter, due, hidden, told):
    set_up(watched.course, f"c.Watch.hidden = {hidden!r}")
    with watched.course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=in_hours(due))
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "ada.zip", packed)
    watched.watch()
    assert slip(watched.course, packed).hidden == (6.0 if told else None)
    assert ("2.0 / 2.0" in page(watched.course, packed)) == told


def test_when_the_due_date_has_come_the_rest_is_told_without_grading_again(watched, starter):
    packed = zipped(solved(starter), "ada")
    drop(watched.course, "ada.zip", packed)
    watched.watch()
    with watched.course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=in_hours(-1))
    watched.watch()
    assert slip(watched.course, packed).hidden == 6.0
    assert watched.graders.begun == ["ada"]


def test_feedback_of_the_instructor_reaches_the_drop_folder_and_tells_all(watched, starter, monkeypatch):
    from course_lib.commands.cli import main

    packed = zipped(solved(starter, q00_explain="It is exact."), "ada")
    drop(watched.course, "a.zip", packed)
    watched.watch()
    assert slip(watched.course, packed).marking
    with watched.course.gradebook() as gradebook:
        grade = gradebook.find_grade("q00_explain", "doubling", ASSIGNMENT, "ada")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        gradebook.db.commit()
    monkeypatch.setenv("COURSE_ROOT", str(watched.course.root))
    assert main(["feedback", ASSIGNMENT]) == 0
    found = slip(watched.course, packed)
    assert (found.hidden, found.marking) == (6.0, False)
    assert "2.5 / 3.0" in page(watched.course, packed)
    watched.watch()
    assert slip(watched.course, packed) == found

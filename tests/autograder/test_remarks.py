"""Remarks on other submissions come back by cell, the usual ones first, without the points of their items."""

import pytest

from autograder.release import release
from autograder.remarks import LONGEST, MOST, remarks

ASSIGNMENT = "q00_doubling"


@pytest.fixture
def commented(course):
    """A function that stores comments on the written answer, one a student, and says what is remembered."""
    release(course, ASSIGNMENT)

    def store(*comments):
        with course.gradebook() as gradebook:
            for place, comment in enumerate(comments):
                gradebook.update_or_create_student(f"s{place}")
                gradebook.update_or_create_submission(ASSIGNMENT, f"s{place}")
                found = gradebook.find_comment("q00_explain", "doubling", ASSIGNMENT, f"s{place}")
                found.manual_comment = comment
            gradebook.db.commit()
        return remarks(course.directory().db_url, ASSIGNMENT).get("q00_explain", [])

    return store


def test_what_is_said_often_comes_first_and_the_points_of_the_items_are_no_remark(commented):
    found = commented(
        "Points: why 1, what to do 0.\n\nName a number.\n\nWell argued.",
        "Points: why 0, what to do 0.",
        "Name a number.\n\nName a number.",
        "Points: are 3.",
        None,
        "",
    )
    # The last of these is in the form of the line of points, so it is taken for one.
    assert found == ["Name a number.", "Well argued."]


def test_a_long_remark_is_one_persons_and_the_list_ends(commented):
    found = commented("x" * (LONGEST + 1), "\n\n".join(f"remark {n:02}" for n in range(MOST + 5)))
    assert found == [f"remark {n:02}" for n in range(MOST)]

"""Late penalties by nbgrader's plugin, configured as the instructors' page says."""

import re
from pathlib import Path

import pytest

from autograder.grade import grade
from autograder.release import release
from autograder.scores import scores
from tests.autograder.small_course import hand_in, solved

pytestmark = pytest.mark.needs("sandbox")
ASSIGNMENT = "q00_doubling"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "instructors.md"


def test_a_rule_of_ones_own_takes_a_tenth_a_day_and_follows_marks_given_later(course, starter):
    (rule,) = re.findall(r"```python\n(import math.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write(rule)
    release(course, ASSIGNMENT)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-30 10:00:00")  # 26 hours before
    hand_in(course, "ada", solved(starter, q00_explain="Doubling is exact."))
    assert [outcome.auto_points for outcome in grade(course, ASSIGNMENT, [])] == [7]
    (row,) = scores(course, ASSIGNMENT)
    assert (row.seconds_late, row.penalty, row.total) == (26 * 3600, pytest.approx(1.4), pytest.approx(5.6))

    with course.gradebook() as gradebook:
        mark = gradebook.find_grade("q00_explain", "doubling", ASSIGNMENT, "ada")
        mark.manual_score, mark.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    list(grade(course, ASSIGNMENT, [], again=True))
    (row,) = scores(course, ASSIGNMENT)
    assert (row.manual, row.penalty, row.total) == (3, pytest.approx(2), pytest.approx(8))

"""Late penalties by nbgrader's plugin, configured as the instructors' page says."""

import csv
import re
from pathlib import Path

import pytest

from autograder.export import export_csv
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
    (row,) = scores(course, ASSIGNMENT)
    assert (row.manual, row.penalty, row.total) == (3, pytest.approx(2), pytest.approx(8))


@pytest.fixture
def late(course, starter):
    """A course in which who is late gets nothing, and in which ada was late by a day and is graded."""
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write('\nc = get_config()\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    release(course, ASSIGNMENT)
    move_due_date(course, "2026-01-30 12:00:00")
    hand_in(course, "ada", solved(starter))
    list(grade(course, ASSIGNMENT, []))
    (row,) = scores(course, ASSIGNMENT)
    assert (row.penalty, row.total) == (7, 0)
    return course


def move_due_date(course, when: str) -> None:
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=when)


def extend(course) -> None:
    with course.gradebook() as gradebook:
        gradebook.grant_extension(ASSIGNMENT, "ada", hours=24)


def forgive(course) -> None:
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write('c.LateSubmissionPlugin.penalty_method = "none"\n')


CHANGES = {
    "due date": lambda course: move_due_date(course, "2026-02-02 12:00:00"),
    "extension": extend,
    "rule": forgive,
}


@pytest.mark.parametrize("read", ["export", "grade"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_penalty_goes_when_what_it_depends_on_changes(late, change, read):
    CHANGES[change](late)
    if read == "export":
        (line,) = csv.DictReader(export_csv(late, ASSIGNMENT).read_text("utf-8-sig").splitlines())
        assert (float(line["late_penalty"]), float(line["total"])) == (0, 7)
    else:
        assert [outcome.state for outcome in grade(late, ASSIGNMENT, [])] == ["unchanged"]
    with late.gradebook() as gradebook:
        assert not gradebook.find_submission(ASSIGNMENT, "ada").late_submission_penalty


def test_a_penalty_comes_when_the_due_date_is_moved_forward(late):
    move_due_date(late, "2026-02-02 12:00:00")
    assert [row.total for row in scores(late, ASSIGNMENT)] == [7]
    move_due_date(late, "2026-01-30 12:00:00")
    assert [row.total for row in scores(late, ASSIGNMENT)] == [0]

"""Every change of a score has its line: the grader's, a person's, and what was changed past both."""

import csv
import sqlite3

import pytest
from nbgrader.api import Gradebook

from autograder import grade_log, journal
from autograder.grade_log import UNEXPLAINED
from autograder.release import release
from tests.autograder.small_course import hand_in, solved

ASSIGNMENT = "q00_doubling"


@pytest.fixture
def submitted(course, starter):
    """A released course whose gradebook knows a submission of ada's, not graded."""
    release(course, ASSIGNMENT)
    hand_in(course, "ada", solved(starter))
    with course.gradebook() as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission(ASSIGNMENT, "ada")
        gradebook.db.commit()
    return course


def mark(course, cell, **values):
    with course.gradebook() as gradebook:
        entry = gradebook.find_grade(cell, "doubling", ASSIGNMENT, "ada")
        for name, value in values.items():
            setattr(entry, name, value)
        gradebook.db.commit()


def lines(course):
    return [(c.cell, c.field, c.old, c.new, c.by) for c in grade_log.grade_log(course, ASSIGNMENT)]


def entry(at="2026-01-01T00:00:00+00:00", notebook="a" * 64, state="graded", reason="", **points):
    return journal.Entry(
        "ada", ASSIGNMENT, notebook, "b" * 64, state, reason, points, {}, [], 0.1, at, "eve, course grade"
    )


def test_each_change_by_a_person_is_written_down_with_who_when_and_which_files(submitted, monkeypatch):
    journal.append(submitted, ASSIGNMENT, [entry(q00_double_test=1.0)])
    mark(submitted, "q00_double_test", auto_score=1.0)
    monkeypatch.setenv("JUPYTERHUB_USER", "grace")
    mark(submitted, "q00_explain", manual_score=2.5, needs_manual_grade=False)
    mark(submitted, "q00_explain", manual_score=3.0)
    mark(submitted, "q00_explain", manual_score=3.0, extra_credit=0.5)
    with submitted.gradebook() as gradebook:
        comment = gradebook.find_comment("q00_explain", "doubling", ASSIGNMENT, "ada")
        comment.manual_comment = "=Well said"
        gradebook.db.commit()
    found = grade_log.grade_log(submitted, ASSIGNMENT)
    who = grade_log.actor()
    assert who.startswith("grace, ")
    assert [(c.cell, c.field, c.old, c.new, c.by) for c in found] == [
        ("", "state", "", "graded", "eve, course grade"),
        ("q00_double_test", "auto_score", "", "1", "eve, course grade"),
        ("q00_explain", "manual_score", "", "2.5", who),
        ("q00_explain", "manual_score", "2.5", "3", who),
        ("q00_explain", "extra_credit", "", "0.5", who),
        ("q00_explain", "manual_comment", "", "=Well said", who),
    ]
    assert {(c.notebook_sha256, c.tests_sha256) for c in found} == {("a" * 64, "b" * 64)}
    assert [change.by_hand for change in found] == [False, False, True, True, True, True]
    with open(grade_log.write_log(submitted, ASSIGNMENT, found), encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[-1]["new"] == "'=Well said"
    assert rows[2]["student"] == "ada"


def test_a_change_that_is_rolled_back_leaves_no_line(submitted):
    with submitted.gradebook() as gradebook:
        gradebook.find_grade("q00_explain", "doubling", ASSIGNMENT, "ada").manual_score = 3.0
        gradebook.db.flush()
        gradebook.db.rollback()
        assert lines(submitted) == []
        gradebook.find_grade("q00_explain", "doubling", ASSIGNMENT, "ada").manual_score = 2.0
        gradebook.db.commit()  # the table itself was rolled back, too
    assert [line[:4] for line in lines(submitted)] == [("q00_explain", "manual_score", "", "2")]


def test_a_score_changed_past_the_programs_is_shown_as_such(submitted):
    mark(submitted, "q00_explain", manual_score=1.0)
    with sqlite3.connect(submitted.root / "gradebook.db") as database:
        database.execute("UPDATE grade SET manual_score = 3 WHERE manual_score = 1")
        database.execute("UPDATE grade SET auto_score = 4 WHERE auto_score IS NULL AND manual_score IS NULL")
    found = lines(submitted)
    assert found[0][:4] == ("q00_explain", "manual_score", "", "1")
    assert ("q00_explain", "manual_score", "1", "3", UNEXPLAINED) in found
    assert {line[0] for line in found if line[1] == "auto_score" and line[4] == UNEXPLAINED} == {
        "q00_double_test",
        "q00_double_hidden",
        "q00_scale_hidden",
    }


def test_a_second_grading_shows_what_it_changed_and_from_which_file(submitted):
    journal.append(
        submitted,
        ASSIGNMENT,
        [
            entry("2026-01-01T00:00:00+00:00", q00_double_test=1.0, q00_scale_hidden=4.0),
            entry("2026-01-02T00:00:00+00:00", "c" * 64, q00_double_test=0.5, q00_scale_hidden=4.0),
            entry("2026-01-03T00:00:00+00:00", "d" * 64, "failed", "no JSON"),
        ],
    )
    found = [change for change in grade_log.grade_log(submitted, ASSIGNMENT) if change.at > "2026-01-01T12"]
    assert [(c.cell, c.field, c.old, c.new, c.notebook_sha256[0]) for c in found] == [
        ("q00_double_test", "auto_score", "1", "0.5", "c"),
        ("", "state", "graded", "failed: no JSON", "d"),
        ("q00_double_test", "auto_score", "0.5", "", "d"),
        ("q00_scale_hidden", "auto_score", "4", "", "d"),
    ]


def test_the_grader_itself_leaves_nothing_unexplained(graded):
    from autograder.grade import grade

    course, _ = graded
    found = grade_log.grade_log(course, ASSIGNMENT)
    assert [change for change in found if change.by == UNEXPLAINED] == []
    assert {change.student for change in found if change.field == "auto_score"} >= {"reference", "rounded"}
    assert [outcome.state for outcome in grade(course, ASSIGNMENT, ["rounded"])] == ["unchanged"]
    assert grade_log.grade_log(course, ASSIGNMENT) == found


def test_an_older_gradebook_gets_the_table_with_the_first_change(submitted):
    with sqlite3.connect(submitted.root / "gradebook.db") as database:
        database.execute("DROP TABLE IF EXISTS score_change")
    Gradebook(submitted.directory().db_url).close()
    assert lines(submitted) == []
    mark(submitted, "q00_explain", manual_score=1.0)
    assert len(lines(submitted)) == 1


def test_one_change_is_one_line_however_often_the_configuration_is_read(submitted):
    for _ in range(3):
        grade_log.watch()
        submitted.config()
    mark(submitted, "q00_explain", manual_score=1.0)
    assert len(lines(submitted)) == 1

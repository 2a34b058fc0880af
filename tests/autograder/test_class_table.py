"""The whole course in one table: every student once, and no points that are not final taken for a grade."""

import csv
from datetime import UTC, datetime

import pytest

from autograder import class_table
from autograder.class_table import ClassTable, Standing
from autograder.release import release
from autograder.scores import Score, scores
from course_lib.commands import due
from course_lib.commands.cli import main
from course_lib.errors import UserError
from tests.autograder.small_course import hand_in

ASSIGNMENT = "q00_doubling"
EVIL = "<script>alert(1)</script>"


def score(student, status="graded", total=8.5) -> Score:
    return Score(student, status, total, 0.0, 0.0, total, 10.0, None, 0.0)


@pytest.fixture
def two() -> ClassTable:
    """Two assignments, and students in every state."""
    ada = Standing("ada", "Lovelace", "Ada", [score("ada"), score("ada", total=1 / 3)])
    eve = Standing("eve", "", EVIL, [score("eve", "needs marking", 5), score("eve", "no submission", 0)])
    ida = Standing("=ida", "", "", [score("=ida", "not graded", 0), score("=ida", total=10)])
    return ClassTable(["q02_quantization", "lab1_autodiff"], [10.0, 10.0], [ada, eve, ida])


def test_every_student_of_a_class_has_one_row_with_the_points_of_the_gradebook(graded):
    course, _ = graded
    found = class_table.class_table(course)
    assert found.assignments == [ASSIGNMENT]
    wanted = {row.student: row.total for row in scores(course, ASSIGNMENT)}
    assert {row.student: row.total for row in found.rows} == wanted
    assert len(found.rows) == len(wanted) > 5


def test_points_that_are_not_final_are_marked_on_screen(two, capsys):
    class_table.show(two)
    printed = capsys.readouterr().out
    assert "5.00*" in printed
    assert "?" in printed.splitlines()[4]
    assert class_table.LEGEND in printed


def test_a_course_wider_than_the_terminal_keeps_its_numbers_whole(two, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    names = [f"q{place:02}_topic" for place in range(18)]
    row = Standing("ada", "", "", [score("ada", total=7.25)] * 18)
    class_table.show(ClassTable(names, [10.0] * 18, [row]))
    assert capsys.readouterr().out.count("7.25") == 18


def test_the_spreadsheet_has_final_points_only_and_runs_no_formula(course, two):
    table = list(csv.reader(class_table.export_csv(course, two).read_text("utf-8").splitlines()))
    assert table == [
        ["student", "last_name", "first_name", "q02_quantization", "lab1_autodiff", "total", "max"],
        ["ada", "Lovelace", "Ada", "8.5", "0.3333", "8.8333", "20"],
        ["eve", "", EVIL, "", "", "0", "20"],
        ["'=ida", "", "", "", "10", "10", "20"],
    ]


def test_the_page_shows_names_as_text(course, two):
    page = class_table.write_page(course, two).read_text("utf-8")
    assert EVIL not in page
    assert "&lt;script&gt;" in page
    assert "8.83" in page  # the sum of a row
    assert "q02_quantization" in page


def test_a_course_of_which_nothing_is_released_or_that_nobody_attends_says_so(course):
    with pytest.raises(UserError, match="Nothing is released"):
        class_table.class_table(course)
    release(course, ASSIGNMENT)
    with pytest.raises(UserError, match="Nobody is in the gradebook"):
        class_table.class_table(course)


def test_the_commands_take_the_whole_course_when_no_assignment_is_named(course, starter, capsys):
    release(course, ASSIGNMENT)
    hand_in(course, "ada", starter)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student("ada")
    assert main(["report"]) == 0
    assert main(["export", "csv"]) == 0
    printed = capsys.readouterr().out
    assert "course.html" in printed
    assert (course.exports / "course.csv").exists()
    # Canvas gets final grades alone, of which there are none yet: said by name, and no failure of others.
    assert main(["export", "canvas"]) == 0
    assert f"Nobody has a final grade in {ASSIGNMENT}" in capsys.readouterr().err
    assert main(["export", "canvas", "--column", "Doubling"]) == 2


def test_release_gives_out_the_due_dates_of_the_gradebook(course):
    assert main(["release", ASSIGNMENT]) == 0
    written = course.root / "release" / due.FILE
    assert written.read_text() == "{}\n"
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-12-10 23:00:00 CET")
    assert main(["release", ASSIGNMENT]) == 0
    date = datetime.strptime(written.read_text().split('"')[3], due.FORMAT).replace(tzinfo=UTC)
    assert date == datetime(2026, 12, 10, 22, 0, tzinfo=UTC)

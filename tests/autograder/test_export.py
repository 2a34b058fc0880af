"""Grade files: what a spreadsheet, Canvas and Moodle read in them."""

import csv

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder import export
from autograder.release import release
from autograder.scores import Score
from course_lib.commands.cli import main
from course_lib.errors import UserError
from tests.autograder.learning_platforms import ImportRefused, canvas_import, moodle_import

ASSIGNMENT = "q00_doubling"


def score(student="ada", status="graded", total=8.5, **about) -> Score:
    return Score(student, status, total, 0.0, 0.0, total, 10.0, None, 0.0, **about)


@pytest.fixture
def rows(monkeypatch, course):
    """A list that stands for the scores of the class."""
    found = []
    monkeypatch.setattr(export, "scores", lambda *_: found)
    return found


NAMES = [
    ("Lovelace", "Ada"),
    ("O'Brien, Jr.", 'Anne "Nan"'),
    ("Müller-Lüdenscheid", "Jörg"),
    ("王", "小明"),
    ("=cmd|' /C calc'!A0", "+1"),
    ("@SUM(A1)", "-1"),
    ("＝1+1", "\t=2"),
    ("Back\\slash, \\", 'Quote\\"'),
    ("two\nlines", "\r=3"),
    ("semi;colon", ""),
    ("", ""),
]


def students(rows):
    for place, (last, first) in enumerate(NAMES):
        rows.append(score(f"id{place}", total=place / 3, last_name=last, first_name=first))
    rows.append(score("zoë", lms_user_id="4711", total=0.0))
    rows.append(score("ungraded", "not graded", 0))
    rows.append(score("half", "needs marking", 5))
    rows.append(score("absent", "no submission", 0))
    return {row.student: round(row.total, 4) for row in rows if row.status == "graded"}


def test_canvas_takes_each_final_grade_for_the_student_who_earned_it(course, rows):
    wanted = students(rows)
    found = export.export_canvas(course, ASSIGNMENT, "Doubling, twice (88)")
    known = {place + 1: (row.student, "") for place, row in enumerate(rows)} | {4711: ("zoë", "")}
    grades = canvas_import(found.path, known, {88: "Doubling, twice"})
    assert float(grades.pop("possible")) == 10
    assert {who: float(grade) for (who, _), grade in grades.items()} == wanted
    assert {title for _, title in grades} == {"Doubling, twice"}
    assert found.left_out == {
        "not graded": ["ungraded"],
        "needs marking": ["half"],
        "no submission": ["absent"],
    }


def test_moodle_takes_each_final_grade_for_the_student_who_earned_it(course, rows):
    wanted = students(rows)
    found = export.export_moodle(course, ASSIGNMENT)
    grades = moodle_import(found.path, {row.student for row in rows}, "ID number", {ASSIGNMENT: 10})
    assert grades == {(who, ASSIGNMENT): points for who, points in wanted.items()}
    with pytest.raises(ImportRefused, match="no user"):
        moodle_import(found.path, {"ada"}, "ID number", {ASSIGNMENT: 10})


@pytest.mark.parametrize("write", [export.export_csv, export.export_canvas, export.export_moodle])
def test_no_cell_begins_like_a_formula_and_none_breaks_a_line(course, rows, write):
    students(rows)
    rows.append(score("=HYPERLINK(1)"))
    found = write(course, ASSIGNMENT)
    path = found if write is export.export_csv else found.path
    text = path.read_text("utf-8")
    with open(path, encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.strip()[:1] in set("=+-@＝＋－＠")]
    assert len(text.splitlines()) == text.count("\n")
    assert "O'Brien, Jr." in text.replace('""', '"')
    assert "王" in text


@given(
    people=st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-zäß0-9_][A-Za-zäß0-9_.@-]{0,8}", fullmatch=True),
            st.text(max_size=12),
            st.text(max_size=12),
            st.floats(0, 100).map(lambda points: round(points, 4)),
        ),
        unique_by=lambda person: person[0],
        max_size=6,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_names_come_back_with_the_right_grade_or_are_named_as_left_out(course, rows, people):
    rows[:] = [score(who, total=t, last_name=a, first_name=b) for who, a, b, t in people]
    wanted = {who: points for who, _, _, points in people}
    if all(who.replace(".", "").isdigit() and not export.canvas_can_read(who) for who in wanted):
        with pytest.raises(UserError, match="Nobody has a final grade"):
            export.export_canvas(course, ASSIGNMENT)
        return
    found = export.export_canvas(course, ASSIGNMENT)
    known = {place: (who, "") for place, who in enumerate(wanted, 1)}
    grades = canvas_import(found.path, known, {})
    assert {key[0]: float(grade) for key, grade in grades.items() if key != "possible"} == {
        who: wanted[who] for who in found.students
    }
    left_out = {who for group in found.left_out.values() for who in group}
    assert left_out | set(found.students) == wanted.keys()
    assert all(set(who) <= set("0123456789.") for who in left_out)
    file = export.export_moodle(course, ASSIGNMENT).path
    assert moodle_import(file, set(wanted), "ID number", {ASSIGNMENT: 100}) == {
        (who, ASSIGNMENT): points for who, points in wanted.items()
    }


def test_an_id_that_canvas_would_read_as_another_number_is_left_out_by_name(course, rows, capsys):
    rows += [score("2026.01.05"), score("007"), score("3.50"), score("1.")]
    found = export.export_canvas(course, ASSIGNMENT)
    assert found.students == ["007", "3.50"]
    assert found.left_out == {"an id that Canvas reads as another number": ["2026.01.05", "1."]}


@pytest.mark.parametrize("column", ["Final Grade of question 2", "=cmd", "", "two\nlines", "Section"])
def test_a_heading_that_would_not_arrive_is_refused(course, rows, column, capsys):
    with pytest.raises(UserError):
        export.export_canvas(course, ASSIGNMENT, column or " ")


def test_the_command_says_in_one_line_a_reason_who_is_left_out(course, capsys, monkeypatch):
    release(course, ASSIGNMENT)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student("ada", last_name="Lovelace", lms_user_id="12")
        gradebook.update_or_create_student("carl")
    assert main(["export", "csv", ASSIGNMENT]) == 0
    with open(course.exports / f"{ASSIGNMENT}.csv", encoding="utf-8") as file:
        assert [(row["student"], row["last_name"]) for row in csv.DictReader(file)] == [
            ("ada", "Lovelace"),
            ("carl", ""),
        ]
    capsys.readouterr()
    assert main(["export", "moodle", ASSIGNMENT]) == 2
    assert "Nobody has a final grade in q00_doubling to export: 2 no submission." in capsys.readouterr().err
    monkeypatch.setattr(
        export, "scores", lambda *_: [score(), score("b", "no submission"), score("c", "no submission")]
    )
    assert main(["export", "moodle", ASSIGNMENT, "--column", "Doubling"]) == 0
    printed = capsys.readouterr()
    assert ": 1 final grade" in printed.out
    assert printed.err == "course: left out (no submission): b, c\n"
    written = (course.exports / f"{ASSIGNMENT}_moodle.csv").read_text()
    assert written == "First name,Last name,ID number,Doubling\n,,ada,8.5\n"

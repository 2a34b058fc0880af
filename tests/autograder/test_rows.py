"""What our coordinator writes into the gradebook is what nbgrader's autograde writes, row by row."""

import pytest
from sqlalchemy import text

from autograder.conversion import convert
from autograder.grade import grade
from autograder.release import release
from tests.autograder.small_course import cell_named, hand_in, make_course, solved
from tests.autograder.submissions import submissions

pytestmark = pytest.mark.needs("sandbox")
ASSIGNMENT = "q00_doubling"
ROWS = {
    "submissions": """SELECT student_id, timestamp, extension FROM submitted_assignment""",
    "notebooks": """SELECT a.student_id, n.flagged, n.late_submission_penalty FROM submitted_notebook n
        JOIN submitted_assignment a ON a.id = n.assignment_id""",
    "grades": """SELECT a.student_id, c.name, c.type, g.auto_score, g.manual_score, g.extra_credit,
        g.needs_manual_grade FROM grade g JOIN base_cell c ON c.id = g.cell_id
        JOIN submitted_notebook n ON n.id = g.notebook_id
        JOIN submitted_assignment a ON a.id = n.assignment_id""",
    "comments": """SELECT a.student_id, c.name, c.type, k.auto_comment, k.manual_comment FROM comment k
        JOIN base_cell c ON c.id = k.cell_id JOIN submitted_notebook n ON n.id = k.notebook_id
        JOIN submitted_assignment a ON a.id = n.assignment_id""",
    "students": """SELECT id, first_name, last_name, email FROM student""",
}


def rows(course) -> dict[str, list]:
    with course.gradebook() as gradebook:
        return {name: sorted(map(repr, gradebook.db.execute(text(query)))) for name, query in ROWS.items()}


def by_nbgrader(course) -> None:
    from nbgrader.converters import Autograde

    for student in course.submitters(ASSIGNMENT):
        convert(Autograde, course, ASSIGNMENT, student)


def by_us(course) -> None:
    assert {outcome.state for outcome in grade(course, ASSIGNMENT, [])} == {"graded"}


@pytest.mark.slow
def test_a_class_with_late_and_marked_work_has_equal_rows_after_nbgrader_and_after_us(
    tmp_path, empty_gradebook, starter
):
    """First submissions, a due date, marks by hand, then everything handed in again."""
    found = []
    for name, run in (("nbgrader", by_nbgrader), ("ours", by_us)):
        course = make_course(tmp_path / name, empty_gradebook)
        with open(course.root / "nbgrader_config.py", "a") as file:
            file.write('c = get_config(); c.LateSubmissionPlugin.penalty_method = "zero"\n')
        release(course, ASSIGNMENT)
        with course.gradebook() as gradebook:
            gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-31 13:00:00")
        kinds = {s: n for s, (n, fair) in submissions(starter).items() if fair is not None}
        for student, notebook in kinds.items():
            hand_in(course, student, notebook)
        late = course.root / "submitted" / "noisy" / ASSIGNMENT / "timestamp.txt"
        late.write_text("2026-02-01 12:00:00 UTC\n")
        (course.root / "submitted" / "extra" / ASSIGNMENT / "timestamp.txt").unlink()
        run(course)
        first = rows(course)
        with course.gradebook() as gradebook:
            for cell, points in (("q00_explain", 2.5), ("q00_double_hidden", 1.0)):
                mark = gradebook.find_grade(cell, "doubling", ASSIGNMENT, "reference")
                mark.manual_score, mark.needs_manual_grade = points, False
            gradebook.find_grade("q00_scale_hidden", "doubling", ASSIGNMENT, "noisy").extra_credit = 1.5
            gradebook.db.commit()
        for student in kinds:
            answered = solved(starter, q00_explain="" if student == "extra" else "It is.")
            cell_named(answered, "q00_double").source += f"\n# {student}"
            hand_in(course, student, answered)
        late.write_text("2026-02-01 12:00:00 UTC\n")
        run(course)
        found.append((first, rows(course)))
    for which in (0, 1):
        for name in ROWS:
            assert found[0][which][name] == found[1][which][name], name
    penalties = [row for row in found[1][0]["notebooks"] if "noisy" in row]
    assert penalties == ["('noisy', 0, 7.0)"]

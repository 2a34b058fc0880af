"""From the instructor's notebook to points, pages and a grade file, with plain nbgrader underneath."""

import csv
import re
from pathlib import Path

import nbformat
import pytest

from autograder import journal
from autograder.export import export_csv
from autograder.feedback import feedback
from autograder.grade import grade
from autograder.report import report
from course_lib.errors import UserError
from tests.autograder.small_course import CANARIES, cell_named, hand_in, points_by_cell, solved
from tests.autograder.submissions import submissions

ASSIGNMENT = "q00_doubling"
CANNOT_BE_GRADED = {"no_json"}


@pytest.fixture(scope="session")
def pages(graded):
    """student -> feedback page, as text without tags."""
    course, _ = graded
    assert [reason for _, reason in feedback(course, ASSIGNMENT) if reason] == []
    found = course.root.glob(f"feedback/*/{ASSIGNMENT}/doubling.html")
    return {path.parts[-3]: path.read_text("utf-8") for path in found}


def test_every_submission_gets_its_fair_points_and_a_bad_one_costs_only_itself(graded, starter):
    _, outcomes = graded
    fair = {student: points for student, (_, points) in submissions(starter).items()}
    assert {student: outcome.auto_points for student, outcome in outcomes.items()} == fair
    assert {outcome.auto_possible for outcome in outcomes.values()} == {7}


def test_a_submission_that_cannot_be_graded_is_named_with_a_reason(graded):
    _, outcomes = graded
    failed = {student: outcome.reason for student, outcome in outcomes.items() if outcome.state == "failed"}
    assert failed.keys() == CANNOT_BE_GRADED
    assert "JSON" in failed["no_json"]
    assert not any("\n" in reason for reason in failed.values())


def test_only_a_written_answer_that_was_given_waits_for_a_person(graded):
    _, outcomes = graded
    assert {student for student, outcome in outcomes.items() if outcome.needs_marking} == {"reference"}


def test_partial_credit_is_saved_as_the_test_gave_it(graded):
    course, _ = graded
    points = points_by_cell(course, "rounded")
    assert points["q00_double_test"] == 0.5
    assert points["q00_double_hidden"] == 0
    assert points["q00_scale_hidden"] == 4


def test_deleted_cells_are_put_back_in_their_order(graded):
    course, _ = graded
    notebook = nbformat.read(course.notebook("autograded", "deleted", ASSIGNMENT), as_version=4)
    names = [cell.metadata["nbgrader"]["grade_id"] for cell in notebook.cells]
    assert names == [
        "q00_setup",
        "q00_double",
        "q00_double_test",
        "q00_double_hidden",
        "q00_scale",
        "q00_scale_hidden",
        "q00_explain",
        "q00_explain_scheme",
    ]


def test_the_marker_sees_the_mark_scheme_beside_the_answer(graded):
    course, _ = graded
    notebook = nbformat.read(course.notebook("autograded", "reference", ASSIGNMENT), as_version=4)
    assert "overflow and its remedy" in cell_named(notebook, "q00_explain_scheme").source


def test_feedback_holds_no_hidden_test_and_no_mark_scheme(pages, graded, starter):
    assert pages.keys() == submissions(starter).keys() - CANNOT_BE_GRADED
    for student, page in pages.items():
        text = re.sub(r"<[^>]*>", "", page)
        for secret in [*CANARIES, "secret", "overflow and its remedy", "does not know its thread"]:
            assert secret not in text, f"{student}'s page holds {secret!r}"


def test_feedback_keeps_the_messages_of_visible_tests_and_the_points(pages):
    assert "double: 0.5 of 1 points" in pages["rounded"]
    assert "Q0.1: double" in pages["untouched"]  # NotImplementedError, from the visible test
    assert re.search(r"q00_double_hidden</code></span>\s*<span[^>]*>\s*Score: 2.0 / 2.0", pages["reference"])


def test_feedback_folders_hold_pages_and_what_names_them_in_the_exchange_only(pages, graded):
    course, _ = graded
    found = {path.name for path in course.root.glob("feedback/*/*/*")}
    assert found == {"doubling.html", "timestamp.txt", "submission_secret.txt"}


def test_what_a_student_prints_of_all_cells_run_so_far_holds_no_hidden_test(pages, graded):
    course, _ = graded
    notebook = nbformat.read(course.notebook("autograded", "quoting", ASSIGNMENT), as_version=4)
    printed = str([cell.outputs for cell in notebook.cells[-3:]])
    assert "my_index_in_the_grid" in printed  # the cells that a student may know are there
    assert not any(secret in printed for secret in [*CANARIES, "secret_values"])


def test_the_grade_file_has_a_row_for_every_student(graded, starter):
    course, _ = graded
    with open(export_csv(course, ASSIGNMENT), encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    fair = {student: points for student, (_, points) in submissions(starter).items()}
    assert {student: float(row["auto"]) for student, row in rows.items()} == {
        student: points or 0 for student, points in fair.items()
    }
    reference = rows["reference"]
    assert (reference["manual"], reference["total"], reference["max"]) == ("0", "7", "10")
    assert (reference["status"], reference["late_seconds"]) == ("needs marking", "0")
    assert reference["submitted_utc"] == "2026-01-31 12:00:00"
    assert rows["no_json"]["status"] == "not graded"


def test_the_report_counts_graded_submissions_by_task(graded, starter):
    course, outcomes = graded
    found = report(course, ASSIGNMENT)
    assert (found.submissions, found.not_graded) == (len(outcomes) - 1, 1)
    assert [row.task for row in found.tasks] == ["q00_double", "q00_scale", "q00_explain"]
    double = found.tasks[0]
    zeros = sum(outcome.auto_points == 0 for outcome in outcomes.values())
    full = found.submissions - zeros - 2  # all but "rounded", which gets half a point, and "crashing"
    assert double.possible == 3
    assert double.median == 3
    assert double.mean == pytest.approx((0.5 + 3 * full) / found.submissions)
    assert (double.full, double.partial, double.none) == (full, 1, zeros + 1)
    assert double.name == "Q0.1: double"
    assert {test.test: test.failed for test in found.failing}["q00_scale_hidden"] == zeros
    assert [test.failed for test in found.failing] == sorted((t.failed for t in found.failing), reverse=True)


def test_grading_again_leaves_alone_what_is_unchanged(graded):
    course, _ = graded
    marked = points_by_cell(course, "rounded")
    (outcome,) = grade(course, ASSIGNMENT, ["rounded"])
    assert (outcome.state, outcome.auto_points) == ("unchanged", 4.5)
    assert points_by_cell(course, "rounded") == marked


def test_grading_names_a_student_who_has_not_handed_in(graded):
    course, _ = graded
    with pytest.raises(UserError, match="nobody"):
        list(grade(course, ASSIGNMENT, ["nobody"]))


def test_a_resubmission_is_graded_anew_and_a_broken_one_takes_the_old_points_back(course, starter):
    from autograder.release import release

    release(course, ASSIGNMENT)
    hand_in(course, "ada", solved(starter))
    assert [outcome.auto_points for outcome in grade(course, ASSIGNMENT, [])] == [7]
    hand_in(course, "ada", starter)
    assert [outcome.auto_points for outcome in grade(course, ASSIGNMENT, [])] == [0]
    hand_in(course, "ada", b"{")
    (outcome,) = grade(course, ASSIGNMENT, [])
    assert outcome.state == "failed"
    assert set(points_by_cell(course, "ada").values()) == {None}
    assert "not graded" in export_csv(course, ASSIGNMENT).read_text()


def test_marks_given_by_hand_count_and_lateness_is_exported(course, starter):
    from autograder.release import release

    release(course, ASSIGNMENT)
    hand_in(course, "ada", solved(starter, q00_explain="Powers of two are exact."))
    assert [outcome.needs_marking for outcome in grade(course, ASSIGNMENT, [])] == [True]
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-31 11:00:00")
        mark = gradebook.find_grade("q00_explain", "doubling", ASSIGNMENT, "ada")
        mark.manual_score, mark.needs_manual_grade = 2.5, False
        gradebook.db.commit()
    with open(export_csv(course, ASSIGNMENT), encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["auto"], row["manual"], row["total"], row["status"]) == ("7", "2.5", "9.5", "graded")
    assert row["late_seconds"] == "3600"


def test_a_late_penalty_is_set_in_the_configuration_as_the_instructors_page_says(course, starter):
    from autograder.release import release

    page = (Path(__file__).resolve().parents[2] / "docs" / "instructors.md").read_text("utf-8")
    (line,) = re.findall(r"`(c = get_config\(\); .*?)`", page)
    with open(course.root / "nbgrader_config.py", "a") as file:
        file.write(line + "\n")
    release(course, ASSIGNMENT)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-31 11:00:00")
    hand_in(course, "ada", solved(starter))
    assert [outcome.auto_points for outcome in grade(course, ASSIGNMENT, [])] == [7]
    (row,) = csv.DictReader(export_csv(course, ASSIGNMENT).read_text().splitlines())
    assert (row["auto"], row["late_penalty"], row["total"]) == ("7", "7", "0")


@pytest.mark.parametrize(
    "step",
    ["autograder.journal.append", "autograder.rows.Rows.save", "autograder.rows.Rows.commit", "os.replace"],
)
def test_a_submission_whose_grading_was_cut_off_is_graded_by_the_same_command(
    course, starter, monkeypatch, step
):
    from autograder.release import release

    release(course, ASSIGNMENT)
    hand_in(course, "ada", solved(starter))

    def cut_off(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(step, cut_off)
        with pytest.raises(KeyboardInterrupt):
            list(grade(course, ASSIGNMENT, []))
    (outcome,) = grade(course, ASSIGNMENT, [])
    assert (outcome.state, outcome.auto_points) == ("graded", 7)
    assert len(journal.read(course, ASSIGNMENT)) == 1
    assert course.notebook("autograded", "ada", ASSIGNMENT).exists()
    assert [outcome.state for outcome in grade(course, ASSIGNMENT, [])] == ["unchanged"]

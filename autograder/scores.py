"""Scores of one assignment, read from the gradebook into plain rows."""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from autograder.course import Course
from autograder.rows import Rows

ABOUT = ("last_name", "first_name", "lms_user_id")


@dataclass(frozen=True)
class Score:
    """A student's result. `status` is graded, needs marking, not graded or no submission; points are floats.

    total = auto + manual - penalty, never below 0; `seconds_late` counts from the due date, if there is one.
    Names and the learning platform's own id are "" where the gradebook has none.
    """

    student: str
    status: str
    auto: float
    manual: float
    penalty: float
    total: float
    possible: float
    submitted: datetime | None
    seconds_late: float
    last_name: str = ""
    first_name: str = ""
    lms_user_id: str = ""


@dataclass(frozen=True)
class CellScores:
    """Points that each graded submission earned in one cell; None where a person must still mark it."""

    name: str
    possible: float
    is_test: bool
    points: list[float | None]


def scores(course: Course, assignment: str) -> list[Score]:
    """One row for each student in the gradebook, sorted by id; late penalties are brought up to date."""
    with contextlib.closing(Rows(course, assignment)) as rows:
        rows.bring_penalties_up_to_date()
    with course.gradebook() as gradebook:
        possible = course.released_notebook(gradebook, assignment).max_score
        found = {entry.student.id: entry for entry in gradebook.assignment_submissions(assignment)}
        rows = []
        for person in sorted(gradebook.students, key=lambda person: person.id):
            student = person.id
            about = {name: getattr(person, name) or "" for name in ABOUT}
            if student not in found:
                rows.append(Score(student, "no submission", 0, 0, 0, 0, possible, None, 0, **about))
                continue
            entry = found[student]
            penalty = entry.late_submission_penalty or 0.0
            rows.append(
                Score(
                    student=student,
                    status=_status(course, assignment, student, entry.needs_manual_grade),
                    auto=entry.code_score,
                    manual=entry.written_score + entry.task_score,
                    penalty=penalty,
                    total=max(0.0, entry.score - penalty),
                    possible=possible,
                    submitted=entry.timestamp,
                    seconds_late=entry.total_seconds_late,
                    **about,
                )
            )
    return rows


def _status(course: Course, assignment: str, student: str, needs_marking: bool) -> str:
    if not course.notebook("autograded", student, assignment).exists():
        return "not graded"
    return "needs marking" if needs_marking else "graded"


def cell_scores(course: Course, assignment: str) -> list[CellScores]:
    """One row for each graded cell, in the order of the notebook, over the submissions that were graded."""
    import nbformat

    graded = {row.student for row in scores(course, assignment) if row.status in ("graded", "needs marking")}
    source = nbformat.read(course.source(assignment), as_version=4)
    order = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in source.cells]
    with course.gradebook() as gradebook:
        notebook = course.released_notebook(gradebook, assignment)
        cells = {cell.name: cell for cell in [*notebook.grade_cells, *notebook.task_cells]}
        solutions = {cell.name for cell in notebook.solution_cells}
        points = {name: [] for name in cells}
        for entry in notebook.submissions:
            if entry.student.id in graded:
                for grade in entry.grades:
                    marked = grade.manual_score is not None or grade.auto_score is not None
                    points[grade.name].append(grade.score if marked else None)
        return [
            CellScores(name, cells[name].max_score, _is_test(cells[name], solutions), points[name])
            for name in sorted(cells, key=lambda name: order.index(name) if name in order else len(order))
        ]


def _is_test(cell, solutions: set[str]) -> bool:
    return cell.cell_type == "code" and cell.name not in solutions

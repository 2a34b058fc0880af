"""The rows of one assignment in nbgrader's gradebook, read and written for many students at once.

nbgrader's own methods ask and commit once per cell, and compute sums over the whole class with each object
they load. These rows are the same, with its classes and its late penalty plugin; a test compares them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from nbgrader import api
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import select
from sqlalchemy.orm import load_only

from autograder.course import Course

NO_RESPONSE = "No response."  # nbgrader's comment on a written answer that was left as it was
# The columns that are stored; the others are sums over the class, which nbgrader computes with each load.
PLAIN = {
    api.Grade: ("cell_id", "notebook_id", "auto_score", "manual_score", "extra_credit", "needs_manual_grade"),
    api.Comment: ("cell_id", "notebook_id", "auto_comment", "manual_comment"),
}


@dataclass
class Standing:
    """What the gradebook holds for a student: automatic points by test, and their sum with marks by hand."""

    tests: dict[str, float | None] = field(default_factory=dict)
    auto_points: float = 0.0
    needs_marking: bool = False


@dataclass(frozen=True)
class Marked:
    """What grading a submission found.

    `answered` says by grade_id of each cell that is there whether the student left anything to read for it;
    None where nothing was graded.
    """

    student: str
    points: dict[str, float | None]
    answered: dict[str, bool] | None
    submitted: datetime | None


class Rows:
    """The gradebook, open until `close`. Nothing is kept of what `save` changes before `commit`."""

    def __init__(self, course: Course, assignment: str):
        self._gradebook = course.gradebook()
        self._db = self._gradebook.db
        self._late = AssignLatePenalties(config=course.config())
        self._late.init_plugin()
        notebook = course.released_notebook(self._gradebook, assignment)
        self._assignment, self._notebook = notebook.assignment_id, notebook.id
        self._tests = {cell.id: cell for cell in self._cells(api.GradeCell)}
        self._tasks = {cell.id: cell for cell in self._cells(api.TaskCell)}
        self._answers = {cell.id: cell for cell in self._cells(api.SolutionCell)}
        self.possible = float(sum(c.max_score for c in self._tests.values() if c.cell_type == "code"))
        self._db.rollback()

    def _cells(self, kind) -> list:
        columns = [kind.id, kind.name]
        if kind is not api.SolutionCell:
            columns += [kind.max_score, kind.cell_type]
        return self._db.execute(select(*columns).where(kind.notebook_id == self._notebook)).all()

    def standings(self, students: Iterable[str] | None = None) -> dict[str, Standing]:
        """What is in the gradebook now, by student; of all who have a submission, or of `students`."""
        query = (
            select(
                api.SubmittedAssignment.student_id,
                api.Grade.cell_id,
                api.Grade.auto_score,
                api.Grade.score,
                api.Grade.needs_manual_grade,
            )
            .join(api.SubmittedNotebook, api.SubmittedNotebook.id == api.Grade.notebook_id)
            .join(api.SubmittedAssignment, api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id)
            .where(api.SubmittedNotebook.notebook_id == self._notebook)
        )
        if students is not None:
            # A folder's name that is no text is nobody's in a gradebook, and no database takes it.
            names = [name for name in students if name == name.encode(errors="ignore").decode()]
            query = query.where(api.SubmittedAssignment.student_id.in_(names))
        found: dict[str, Standing] = {}
        for student, cell, auto, score, needs_marking in self._db.execute(query):
            standing = found.setdefault(student, Standing())
            standing.needs_marking |= needs_marking
            if cell in self._tests and self._tests[cell].cell_type == "code":
                standing.tests[self._tests[cell].name] = auto
                standing.auto_points += score
        self._db.rollback()
        return found

    def due(self, student: str) -> datetime | None:
        """When the assignment is due for a student, extension included, in UTC; None without a due date."""
        due = self._db.scalar(select(api.Assignment.duedate).where(api.Assignment.id == self._assignment))
        extension = self._db.scalar(
            select(api.SubmittedAssignment.extension).where(
                api.SubmittedAssignment.assignment_id == self._assignment,
                api.SubmittedAssignment.student_id == student,
            )
        )
        self._db.rollback()
        return due and (due + (extension or timedelta(0))).replace(tzinfo=UTC)

    def save(self, marked: list[Marked]) -> None:
        """Write the points of several students' submissions, as nbgrader's autograde would one by one."""
        with self._db.no_autoflush:
            submissions = self._submissions({each.student for each in marked})
            notebooks = self._notebooks(submissions)
            grades = self._mirror(api.Grade, notebooks, self._tests | self._tasks)
            comments = self._mirror(api.Comment, notebooks, self._answers | self._tasks)
            due = self._db.scalar(select(api.Assignment.duedate).where(api.Assignment.id == self._assignment))
            for each in marked:
                submission, notebook = submissions[each.student], notebooks[each.student]
                if each.submitted is not None:
                    submission.timestamp = each.submitted
                self._mark(each, grades[notebook.id], comments[notebook.id])
                if each.answered is not None:
                    self._penalize(submission, notebook, due)

    def commit(self) -> None:
        """Write for good what was saved, all of it or nothing."""
        self._db.commit()
        self._db.expunge_all()

    def rollback(self) -> None:
        """Forget what was saved since the last commit."""
        self._db.rollback()
        self._db.expunge_all()

    def close(self) -> None:
        """Let go of the database."""
        self._gradebook.close()

    def _submissions(self, students: set[str]) -> dict[str, api.SubmittedAssignment]:
        """Each student's submission, made where there is none."""
        known = set(self._db.scalars(select(api.Student.id).where(api.Student.id.in_(students))))
        self._db.add_all(api.Student(id=student) for student in sorted(students - known))
        plain = load_only(
            api.SubmittedAssignment.student_id,
            api.SubmittedAssignment.timestamp,
            api.SubmittedAssignment.extension,
        )
        query = select(api.SubmittedAssignment).options(plain).where(
            api.SubmittedAssignment.assignment_id == self._assignment,
            api.SubmittedAssignment.student_id.in_(students),
        )  # fmt: skip
        found = {each.student_id: each for each in self._db.scalars(query)}
        for student in sorted(students - found.keys()):
            found[student] = api.SubmittedAssignment(
                id=api.new_uuid(), assignment_id=self._assignment, student_id=student
            )
            self._db.add(found[student])
        return found

    def _notebooks(self, submissions: dict) -> dict[str, api.SubmittedNotebook]:
        """The notebook of each student's submission, made where there is none."""
        owners = {submission.id: student for student, submission in submissions.items()}
        plain = load_only(api.SubmittedNotebook.assignment_id, api.SubmittedNotebook.late_submission_penalty)
        query = select(api.SubmittedNotebook).options(plain).where(
            api.SubmittedNotebook.assignment_id.in_(owners),
            api.SubmittedNotebook.notebook_id == self._notebook,
        )  # fmt: skip
        found = {owners[each.assignment_id]: each for each in self._db.scalars(query)}
        for submission, student in owners.items():
            if student not in found:
                found[student] = api.SubmittedNotebook(
                    id=api.new_uuid(), assignment_id=submission, notebook_id=self._notebook
                )
                self._db.add(found[student])
        return found

    def _mirror(self, kind, notebooks: dict, cells: dict) -> dict[str, dict]:
        """Rows of `kind` for all `cells`, by submitted notebook and the name of the cell."""
        found: dict[str, dict] = {notebook.id: {} for notebook in notebooks.values()}
        plain = load_only(*(getattr(kind, name) for name in PLAIN[kind]))
        for row in self._db.scalars(select(kind).options(plain).where(kind.notebook_id.in_(found))):
            if row.cell_id in cells:
                found[row.notebook_id][cells[row.cell_id].name] = row
        for notebook, rows in found.items():
            for cell, about in cells.items():
                if about.name not in rows:
                    rows[about.name] = kind(id=api.new_uuid(), cell_id=cell, notebook_id=notebook)
                    self._db.add(rows[about.name])
        return found

    def _mark(self, each: Marked, grades: dict[str, api.Grade], comments: dict[str, api.Comment]) -> None:
        if each.answered is None:
            for grade in grades.values():
                grade.auto_score, grade.needs_manual_grade = None, True
            return
        for cell in self._tests.values():
            # A person marks answers in words, and code without a test.
            score = each.points.get(cell.name, None if each.answered.get(cell.name) else 0)
            grades[cell.name].auto_score = score
            # A mark that a person gave before stands, but this run may ask for another look at it.
            grades[cell.name].needs_manual_grade = grades[cell.name].manual_score is not None or score is None
        tasks = {cell.name for cell in self._tasks.values()}
        for name in comments.keys() & each.answered.keys():
            unanswered = not each.answered[name] and name not in tasks
            comments[name].auto_comment = NO_RESPONSE if unanswered else None

    def _penalize(self, submission, notebook, due: datetime | None) -> None:
        """Set the penalty of one who was just marked."""
        late = _seconds_late(submission.timestamp, due, submission.extension)
        score = 0.0
        if late > 0:
            self._db.flush()
            score = self._db.scalar(
                select(api.SubmittedNotebook.score).where(api.SubmittedNotebook.id == notebook.id)
            )
        notebook.late_submission_penalty = self._penalty(submission.student_id, score, late)

    def _penalty(self, student: str, score: float, late: float) -> float | None:
        """What nbgrader's plugin gives for `late` seconds, within 0 and the score."""
        if late <= 0:
            return None
        penalty = self._late.plugin_inst.late_submission_penalty(student, score, late)
        return None if penalty is None else min(max(0, penalty), score)

    def bring_penalties_up_to_date(self) -> list[str]:
        """Penalties by the dates, extensions, marks and plugin as they are now, written for good; whose did.

        nbgrader works a penalty out when it grades, and never looks again.
        """
        due = self._db.scalar(select(api.Assignment.duedate).where(api.Assignment.id == self._assignment))
        query = (
            select(
                api.SubmittedAssignment.student_id, api.SubmittedAssignment.timestamp,
                api.SubmittedAssignment.extension, api.SubmittedNotebook, api.SubmittedNotebook.score,
            )
            .join(api.SubmittedNotebook, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
            .options(load_only(api.SubmittedNotebook.late_submission_penalty))
            .where(api.SubmittedNotebook.notebook_id == self._notebook)
        )  # fmt: skip
        changed = []
        for student, timestamp, extension, notebook, score in self._db.execute(query):
            penalty = self._penalty(student, score, _seconds_late(timestamp, due, extension))
            if (penalty or 0.0) != (notebook.late_submission_penalty or 0.0):
                notebook.late_submission_penalty = penalty
                changed.append(student)
        self.commit() if changed else self.rollback()
        return changed


def _seconds_late(submitted: datetime | None, due: datetime | None, extension) -> float:
    if due is None or submitted is None:
        return 0.0
    return (submitted - due - (extension or timedelta(0))).total_seconds()

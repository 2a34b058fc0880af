"""Who or what changed a score, when, and from which files.

What the grader found is in its journal. What a person changes, in formgrader or by nbgrader's API, is written
into the table `score_change` of the gradebook in the same transaction as the change: there is no change
without its line, and no line without its change. What was changed past both shows as a difference.
"""

import csv
import getpass
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sql
from nbgrader import api
from sqlalchemy import event
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import PASSIVE_NO_INITIALIZE, get_history

from autograder import journal
from autograder.course import Course
from autograder.export import shown
from course_lib.paths import write_atomically

# What is written down, by class of nbgrader's gradebook.
WATCHED = {
    api.Grade: ("auto_score", "manual_score", "extra_credit"),
    api.Comment: ("manual_comment",),
    api.SubmittedNotebook: ("late_submission_penalty",),
}
# Columns of this table's own, so that nbgrader's tables and their migrations are left alone.
TABLE = sql.Table(
    "score_change",
    sql.MetaData(),
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("at", sql.String(40), nullable=False),
    sql.Column("actor", sql.Text, nullable=False),
    sql.Column("submission", sql.String(32), nullable=False),
    sql.Column("cell", sql.Text, nullable=False),
    sql.Column("field", sql.String(40), nullable=False),
    sql.Column("old", sql.Text, nullable=False),
    sql.Column("new", sql.Text, nullable=False),
)
CREATING = 0x5C0E  # the number of the lock under which PostgreSQL's sessions create the table one by one
UNEXPLAINED = "not written down: changed before this log began, or past it"


@dataclass(frozen=True)
class Change:
    """A score of `student` went from `old` to `new` ("" for none); `cell` is "" for the whole submission.

    `at` is UTC in ISO 8601, `by` who ran what. The hashes are those of the graded notebook and the tests at
    that time, "" if nothing was graded yet.
    """

    at: str
    student: str
    cell: str
    field: str
    old: str
    new: str
    by: str
    notebook_sha256: str = ""
    tests_sha256: str = ""

    @property
    def by_hand(self) -> bool:
        """True unless the grader's own run made it."""
        return self.field not in ("auto_score", "state")


def watch() -> None:
    """From now on this program writes down what it changes in a gradebook; calling it again does no harm."""
    if not event.contains(Session, "after_flush", _write_down):
        event.listen(Session, "after_flush", _write_down)


def _write_down(session: Session, _context) -> None:
    """Add a line for each change that is being flushed; the session still tells old values from new ones."""
    rows = [
        {"submission": entry.id, "cell": "", **change}
        if isinstance(entry, api.SubmittedNotebook)
        else {"submission": entry.notebook_id, "cell": entry.cell_id, **change}
        for entry in (*session.new, *session.dirty)
        if type(entry) in WATCHED
        for change in _changed(entry)
    ]
    if not rows:
        return
    connection = session.connection()
    _create(connection)
    about = {"at": datetime.now(UTC).isoformat(timespec="microseconds"), "actor": actor()}
    connection.execute(TABLE.insert(), [about | row for row in rows])


def _changed(entry) -> Iterator[dict[str, str]]:
    for name in WATCHED[type(entry)]:
        history = get_history(entry, name, passive=PASSIVE_NO_INITIALIZE)
        old, new = (_text(values[0] if values else None) for values in (history.deleted, history.added))
        if history.has_changes() and old != new:
            yield {"field": name, "old": old, "new": new}


def _create(connection: sql.Connection) -> None:
    """Make the table where there is none; only a found one is trusted, since making may be rolled back."""
    known = connection.info.get(TABLE.name)
    if known == "found":
        return
    if sql.inspect(connection).has_table(TABLE.name):
        connection.info[TABLE.name] = known or "found"
        return
    if connection.dialect.name == "postgresql":
        connection.execute(sql.select(sql.func.pg_advisory_xact_lock(CREATING)))
    TABLE.create(connection, checkfirst=True)
    connection.info[TABLE.name] = "made"


_acts_for: list[str] = []


def act_for(who: str) -> None:
    """From now on this program writes down `who`, in whose service it works, as the actor."""
    _acts_for[:] = [who]


def actor() -> str:
    """The account that works here, and with what: 'ada, formgrader', or 'ada, course grade'."""
    if _acts_for:
        return _acts_for[0]
    try:
        user = os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (OSError, KeyError, ImportError):  # differs between Pythons and systems
        user = "unknown"
    server = sys.modules.get("jupyter_server.serverapp")
    if server and server.ServerApp.initialized():
        return f"{user}, formgrader"
    program = Path(sys.argv[0])
    name = program.parent.name if program.name == "__main__.py" else program.name
    words = [word for word in sys.argv[1:2] if word.isidentifier()]
    return " ".join([f"{user},", "course" if name == "course_lib" else name, *words])


def grade_log(course: Course, assignment: str) -> list[Change]:
    """All changes of scores of an assignment, oldest first; what nobody wrote down comes last."""
    graded: dict[str, list[journal.Entry]] = {}
    for entry in journal.read(course, assignment):
        graded.setdefault(entry.student, []).append(entry)
    recorded, now = _gradebook(course, assignment)
    changes = [change for entries in graded.values() for change in _journaled(entries)]
    changes += [change for change in recorded if not _is_journaled(change, graded)]
    changes.sort(key=lambda change: _time(change.at))
    known = {(change.student, change.cell, change.field): change.new for change in changes}
    moment = datetime.now(UTC).isoformat(timespec="microseconds")
    for place, value in now.items():
        if known.get(place, "") != value:
            changes.append(Change(moment, *place, known.get(place, ""), value, UNEXPLAINED))
    return [_with_hashes(change, graded) for change in changes]


def write_log(course: Course, assignment: str, changes: list[Change]) -> Path:
    """Write `changes` to exports/ASSIGNMENT_log.csv; returns its path."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(Change)])
    writer.writerows([shown(value) for value in astuple(change)] for change in changes)
    return write_atomically(course.exports / f"{assignment}_log.csv", text.getvalue())


def _gradebook(course: Course, assignment: str) -> tuple[list[Change], dict[tuple, str]]:
    """The changes in the table, and (student, cell, field) -> each score as it is now."""
    with course.gradebook() as gradebook:
        database = gradebook.db
        cells = {cell.id: cell.name for cell in database.query(api.BaseCell)}
        owners, now = {}, {}
        for submission in gradebook.notebook_submissions(course.source(assignment).stem, assignment):
            owners[submission.id] = student = submission.student.id
            parts = [("", submission)]
            parts += [(cells[entry.cell_id], entry) for entry in (*submission.grades, *submission.comments)]
            for cell, entry in parts:
                for name in WATCHED[type(entry)]:
                    now[student, cell, name] = _text(getattr(entry, name))
        if not sql.inspect(database.connection()).has_table(TABLE.name):
            return [], now
        found = database.execute(sql.select(TABLE).order_by(TABLE.c.number)).all()
    return [
        Change(
            row.at, owners[row.submission], cells.get(row.cell, ""), row.field, row.old, row.new, row.actor
        )
        for row in found
        if row.submission in owners
    ], now


def _journaled(entries: list[journal.Entry]) -> list[Change]:
    """What each grading changed against the one before, test by test, and its state when that is new."""
    changes, before = [], {}
    for entry in entries:
        now = {("", "state"): entry.state + (f": {entry.reason}" if entry.reason else "")}
        now |= {(cell, "auto_score"): _text(points) for cell, points in entry.points.items()}
        old = before.get(entry.student, {})
        if entry.state == journal.FAILED:  # takes the points of an earlier submission back
            now |= {place: "" for place in old if place not in now}
        for (cell, name), value in now.items():
            if old.get((cell, name), "") != value:
                changes.append(
                    Change(entry.at, entry.student, cell, name, old.get((cell, name), ""), value, entry.by)
                )
        before[entry.student] = old | now
    return changes


def _is_journaled(change: Change, graded: dict[str, list[journal.Entry]]) -> bool:
    """True for the gradebook's own line about points that the journal has."""
    entry = _latest(change, graded) if change.field == "auto_score" else None
    return entry is not None and _text(entry.points.get(change.cell)) == change.new


def _with_hashes(change: Change, graded: dict[str, list[journal.Entry]]) -> Change:
    entry = _latest(change, graded)
    if entry is None:
        return change
    return replace(change, notebook_sha256=entry.notebook_sha256, tests_sha256=entry.tests_sha256)


def _latest(change: Change, graded: dict[str, list[journal.Entry]]) -> journal.Entry | None:
    """The last grading of a student before a change, that change's own included."""
    earlier = [entry for entry in graded.get(change.student, []) if _time(entry.at) <= _time(change.at)]
    return earlier[-1] if earlier else None


def _time(at: str) -> datetime:
    time = datetime.fromisoformat(at)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _text(value: str | float | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:g}"

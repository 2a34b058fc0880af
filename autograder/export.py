"""Grade files for other programs: one for spreadsheets, and what Canvas and Moodle import."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course
from autograder.scores import Score, scores
from course_lib.errors import UserError
from course_lib.paths import write_atomically

FORMULA = re.compile(r"[=+\-@＝＋－＠]")  # how a cell begins that a spreadsheet may run
LINE_BREAK = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
# Canvas takes a point or comma in a field of digits for a decimal sign, so that 1.2.3 would arrive as 12.3.
CANVAS_NUMBER = re.compile(r"-?[0-9.,]+%?")
CANVAS_OWN = re.compile(r"(Current|Final|Override) (Score|Points|Grade|Status)|^(Student|ID|Section)$")
COLUMNS = [
    "student",
    "last_name",
    "first_name",
    "auto",
    "manual",
    "late_penalty",
    "total",
    "max",
    "late_seconds",
    "submitted_utc",
    "status",
]


@dataclass(frozen=True)
class Exported:
    """A written grade file: students in it, and those left out by reason."""

    path: Path
    students: list[str]
    left_out: dict[str, list[str]]


def export_csv(course: Course, assignment: str) -> Path:
    """Write exports/ASSIGNMENT.csv, one row per student whatever the status; returns its path.

    A text that a spreadsheet would run as a formula gets an apostrophe before it, as
    https://owasp.org/www-community/attacks/CSV_Injection says.
    """
    table = [COLUMNS]
    for row in scores(course, assignment):
        submitted = f"{row.submitted:%Y-%m-%d %H:%M:%S}" if row.submitted else ""
        points = map(number, (row.auto, row.manual, row.penalty, row.total, row.possible))
        names = map(shown, (row.student, row.last_name, row.first_name))
        table.append([*names, *points, f"{row.seconds_late:.0f}", submitted, row.status])
    return write_table(course, f"{assignment}.csv", table)


def export_canvas(course: Course, assignment: str, column: str | None = None) -> Exported:
    """Write exports/ASSIGNMENT_canvas.csv for Grades, Import in Canvas.

    Columns as https://community.instructure.com/en/kb/articles/660862-how-do-i-import-grades-in-the-gradebook
    asks for them. Canvas finds a student by ID (the LMS user id in the gradebook, if there is one), else by
    SIS Login ID (the student id), and the assignment by `column`: its title, or "Title (ID)" as in Canvas'
    own export; a title it does not know becomes a new assignment. Students without a final grade are left
    out, since Canvas takes an empty field for a grade to be removed. Raises UserError for a title that the
    import would not take for an assignment, and when nobody has a final grade.
    """
    title = _checked_title(column or assignment)
    if CANVAS_OWN.search(title):
        raise UserError(
            f"Canvas takes a column named {title!r} for one of its own; give another by --column."
        )
    rows, left_out = _complete(course, assignment, canvas_can_read)
    table = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title],
        ["    Points Possible", "", "", "", "", number(rows[0].possible)],
    ]
    table += [[shown(name(row)), platform_id(row), "", row.student, "", number(row.total)] for row in rows]
    path = write_table(course, f"{assignment}_canvas.csv", table)
    return Exported(path, [row.student for row in rows], left_out)


def export_moodle(course: Course, assignment: str, column: str | None = None) -> Exported:
    """Write exports/ASSIGNMENT_moodle.csv for Grades, Import, CSV file in Moodle.

    Columns as Moodle's own export has them, https://docs.moodle.org/en/Grade_import. There, "Map from" is
    "ID number", and "Map to" the user field that holds the student ids. Only students with a final grade
    have a row: an empty field would remove a grade. The import knows no maximum; a grade item it makes has
    100. Raises UserError for a `column` (the grade item, by default the assignment) that is no heading, and
    when nobody has a final grade.
    """
    title = _checked_title(column or assignment)
    rows, left_out = _complete(course, assignment, lambda student: True)
    table = [["First name", "Last name", "ID number", title]]
    for row in rows:
        # PHP's reader takes a backslash before a closing quote for an escape.
        names = [shown(text).replace("\\", "/") for text in (row.first_name, row.last_name)]
        table.append([*names, row.student, number(row.total)])
    path = write_table(course, f"{assignment}_moodle.csv", table)
    return Exported(path, [row.student for row in rows], left_out)


def canvas_can_read(student: str) -> bool:
    """False for an id of digits and points that Canvas would read as another number."""
    return not CANVAS_NUMBER.fullmatch(student) or re.fullmatch(r"\d+(\.\d+)?", student) is not None


def platform_id(row: Score) -> str:
    """Canvas' own number of a student, or nothing."""
    return row.lms_user_id if row.lms_user_id.isascii() and row.lms_user_id.isdigit() else ""


def name(row: Score) -> str:
    """'Last, First' as Canvas sorts them; the id of a student without a name."""
    return ", ".join(part for part in (row.last_name, row.first_name) if part) or row.student


def shown(text: str) -> str:
    """`text` on one line, with an apostrophe before what a spreadsheet might run."""
    text = LINE_BREAK.sub(" ", text).strip()
    return f"'{text}" if FORMULA.match(text) else text


def number(points: float) -> str:
    """Points to four decimals, without trailing zeros."""
    return f"{points:.4f}".rstrip("0").rstrip(".")


def _complete(course: Course, assignment: str, readable) -> tuple[list[Score], dict[str, list[str]]]:
    """Rows with a final grade and an id that arrives as it is; the others by the reason they have none."""
    rows, left_out = [], {}
    for row in scores(course, assignment):
        if row.status != "graded":
            left_out.setdefault(row.status, []).append(row.student)
        elif shown(row.student) != row.student:
            left_out.setdefault("an id that a spreadsheet would run or break", []).append(row.student)
        elif not readable(row.student):
            left_out.setdefault("an id that Canvas reads as another number", []).append(row.student)
        else:
            rows.append(row)
    if not rows:
        counts = ", ".join(f"{len(students)} {reason}" for reason, students in left_out.items())
        raise UserError(f"Nobody has a final grade in {assignment} to export: {counts or 'no students'}.")
    return rows, left_out


def _checked_title(title: str) -> str:
    if not title.strip() or shown(title) != title:
        raise UserError(
            f"{title!r} cannot be a column: it is empty, breaks the line or begins like a formula."
        )
    return title


def write_table(course: Course, file: str, table: list[list[str]]) -> Path:
    """Write a table as CSV into exports/; returns its path."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return write_atomically(course.exports / file, text.getvalue())

"""The class list: the students of the class, from a file as spreadsheets, Canvas and Moodle write it."""

import csv
import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import Course
from course_lib.commands.submission import checked_student
from course_lib.errors import UserError

MOST_BYTES = 20_000_000
# How a heading may be written, in small letters: nbgrader's own name first, then Canvas' (Grades, Export) and
# Moodle's (Grades, Export; Participants, Download).
HEADINGS = {
    "id": ("id", "student", "student id", "student_id", "sis login id", "login id", "username", "id number"),
    "first_name": ("first_name", "first name", "firstname", "given name"),
    "last_name": ("last_name", "last name", "lastname", "surname", "family name"),
    "email": ("email", "email address", "e-mail", "mail"),
    "lms_user_id": ("lms_user_id", "lms user id", "lms id", "canvas id"),
}
CANVAS = {"student", "id", "sis login id"}
ENCODINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass
class Imported:
    """Ids of students who are new in the gradebook, whose details changed, and who were there as they are."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def import_students(course: Course, path: Path) -> Imported:
    """Write the students of the file into the gradebook; nobody is removed, and no detail is emptied.

    All or nothing. Raises UserError with the line when the file cannot be read, has no column of ids, or
    has an id that is empty, impossible or there twice with different details.
    """
    students = read_students(path)
    found = Imported()
    with course.gradebook() as gradebook:
        known = {student.id: student for student in gradebook.students}
        for name, details in students.items():
            before = known.get(name)
            if before is None:
                found.new.append(name)
            elif all(getattr(before, key) == value for key, value in details.items()):
                found.unchanged.append(name)
                continue
            else:
                found.changed.append(name)
            gradebook.update_or_create_student(name, **details)
    return found


def read_students(path: Path) -> dict[str, dict[str, str]]:
    """id -> its details by nbgrader's names, empty ones left out. Raises UserError as `import_students`."""
    rows = _rows(path)
    line, heading = next(rows, (0, []))
    columns = _columns(path, line, heading)
    students: dict[str, dict[str, str]] = {}
    for line, row in rows:
        if not any(cell.strip() for cell in row) or _points_possible(row):
            continue
        found = {key: row[place].strip() for key, place in columns.items() if place < len(row)}
        if "name" in found:
            last, _, first = found.pop("name").partition(",")
            found |= {"last_name": last.strip(), "first_name": first.strip()}
        try:
            student = checked_student(found.pop("id", ""))
        except UserError as error:
            raise UserError(f"{path}, line {line}: {error}") from None
        details = {key: value for key, value in found.items() if value}
        if students.setdefault(student, details) != details:
            raise UserError(f"{path}, line {line}: {student} is there twice, with different details.")
    if not students:
        raise UserError(f"{path} names no student below its heading.")
    return students


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number of the line and its cells, whatever separates them."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    if len(data) > MOST_BYTES or data[:2] == b"PK":
        what = "larger than a class list" if len(data) > MOST_BYTES else "a spreadsheet"
        raise UserError(f"{path} is {what}; save the list as CSV and give that file.")
    text = _decoded(data)
    first = text.lstrip("\r\n").partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator)
    try:
        for row in reader:
            if row != [] and row != [f"sep={separator}"] and row != ["sep=", ""]:
                yield reader.line_num, row
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: no CSV ({error}).") from error


def _decoded(data: bytes) -> str:
    """UTF-8 or UTF-16 with Excel's mark, UTF-8 without; else what Excel writes in Western Europe."""
    mark = next((encoding for start, encoding in ENCODINGS.items() if data.startswith(start)), "utf-8")
    try:
        return data.decode(mark)
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _columns(path: Path, line: int, heading: list[str]) -> dict[str, int]:
    """nbgrader's name of each column that is understood -> its place."""
    names = [" ".join(cell.split()).casefold() for cell in heading]
    if set(names) >= CANVAS:  # there, ID is Canvas' own number and Student a name
        own = {"name": "student", "lms_user_id": "id", "id": "sis login id"}
        return {key: names.index(name) for key, name in own.items()}
    columns = {}
    for key, spellings in HEADINGS.items():
        if known := next((name for name in spellings if name in names), None):
            columns[key] = names.index(known)
    if "id" not in columns:
        seen = ", ".join(repr(cell) for cell in heading) or "nothing"
        raise UserError(
            f"{path} has no column of student ids: line {line} reads {seen}. "
            f"Name that column 'id' (and others first_name, last_name, email, lms_user_id)."
        )
    return columns


def _points_possible(row: list[str]) -> bool:
    """Canvas' second line, which is no student."""
    return row[0].strip() == "Points Possible"


def let_nbgrader_read_marks() -> None:
    """`nbgrader db student import` in this process, too, reads a list that begins with Excel's mark."""
    if program := sys.modules.get("nbgrader.apps.dbapp"):  # no other command has loaded it
        program.open = functools.partial(open, encoding="utf-8-sig")

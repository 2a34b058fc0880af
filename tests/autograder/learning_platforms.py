"""What Canvas and Moodle make of a CSV file, by the rules of their import."""

import csv
import re
from pathlib import Path


class ImportRefused(Exception):
    """The platform would not take the file."""


def canvas_import(file: Path, students: dict[int, tuple[str, str]], assignments: dict[int, str]) -> dict:
    """(student, assignment) -> grade that Grades, Import sets; "possible" -> points of the assignment.

    `students` by Canvas' id: (login, name); `assignments` by id. Rules as in lib/gradebook_importer.rb of
    https://github.com/instructure/canvas-lms: two fixed columns, optional SIS columns, Section, then
    assignments by "Title (ID)" or title; students by ID, login, name; new ones get their name.
    """
    lines = file.read_text("utf-8").strip("\n").split("\n")[:3]
    if len({len(next(csv.reader([line], delimiter=","))) for line in lines}) != 1:
        raise ImportRefused("the first lines do not have the same number of fields")
    with open(file, encoding="utf-8", newline="") as opened:
        header, *rows = list(csv.reader(opened))
    if not ("Student" in header[0] and "ID" in header[1] and len(header) > 3):
        raise ImportRefused("no student columns")
    if not (header[2] == "SIS User ID" and header[3] == "SIS Login ID" and "Section" in header[4]):
        raise ImportRefused("no Section behind the SIS columns")
    titles = [heading for heading in header[5:] if not re.search("(Current|Final) (Score|Grade)", heading)]
    found = {}
    for row in rows:
        fields = [_canvas_number(field) for field in row]
        if "Points Possible" in fields[0]:
            found["possible"] = fields[5]
            continue
        if all(re.fullmatch(r"\s*(Muted)?\s*", field) for field in fields):
            continue
        who = _canvas_student(fields, students)
        for place, title in enumerate(titles, 5):
            match = re.fullmatch(r"(.*)\s\((\d+)\)", title)
            known = match and assignments.get(int(match[2]))
            found[who, known or (match[1] if match else title)] = fields[place].strip()
    return found


def _canvas_number(field: str) -> str:
    if not re.fullmatch(r"-?[0-9.,]+%?", field):
        return field
    *whole, last = re.sub(r"[.,]+$", "", field).replace(",", ".").split(".")
    return f"{''.join(whole)}.{last}" if whole else last


def _canvas_student(fields: list[str], students: dict[int, tuple[str, str]]) -> str:
    if fields[1].isdigit() and int(fields[1]) in students:
        return students[int(fields[1])][0]
    by_login = {login: login for login, _ in students.values()}
    by_name = {name: login for login, name in students.values()}
    return by_login.get(fields[3]) or by_name.get(fields[0]) or f"new: {fields[0]}"


def moodle_import(file: Path, users: set[str], map_from: str, items: dict[str, float]) -> dict:
    """(user, item) -> grade that Grades, Import, CSV file sets; `items` are grade items with their maximum.

    Rules as in grade/import/csv and lib/csvlib.class.php of https://github.com/moodle/moodle: as many fields
    in each line as in the first, every user known, grades numbers; "" and "-" take a grade away.
    """
    header, *rows = [_php_fields(line) for line in file.read_text("utf-8").splitlines()]
    if len(header) < 2 or any(len(row) != len(header) for row in rows):
        raise ImportRefused("lines of different lengths")
    found, user = {}, None
    for row in rows:
        record = dict(zip(header, map(str.strip, row), strict=True))
        user = record[map_from] or user  # a blank one keeps the user of the line before
        if user not in users:
            raise ImportRefused(f"no user {user!r}")
        for item in items.keys() & record.keys():
            value = record[item]
            found[user, item] = None if value in ("", "-") else float(value)
    return found


def _php_fields(line: str) -> list[str]:
    """One line as PHP's fgetcsv reads it: a quote behind a backslash does not end a field."""
    fields, field, quoted, place = [], "", False, 0
    while place < len(line):
        character = line[place]
        if quoted and character == "\\" and line[place + 1 : place + 2] == '"':
            field, place = field + '\\"', place + 1
        elif quoted and line[place : place + 2] == '""':
            field, place = field + '"', place + 1
        elif character == '"' and (quoted or not field):
            quoted = not quoted
        elif character == "," and not quoted:
            fields, field = [*fields, field], ""
        else:
            field += character
        place += 1
    if quoted:
        raise ImportRefused("a quote is not closed")
    return [*fields, field]

"""The whole course at a glance: a row for each student, a column for each released assignment."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder import report_page
from autograder.course import Course
from autograder.export import number, shown, write_table
from autograder.scores import Score, scores
from autograder.terminal import printable
from course_lib.errors import UserError
from course_lib.paths import write_atomically

# What stands in place of points, or beside them, where they are not final.
MARKS = {"graded": "", "needs marking": "*", "not graded": "?", "no submission": ""}
LEGEND = "* some answers are still to be marked by hand; ? handed in and not graded; empty: not handed in"


@dataclass(frozen=True)
class Standing:
    """One student: their score in each assignment of the table, and the sum over what is there."""

    student: str
    last_name: str
    first_name: str
    scores: list[Score]

    @property
    def total(self) -> float:
        return sum(score.total for score in self.scores)


@dataclass(frozen=True)
class ClassTable:
    """Released assignments in their order with the points possible in each, and a row for each student."""

    assignments: list[str]
    possible: list[float]
    rows: list[Standing]


def class_table(course: Course) -> ClassTable:
    """Read from the gradebook. Raises UserError when nothing is released or nobody is in the gradebook."""
    with course.gradebook() as gradebook:
        released = {each.name for each in gradebook.assignments if each.notebooks}
    names = [name for name in course.assignments() if name in released]
    names.sort(key=lambda name: (name.startswith("lab"), name))
    if not names:
        raise UserError("Nothing is released; run ./course release first.")
    columns = [{row.student: row for row in scores(course, name)} for name in names]
    # Someone who joins the class while this runs is in the next table.
    students = sorted(set.intersection(*map(set, columns)))
    if not students:
        raise UserError("Nobody is in the gradebook; ./course collect or ./course students brings them in.")
    rows = [[column[student] for column in columns] for student in students]
    return ClassTable(
        assignments=names,
        possible=[score.possible for score in rows[0]],
        rows=[Standing(row[0].student, row[0].last_name, row[0].first_name, row) for row in rows],
    )


def text(score: Score) -> str:
    """Points with what says that they are not final."""
    points = f"{score.total:.2f}" if score.status in ("graded", "needs marking") else ""
    return points + MARKS[score.status]


def show(found: ClassTable) -> None:
    """Print the table, each student on one line, however wide that is: no number is broken in two."""
    table = Table("student", box=None, pad_edge=False)
    for name, possible in zip(found.assignments, found.possible, strict=True):
        table.add_column(f"{short(name)}\n/{possible:g}", justify="right")
    table.add_column(f"sum\n/{sum(found.possible):g}", justify="right")
    for row in found.rows:
        table.add_row(printable(row.student), *map(text, row.scores), f"{row.total:.2f}")
    needed = Console(width=10_000).measure(table).maximum
    Console(highlight=False, width=max(Console().width, needed)).print(table)
    print(LEGEND)


def short(assignment: str) -> str:
    """q02 for q02_quantization."""
    return assignment.partition("_")[0]


def write_page(course: Course, found: ClassTable) -> Path:
    """Write the table as exports/course.html, in the form of an assignment's report; returns its path."""
    heads = ["student", "name", *(escape(short(name)) for name in found.assignments), "sum"]
    limits = ["", "possible", *(f"{points:g}" for points in [*found.possible, sum(found.possible)])]
    rows = [
        [
            escape(row.student),
            escape(" ".join(part for part in (row.first_name, row.last_name) if part)),
            *(escape(text(score)) for score in row.scores),
            f"{row.total:.2f}",
        ]
        for row in found.rows
    ]
    names = "; ".join(f"{short(name)}: {name}" for name in found.assignments)
    sections = [
        f"<p>{len(found.rows)} students, {len(found.assignments)} assignments. {escape(LEGEND)}.</p>",
        report_page.table(heads, [limits, *rows], set(range(2, len(heads)))),
        f"<p class=quiet>{escape(names)}</p>",
    ]
    page = report_page.PAGE.format(title="The course", sections="\n".join(sections))
    return write_atomically(course.exports / "course.html", page)


def export_csv(course: Course, found: ClassTable) -> Path:
    """Write exports/course.csv: points of each assignment, empty where none are final; returns its path."""
    table = [["student", "last_name", "first_name", *found.assignments, "total", "max"]]
    for row in found.rows:
        points = [number(score.total) if score.status == "graded" else "" for score in row.scores]
        final = sum(score.total for score in row.scores if score.status == "graded")
        names = map(shown, (row.student, row.last_name, row.first_name))
        table.append([*names, *points, number(final), number(sum(found.possible))])
    return write_table(course, "course.csv", table)

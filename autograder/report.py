"""How a class did in one assignment: points by task, and the tests that fail most."""

import html
import statistics
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course
from autograder.scores import CellScores, cell_scores, scores
from course_lib.errors import UserError
from course_lib.paths import write_atomically

TEST_SUFFIXES = ("_test", "_hidden")


@dataclass(frozen=True)
class TaskStatistics:
    """Points that submissions earned in one task, its visible and hidden tests added up."""

    task: str
    possible: float
    mean: float
    median: float
    full_marks: float
    unmarked: int


@dataclass(frozen=True)
class Report:
    """A class's result: `tasks` in the notebook's order, `failing` (test, share below full) worst first."""

    assignment: str
    submissions: int
    not_graded: int
    tasks: list[TaskStatistics]
    failing: list[tuple[str, float]]


def report(course: Course, assignment: str) -> Report:
    """Statistics over the submissions that were graded. Raises UserError when there is none."""
    rows = scores(course, assignment)
    graded = [row for row in rows if row.status in ("graded", "needs marking")]
    if not graded:
        raise UserError(f"Nothing of {assignment} is graded; run ./course grade {assignment} first.")
    cells = cell_scores(course, assignment)
    tests = [(cell.name, failing_share(cell)) for cell in cells if cell.is_test]
    return Report(
        assignment=assignment,
        submissions=len(graded),
        not_graded=sum(row.status == "not graded" for row in rows),
        tasks=task_statistics(cells),
        failing=sorted((test for test in tests if test[1] > 0), key=lambda test: -test[1]),
    )


def failing_share(cell: CellScores) -> float:
    """Share of submissions that earn less than all points of a test."""
    return sum(points is None or points < cell.possible for points in cell.points) / len(cell.points)


def task_name(cell: str) -> str:
    """The task that a graded cell belongs to: q02_quantize for q02_quantize_hidden."""
    for suffix in TEST_SUFFIXES:
        cell = cell.removesuffix(suffix)
    return cell


def task_statistics(cells: list[CellScores]) -> list[TaskStatistics]:
    """One row a task, in order of first appearance; unmarked answers are left out of the means."""
    groups: dict[str, list[CellScores]] = {}
    for cell in cells:
        groups.setdefault(task_name(cell.name), []).append(cell)
    rows = []
    for task, group in groups.items():
        possible = sum(cell.possible for cell in group)
        each = list(zip(*(cell.points for cell in group), strict=True))
        totals = [sum(points) for points in each if None not in points]
        rows.append(
            TaskStatistics(
                task=task,
                possible=possible,
                mean=statistics.fmean(totals) if totals else float("nan"),
                median=statistics.median(totals) if totals else float("nan"),
                full_marks=sum(t >= possible for t in totals) / len(totals) if totals else float("nan"),
                unmarked=len(each) - len(totals),
            )
        )
    return rows


PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ccc; }}
.bar {{ background: #0072b2; height: .9rem; print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
</style>
<h1>{title}</h1><p>{count}</p>
<h2>Points by task</h2>
<table><tr><th>task<th>points<th>mean<th>median<th>full marks<th style="width: 35%">mean share of points</tr>
{tasks}</table>
<h2>Tests that fail most</h2>
<table><tr><th>test<th>less than full marks<th style="width: 35%"></tr>
{failing}</table>
</html>
"""


def write_page(course: Course, found: Report) -> Path:
    """Write the report as exports/ASSIGNMENT.html, one file without scripts; returns its path."""
    tasks = [
        f"<tr><td>{html.escape(row.task)}<td>{row.possible:g}<td>{row.mean:.2f}<td>{row.median:.2f}"
        f"<td>{row.full_marks:.0%}<td>{bar(row.mean / row.possible if row.possible else 0)}</tr>"
        for row in found.tasks
        if row.mean == row.mean
    ]
    failing = [
        f"<tr><td>{html.escape(test)}<td>{share:.0%}<td>{bar(share)}</tr>" for test, share in found.failing
    ]
    page = PAGE.format(
        title=html.escape(f"Report: {found.assignment}"),
        count=f"{found.submissions} graded, {found.not_graded} not graded",
        tasks="\n".join(tasks),
        failing="\n".join(failing),
    )
    return write_atomically(course.exports / f"{found.assignment}.html", page)


def bar(share: float) -> str:
    """A horizontal bar for a share between 0 and 1."""
    return f'<div class="bar" style="width: {100 * share:.1f}%"></div>'

"""The report as one HTML page that needs nothing else and prints well."""

import math
import statistics
from collections.abc import Iterable
from html import escape
from pathlib import Path

from autograder import plots
from autograder.course import Course
from autograder.grade_log import UNEXPLAINED
from autograder.report import ENOUGH, Report, TaskStatistics
from course_lib.paths import write_atomically

CHANGES_SHOWN = 40  # of those by hand, the last ones; the file beside the page has all
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; color: #222; }}
body {{ max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.6rem; margin: 0; }} h2 {{ font-size: 1.15rem; margin: 2rem 0 .4rem; }}
p {{ margin: .3rem 0; }} .quiet {{ color: #666; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0; }}
th, td {{ border-bottom: 1px solid #ddd; }}
th {{ font-weight: 600; border-bottom-color: #222; }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
td code {{ overflow-wrap: anywhere; }} svg {{ max-width: 100%; height: auto; }}
.key {{ display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }}
* {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
@page {{ size: A4; margin: 15mm; }}
@media print {{
  body {{ max-width: none; margin: 0; padding: 0; font-size: 10.5px; }}
  section, tr, svg {{ break-inside: avoid; }} section.long {{ break-inside: auto; }}
  h2 {{ break-after: avoid; }} thead {{ display: table-header-group; }}
}}
</style></head><body>
<h1>{title}</h1>
{sections}
</body></html>
"""


def write_page(course: Course, found: Report) -> Path:
    """Write the report as exports/ASSIGNMENT.html, one file without scripts; returns its path."""
    sections = [
        summary(found),
        section("Points", plots.histogram(found.totals, point_edges(found), f"points of {found.possible:g}")),
        section("Points by task", tasks(found)),
        section("Tests that fail most", failing(found), long=True),
        section("Worth a look", flags(found), long=True),
        section("Identical answers", identical(found), long=True),
        section("Time to grade", seconds(found)),
        section("Changes by hand", changes(found), long=True),
    ]
    page = PAGE.format(title=escape(f"Report: {found.assignment}"), sections="\n".join(sections))
    return write_atomically(course.exports / f"{found.assignment}.html", page)


def section(title: str, content: str, long: bool = False) -> str:
    """A heading and what stands below it; a `long` one may break over pages."""
    return f"<section{' class=long' if long else ''}><h2>{escape(title)}</h2>{content}</section>"


def table(heads: list[str], rows: Iterable[list[str]], numbers: set[int] = frozenset()) -> str:
    """A table of cells that are HTML already; the columns in `numbers` are set to the right."""
    style = [' class="n"' if place in numbers else "" for place in range(len(heads))]
    head = "".join(f"<th{style[place]}>{text}</th>" for place, text in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(f"<td{style[place]}>{text}</td>" for place, text in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def summary(found: Report) -> str:
    """The class in two lines."""
    mean, median = statistics.fmean(found.totals), statistics.median(found.totals)
    text = f"<p>{found.submissions} graded, {found.not_graded} not graded. "
    text += f"Mean {mean:.2f}, median {median:.2f} of {found.possible:g} points.</p>"
    if found.to_mark:
        text += f"<p>{found.to_mark} still to be marked by hand: their totals lack those points.</p>"
    return text


def point_edges(found: Report) -> list[float]:
    """Bins for totals; extra credit may reach above what is possible."""
    return plots.nice_edges(max([found.possible, *found.totals]), 20)


def tasks(found: Report) -> str:
    """A row per task, with how many earned all, some or no points."""
    kinds = [
        ("full", plots.FULL),
        ("partial", plots.PARTIAL),
        ("none", plots.NONE),
        ("unmarked", plots.UNMARKED),
    ]
    key = "".join(f'<span class="key" style="background:{color}"></span>{name}' for name, color in kinds)
    rows = []
    for row in found.tasks:
        figures = ["–" if math.isnan(value) else f"{value:.2f}" for value in (row.mean, row.median)]
        bar = plots.shares([(name, getattr(row, name), color) for name, color in kinds])
        rows.append([escape(row.name), f"{row.possible:g}", *figures, discrimination(row), bar])
    heads = ["task", "points", "mean", "median", "with the rest", f"submissions with {key}"]
    return table(heads, rows, {1, 2, 3, 4}) + (
        "<p class=quiet>With the rest: the correlation of a task's points with those of all other tasks, "
        f"from {ENOUGH} submissions on. Near 0, or below, a task does not tell those who do well elsewhere "
        "from the others: look at its text and its tests.</p>"
    )


def discrimination(row: TaskStatistics) -> str:
    """Two decimals, or a dash."""
    return "–" if row.discrimination is None else f"{row.discrimination:.2f}"


def failing(found: Report) -> str:
    """A row per test that not everybody passes."""
    if not found.failing:
        return "<p>Every submission passes every test.</p>"
    rows = [
        [
            f"<code>{escape(test.test)}</code>",
            f"{test.failed / (test.failed + test.passed):.0%}",
            plots.shares([("below full", test.failed, plots.NONE), ("full", test.passed, "#EEE")], 120),
            "<br>".join(f"{escape(words)} <span class=quiet>({told})</span>" for words, told in test.reasons),
        ]
        for test in found.failing
    ]
    return table(["test", "below full", "", "told most often"], rows, {1})


def flags(found: Report) -> str:
    """A row per student with what the grader noticed."""
    if not found.flags:
        return "<p>The grader noticed nothing unusual.</p>"
    note = (
        "<p class=quiet>Limits hit, processes that ended, changed or deleted tests. "
        "None of it costs points by itself.</p>"
    )
    rows = [[escape(student), "<br>".join(map(escape, lines))] for student, lines in found.flags.items()]
    return note + table(["student", "what happened"], rows)


def identical(found: Report) -> str:
    """A row per group of students that share answers, with each other or with the library."""
    if not found.identical:
        return (
            "<p>No two students share an answer of more than a few words, and nobody has the library's.</p>"
        )
    note = (
        "<p class=quiet>The same except for comments and spacing, or, where it says so, except for the names "
        "in them and the order of statements; short answers and the released text are left out. It says "
        "nothing about who wrote them, or whether they may have worked together. The library's answers are "
        "found whatever the names in them are; students who have one of these are not compared with each "
        "other.</p>"
    )
    rows = [
        [
            escape(", ".join(group.students)),
            str(len(group.cells)),
            escape(", ".join(group.cells)),
            "names changed" if group.renamed else "",
            escape(group.library) or "–",
        ]
        for group in found.identical
    ]
    return note + table(["students", "answers", "cells", "alike", "in the library"], rows, {1})


def seconds(found: Report) -> str:
    """How long submissions took, and the slowest."""
    if not found.seconds:
        return "<p>Nothing was measured.</p>"
    values = list(found.seconds.values())
    slowest = sorted(found.seconds.items(), key=lambda item: -item[1])[:5]
    names = ", ".join(f"{escape(student)} {value:.1f} s" for student, value in slowest)
    text = f"<p>Median {statistics.median(values):.1f} s, in all {sum(values):.0f} s. Slowest: {names}.</p>"
    return plots.histogram(values, plots.nice_edges(max(values), 12), "seconds per submission") + text


def changes(found: Report) -> str:
    """The last changes that the grader did not make."""
    by_hand = [change for change in found.changes if change.by_hand or change.by == UNEXPLAINED]
    note = (
        f"<p class=quiet>All {len(found.changes)} changes of scores, the grader's own included, "
        f"are in {escape(found.assignment)}_log.csv.</p>"
    )
    if not by_hand:
        return "<p>No score was changed by hand.</p>" + note
    rows = [
        [
            escape(change.at[:19].replace("T", " ")),
            escape(change.student),
            f"<code>{escape(change.cell)}</code>",
            escape(change.field.replace("_", " ")),
            escape(f"{change.old or '–'} → {change.new or '–'}"),
            escape(change.by),
            f"<code>{change.notebook_sha256[:8]}</code>",
        ]
        for change in reversed(by_hand[-CHANGES_SHOWN:])
    ]
    if len(by_hand) > CHANGES_SHOWN:
        note = f"<p class=quiet>The last {CHANGES_SHOWN} of {len(by_hand)}.</p>" + note
    return table(["UTC", "student", "cell", "what", "change", "by", "notebook"], rows) + note

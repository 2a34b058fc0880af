"""The report in a terminal."""

import statistics

from rich.console import Console
from rich.table import Table

from autograder.report import Report
from autograder.report_page import discrimination
from autograder.terminal import printable

LINES = 10  # of each list; the page has all


def show_report(found: Report) -> None:
    """Print the statistics of a class."""
    console = Console(highlight=False)
    mean, median = statistics.fmean(found.totals), statistics.median(found.totals)
    line = f"{found.assignment}: {found.submissions} graded, {found.not_graded} not graded; "
    line += f"mean {mean:.2f}, median {median:.2f} of {found.possible:g} points"
    console.print(line + (f"; {found.to_mark} still to be marked by hand\n" if found.to_mark else "\n"))
    console.print(task_table(found))
    if found.failing:
        console.print("\n[bold]Tests that fail most[/] (below full points; told most often)")
    for test in found.failing[:LINES]:
        share = test.failed / (test.failed + test.passed)
        told = "; ".join(f"{words} ({count})" for words, count in test.reasons)
        console.print(f"  {share:4.0%}  {printable(test.test)}  [dim]{printable(told)}[/]")
    if found.seconds:
        values = list(found.seconds.values())
        console.print(f"\nTime: median {statistics.median(values):.1f} s, longest {max(values):.1f} s")
    lines = [f"{student}: {'; '.join(flags)}" for student, flags in found.flags.items()]
    _list(console, "Worth a look", lines)
    lines = [
        f"{', '.join(group.students)}: {', '.join(group.cells)}"
        + (f" (the library's {group.library})" if group.library else "")
        + (" (names changed)" if group.renamed else "")
        for group in found.identical
    ]
    _list(console, "Identical answers", lines)
    by_hand = sum(change.by_hand for change in found.changes)
    console.print(f"\nGrade log: {len(found.changes)} changes, {by_hand} of them by hand")


def task_table(found: Report) -> Table:
    """A row per task."""
    table = Table("task", box=None, pad_edge=False)
    for head in ("points", "mean", "median", "with rest", "full", "partial", "none", "to mark"):
        table.add_column(head, justify="right")
    for row in found.tasks:
        figures = ["–" if value != value else f"{value:.2f}" for value in (row.mean, row.median)]
        counts = [str(count) if count else "" for count in (row.full, row.partial, row.none, row.unmarked)]
        table.add_row(printable(row.name), f"{row.possible:g}", *figures, discrimination(row), *counts)
    return table


def _list(console: Console, title: str, lines: list[str]) -> None:
    if not lines:
        return
    console.print(f"\n[bold]{title}[/]")
    for line in lines[:LINES]:
        console.print(f"  {printable(line)}")
    if len(lines) > LINES:
        console.print(f"  and {len(lines) - LINES} more, on the page")

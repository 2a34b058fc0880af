"""What grading looks like in a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from autograder.course import Course
from autograder.grade import Outcome, grade


def grade_with_progress(course: Course, assignment: str, students: list[str], again: bool) -> int:
    """Grade with a progress bar and print the table; returns how many submissions could not be graded."""
    console = Console(highlight=False)
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    outcomes: list[Outcome] = []
    coming = grade(course, assignment, students, again)
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            total = len(students or course.submitters(assignment))
            bar = progress.add_task(f"Grading {assignment}", total=total)
            for outcome in coming:
                outcomes.append(outcome)
                progress.advance(bar)
    finally:  # also after Ctrl-C: what is done is done and shown
        if outcomes:
            console.print(outcome_table(outcomes))
    counts = {state: sum(o.state == state for o in outcomes) for state in ("graded", "unchanged", "failed")}
    console.print(
        ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "No submissions."
    )
    return counts["failed"]


def outcome_table(outcomes: list[Outcome]) -> Table:
    """One row a submission."""
    table = Table("student", "automatic points", "result", box=None, pad_edge=False)
    for outcome in outcomes:
        if outcome.state == "failed":
            table.add_row(escape(outcome.student), "–", f"[red]not graded[/]: {escape(outcome.reason)}")
            continue
        notes = "needs marking by hand" if outcome.needs_marking else "complete"
        notes += ", unchanged" if outcome.state == "unchanged" else ""
        points = f"{outcome.auto_points:g} of {outcome.auto_possible:g}"
        table.add_row(escape(outcome.student), points, notes)
    return table

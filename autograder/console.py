"""What grading looks like in a terminal."""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from autograder.batch import Graders
from autograder.engine import UNCONFINED
from autograder.grade import Grading
from autograder.recorder import Outcome
from autograder.terminal import printable
from autograder.walls import notes

ROWS = 60  # of a larger class, the table shows only those that a person should look at


class Stopped(Exception):
    """The one at the keyboard has stopped the run; the message is one line."""


class _Rate(ProgressColumn):
    """Submissions per second, or per minute where that is easier to read."""

    def render(self, task) -> Text:
        speed = task.finished_speed or task.speed or 0
        return Text(f"{speed:.1f}/s" if speed >= 1 else f"{60 * speed:.1f}/min")


def grade_with_progress(grading: Grading, assignment: str, graders: Graders) -> int:
    """Grade with a progress bar and print the table; returns how many submissions could not be graded.

    Ctrl-C lets the submissions in work end and be recorded; a second one ends them. Raises Stopped then.
    """
    console = Console(highlight=False)
    started, total = time.monotonic(), len(grading)
    outcomes: list[Outcome] = []
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate()]
    shown = Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    )
    stopped = False
    try:
        with shown as progress, _asked_to_stop(grading, progress) as asked:
            bar = progress.add_task(f"Grading {assignment}", total=total)

            def wait() -> None:
                progress.console.print(f"Another command grades {assignment}; waiting for it to end.")

            for outcome in grading.run(graders, wait):
                outcomes.append(outcome)
                progress.advance(bar)
        stopped = bool(asked)
    except KeyboardInterrupt:
        stopped = True
    finally:  # what is done is done and shown, whatever ended the run
        if outcomes:
            console.print(outcome_table(outcomes))
            console.print(summary(outcomes, time.monotonic() - started))
        elif not total:
            console.print("No submissions.")
        for note in notes() if outcomes and UNCONFINED not in os.environ else ():
            console.print(f"note: {note}.")
    if stopped:
        raise Stopped(f"Stopped at {len(outcomes)} of {total}; the same command goes on with the others.")
    return sum(outcome.auto_points is None for outcome in outcomes)


@contextlib.contextmanager
def _asked_to_stop(grading: Grading, progress: Progress) -> Iterator[list]:
    """Yields a list that is no longer empty once somebody has pressed Ctrl-C."""
    asked: list[int] = []

    def stop(number, _frame) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        grading.stop()
        for task in progress.tasks:
            progress.update(task.id, description="Ending what is in work; Ctrl-C again: at once")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def outcome_table(outcomes: list[Outcome]) -> Table:
    """One row per submission; of a large class, only those that were not graded or are flagged."""
    table = Table("student", "automatic points", "result", box=None, pad_edge=False)
    rows = sorted(outcomes, key=lambda outcome: outcome.student)
    if len(rows) > ROWS:
        rows = [outcome for outcome in rows if outcome.auto_points is None or outcome.flags]
    for outcome in rows:
        if outcome.auto_points is None:
            table.add_row(printable(outcome.student), "–", f"[red]not graded[/]: {printable(outcome.reason)}")
            continue
        notes = "needs marking by hand" if outcome.needs_marking else "complete"
        notes += ", unchanged" if outcome.state == "unchanged" else ""
        notes += f" [yellow]({printable('; '.join(outcome.flags))})[/]" if outcome.flags else ""
        points = f"{outcome.auto_points:g} of {outcome.auto_possible:g}"
        table.add_row(printable(outcome.student), points, notes)
    return table


def summary(outcomes: list[Outcome], seconds: float) -> str:
    """Counts by state, the mean, time and rate, in one line."""
    states = Counter(outcome.state for outcome in outcomes)
    said = [
        f"{states[state]} {state}"
        for state in ("graded", "unchanged", "failed", "abandoned")
        if states[state]
    ]
    points = [outcome.auto_points for outcome in outcomes if outcome.auto_points is not None]
    if points:
        said.append(f"mean {sum(points) / len(points):.2f} of {outcomes[0].auto_possible:g}")
    said.append(f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min")
    if states["graded"]:
        said.append(f"{60 * states['graded'] / seconds:.0f} submissions per minute")
    return ", ".join(said)

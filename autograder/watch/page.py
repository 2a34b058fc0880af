"""The instructor's page: what waits, what is in work, what is back, and what went wrong. It needs no server.

The browser reads the file again every few seconds; it is written whole, and only where something has changed.
"""

import os
import statistics
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path

from autograder.report_page import section, table
from autograder.terminal import visible
from autograder.watch.turns import Job
from course_lib.paths import write_atomically

EVERY = 2.0  # seconds between two versions at least, and after which a browser looks again
ROWS = 200
MOST_WRONG = 1000
TIMED = 1000  # times from arrival to feedback that the figures are made of
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{every:g}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; }}
body {{ max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.6rem; margin: 0; }} h2 {{ font-size: 1.15rem; margin: 2rem 0 .4rem; }}
p {{ margin: .3rem 0; }} .quiet {{ color: #666; }} .wrong {{ color: #a40000; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0; }}
th, td {{ border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }}
th {{ font-weight: 600; border-bottom-color: #222; }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
</style></head><body>
<h1>{title}</h1>
{sections}
</body></html>
"""


@dataclass(frozen=True)
class Back:
    """A submission that is back: its points by tests, seconds from arrival to feedback, when that was."""

    student: str
    assignment: str
    points: str
    seconds: float
    at: str


@dataclass
class Board:
    """What the page shows. `wrong` has by name what could not be taken, graded or returned."""

    waiting: list[Job] = field(default_factory=list)
    in_work: list[Job] = field(default_factory=list)
    held: list[Job] = field(default_factory=list)
    back: deque[Back] = field(default_factory=lambda: deque(maxlen=ROWS))
    wrong: dict[str, str] = field(default_factory=dict)
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=TIMED))
    returned: int = 0
    longest: int = 0
    trouble: str = ""
    ended: str = ""
    files: dict[str, Path] = field(default_factory=dict)

    def note(self, name: str, reason: str, file: Path | None = None) -> None:
        """Something is not in order, because of `file` if that is given; of very many, the last are kept."""
        self.wrong[name] = reason
        if file is not None:
            self.files[name] = file
        while len(self.wrong) > MOST_WRONG:
            oldest = next(iter(self.wrong))
            del self.wrong[oldest]
            self.files.pop(oldest, None)

    def forget_what_is_gone(self) -> None:
        """Files that somebody has removed are no longer out of order."""
        for name, file in list(self.files.items()):
            if not os.path.lexists(file):
                del self.files[name]
                self.wrong.pop(name, None)

    def sections(self) -> str:
        """The page below its title."""
        now = time.monotonic()
        waiting = ([job.student, job.assignment, _for(now - job.arrived)] for job in self.waiting)
        work = ([job.student, job.assignment, _for(now - job.arrived)] for job in self.in_work)
        held = ([job.student, job.assignment] for job in self.held)
        back = (
            [each.student, each.assignment, each.points, f"{each.seconds:.1f}", each.at]
            for each in reversed(self.back)
        )
        parts = [
            self._summary(),
            _part("Not in order", ["what", "why"], self.wrong.items(), len(self.wrong)),
            _part("In work", ["student", "assignment", "since it came"], work, len(self.in_work)),
            _part("Waiting", ["student", "assignment", "since it came"], waiting, len(self.waiting)),
            _part("Held back by the limit of attempts", ["student", "assignment"], held, len(self.held)),
            _part("Back", ["student", "assignment", "tests", "seconds", "at"], back, self.returned),
        ]
        return "\n".join(part for part in parts if part)

    def _summary(self) -> str:
        state = f"<p class=wrong>{escape(self.trouble)}</p>" if self.trouble else ""
        state += f"<p class=wrong>{escape(self.ended)}</p>" if self.ended else ""
        said = f"{len(self.waiting)} waiting (at most {self.longest} so far), {len(self.in_work)} in work"
        said += f", {self.returned} back"
        if self.seconds:
            times = sorted(self.seconds)
            slow = times[min(len(times) - 1, int(0.95 * len(times)))]
            said += f"; from arrival to feedback {statistics.median(times):.1f} s in the median"
            said += f", 95 % within {slow:.1f} s"
        return f"{state}<p>{said}.</p>"


def _part(title: str, heads: list[str], rows: Iterable[Iterable[str]], count: int) -> str:
    if not count:
        return ""
    shown = [[escape(visible(text)) for text in row] for row, _ in zip(rows, range(ROWS), strict=False)]
    more = f"<p class=quiet>and {count - len(shown)} more</p>" if count > len(shown) else ""
    return section(f"{title} ({count})", table(heads, shown) + more)


def _for(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


class Shown:
    """The file of the page."""

    def __init__(self, path: Path):
        self.path = path
        self._written, self._text = float("-inf"), ""

    def show(self, board: Board, at_once: bool = False) -> None:
        """Write the page, unless that was just done or it would say the same."""
        if not at_once and time.monotonic() < self._written + EVERY:
            return
        text = board.sections()
        if text != self._text:
            written = f"<p class=quiet>Changed {datetime.now().astimezone():%Y-%m-%d %H:%M:%S %Z}</p>"
            page = PAGE.format(title="Handed in and on its way back", sections=text + written, every=EVERY)
            write_atomically(self.path, page)
            self._text = text
        self._written = time.monotonic()

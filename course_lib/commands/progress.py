"""Where a student stands: a row for each notebook, of what was checked, seen, handed in and marked."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from course_lib.commands import due, returned, submission, workspace
from course_lib.commands.slips import Slip
from course_lib.errors import UserError
from course_lib.paths import write_atomically

RECORD = ".checked.json"  # in the workspace: what ./course check last said of each notebook
EFFECT = re.compile(r"\b(?:assert|report)_effect\(")
HEADS = ("notebook", "due", "visible tests", "effects seen", "handed in", "came back")


@dataclass(frozen=True)
class Checked:
    """What the visible tests gave, and whether the notebook has been changed since."""

    points: float
    possible: float
    changed: bool


@dataclass(frozen=True)
class HandedIn:
    """The newest zip in the workspace: its notebook's SHA-256, and whether it was changed since."""

    sha256: str
    submitted: datetime
    changed: bool


@dataclass(frozen=True)
class Row:
    """One assignment. `seen` of `effects` is None for a notebook that is not in the workspace yet."""

    assignment: str
    title: str
    link: str
    due: datetime | None
    checked: Checked | None
    seen: int | None
    effects: int
    handed_in: HandedIn | None
    returned: Slip | None


def rows() -> list[Row]:
    """A row for each assignment, in order. Nothing is run: checks are those that were made before."""
    dates, checks = due.due_dates(), _checks()
    return [_row(name, dates.get(name), checks.get(name)) for name in workspace.assignments()]


def record_check(assignment: str, notebook: bytes, points: float, possible: float) -> None:
    """Keep what the visible tests gave for the notebook as it is now."""
    checks = _checks() | {assignment: {"work": work(notebook), "points": points, "possible": possible}}
    write_atomically(workspace.folder() / RECORD, json.dumps(checks, indent=1, sort_keys=True))


def work(notebook: bytes) -> str:
    """SHA-256 of the cells' text alone: running a notebook changes its file, and not the work in it."""
    try:
        cells = json.loads(notebook)["cells"]
        written = [[cell["cell_type"], "".join(cell["source"])] for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return hashlib.sha256(json.dumps(written).encode()).hexdigest()


def _row(name: str, date: datetime | None, check: dict | None) -> Row:
    shipped = workspace.shipped(name)
    mine = workspace.folder() / name / shipped.name
    data = mine.read_bytes() if mine.is_file() else None
    return Row(
        assignment=name,
        title=workspace.title(shipped),
        link=workspace.link(name),
        due=date,
        checked=None if check is None or data is None else _checked(check, work(data)),
        seen=None if data is None else _effects_seen(mine.parent / "effects"),
        effects=len(EFFECT.findall("\n".join(_code(shipped.read_bytes())))),
        handed_in=_handed_in(name, data),
        returned=returned.newest(name),
    )


def _checked(check: dict, now: str) -> Checked:
    return Checked(check["points"], check["possible"], check["work"] != now)


def _code(notebook: bytes) -> list[str]:
    cells = json.loads(notebook)["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def _effects_seen(folder: Path) -> int:
    """How many effects were measured and came out as the text says; a report only has to be made."""
    verdicts = []
    for path in folder.glob("*.json"):
        try:
            verdicts.append(json.loads(path.read_text("utf-8"))["verdict"])
        except (OSError, ValueError, KeyError, TypeError):  # half copied, or something else of that name
            continue
    return sum(verdict in ("seen", "reported") for verdict in verdicts)


def _handed_in(name: str, data: bytes | None) -> HandedIn | None:
    found = []
    for path in workspace.folder().glob(f"{name}-*.zip"):
        try:
            packed = submission.read(path)
        except UserError:
            continue
        if packed.assignment == name:
            found.append(packed)
    if not found:
        return None
    last = max(found, key=lambda packed: packed.submitted)
    changed = data is not None and work(last.data) != work(data)
    return HandedIn(last.sha256, last.submitted, changed)


def _checks() -> dict[str, dict]:
    """assignment -> its last check; what is damaged is as if it had not been checked."""
    try:
        found = json.loads((workspace.folder() / RECORD).read_text("utf-8"))
        return {
            name: check
            for name, check in found.items()
            if all(isinstance(check[key], int | float) for key in ("points", "possible"))
            and isinstance(check["work"], str)
        }
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return {}


def texts(row: Row) -> Sequence[str]:
    """The row in words, one for each of HEADS; "" for what is not there."""
    now = datetime.now(UTC)
    checked = handed_in = ""
    if row.checked:
        checked = f"{row.checked.points:g} of {row.checked.possible:g} points"
        checked += ", changed since" if row.checked.changed else ""
    if row.handed_in:
        handed_in = f"{due.shown(row.handed_in.submitted)}, SHA-256 {row.handed_in.sha256[:8]}"
        if row.due:
            handed_in += f", {due.compared(row.handed_in.submitted, row.due)}"
        handed_in += ", changed since" if row.handed_in.changed else ""
    date = ""
    if row.due:
        date = f"{due.shown(row.due)}, " + (f"in {due.duration(row.due - now)}" if now < row.due else "over")
    seen = f"{min(row.seen, row.effects)} of {row.effects}" if row.seen else ""
    return row.title, date, checked, seen, handed_in, _came_back(row.returned)


def _came_back(slip: Slip | None) -> str:
    if slip is None:
        return ""
    told = [test for test in slip.tests if test.points is not None]
    points = sum(test.points for test in told) + (slip.hidden or 0.0)
    possible = sum(test.possible for test in told) + (0.0 if slip.hidden is None else slip.hidden_possible)
    later = ["hidden tests"] * (slip.hidden is None and slip.hidden_possible > 0) + ["words"] * slip.marking
    return f"{points:g} of {possible:g} points" + (f"; later: {', '.join(later)}" if later else "")


def print_progress() -> None:
    """Print the rows of all notebooks; columns in which nothing stands are left out."""
    from rich.console import Console
    from rich.table import Table

    found = [texts(row) for row in rows()]
    filled = [place for place in range(len(HEADS)) if any(row[place] for row in found)]
    table = Table(*(HEADS[place] for place in filled), box=None, pad_edge=False)
    for row in found:
        table.add_row(*(row[place].replace("[", r"\\[") for place in filled))
    console = Console(highlight=False)
    console.print(table)
    if all(row[2] == "" for row in found):
        console.print("No notebook was checked yet: ./course check ASSIGNMENT runs its visible tests.")

"""When assignments are due, as the gradebook had it when the student versions were made."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from course_lib.paths import ROOT, write_atomically

FILE = "due_dates.json"
FORMAT = "%Y-%m-%dT%H:%M:%SZ"
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))  # seconds


def due_dates() -> dict[str, datetime]:
    """assignment -> when it is due, in UTC; those without a due date are absent.

    In the student edition the file lies beside the notebooks, in the instructor's course beside the student
    versions. One that is missing or damaged is as good as none: nothing depends on it but what is shown.
    """
    for folder in ("notebooks", "release"):
        try:
            written = json.loads((ROOT / folder / FILE).read_text("utf-8"))
            return {
                str(name): datetime.strptime(date, FORMAT).replace(tzinfo=UTC)
                for name, date in written.items()
            }
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            continue
    return {}


def write_due_dates(folder: Path, dates: dict[str, datetime]) -> Path:
    """Write dates in UTC into `folder`; returns the file."""
    text = json.dumps({name: f"{date:{FORMAT}}" for name, date in sorted(dates.items())}, indent=1)
    return write_atomically(folder / FILE, text + "\n")


def shown(moment: datetime) -> str:
    """A time where this machine stands, with the name of its zone: a hub's zone may not be the student's."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M %Z}"


def compared(submitted: datetime, due: datetime) -> str:
    """How far from the due date something was handed in: "2 days 3 hours early", or late."""
    apart = submitted - due
    return f"{duration(abs(apart))} {'late' if apart > timedelta() else 'early'}"


def duration(span: timedelta) -> str:
    """A span in its two largest units: "2 days 3 hours"; below a minute, "less than a minute"."""
    rest, words = int(span.total_seconds()), []
    for seconds, unit in UNITS:
        count, rest = divmod(rest, seconds)
        if count:
            words.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return " ".join(words[:2]) or "less than a minute"

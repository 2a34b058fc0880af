"""When a submission was handed in, as the file timestamp.txt beside it says."""

import re
from datetime import datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.handed_in import NotReadable, read_below

NAME = "timestamp.txt"
# nbgrader's release_feedback names a page by it, so that only who has it finds the page in the exchange.
SECRET = "submission_secret.txt"
# Time zones by their names only: a library looks for one in files, wherever a path in it leads.
WRITTEN = re.compile(r"[A-Za-z0-9:.+-]{1,40}( [A-Za-z0-9:.+-]{1,40}){0,2}")


def handed_in_at(submitted: Path, student: str, assignment: str) -> datetime | None:
    """The time in UTC, without a time zone; None where there is no file of one, or no time in it."""
    try:
        text = read_below(submitted, student, assignment, NAME).decode("ascii").strip()
        return parse_utc(text) if WRITTEN.fullmatch(text) else None
    except (NotReadable, ValueError, OverflowError, TypeError):
        return None

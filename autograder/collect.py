"""Submissions from zips into submitted/STUDENT/ASSIGNMENT, each verified, none trusted."""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autograder.course import Course
from course_lib.commands import submission
from course_lib.commands.submission import RECEIPT, Submission
from course_lib.errors import UserError

EARLIER = ".earlier"  # hidden from nbgrader's search for students
CLOCK_ERROR = timedelta(days=1)


@dataclass(frozen=True)
class Collected:
    """What became of one zip: new, replaced, earlier, unchanged or refused; `detail` says more."""

    path: Path
    outcome: str
    detail: str


def zips(paths: list[Path]) -> list[Path]:
    """The zips among `paths`, those in folders and their subfolders included.

    Raises UserError when a path does not exist or a folder holds no zip.
    """
    found = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() == ".zip")
            if not inside:
                raise UserError(f"{path} holds no zip; download the submissions of ./course submit into it.")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise UserError(f"There is no file or folder {path}.")
    return found


def collect(course: Course, path: Path, now: datetime | None = None) -> Collected:
    """Take one zip in, or refuse it; never raises for what is wrong with a submission."""
    try:
        if path.is_symlink():
            raise UserError(f"{path}: is a link, not a file.")
        received = submission.read(path)
        check(course, path, received, now or datetime.now(UTC))
    except UserError as error:
        return Collected(path, "refused", str(error))
    outcome = store(course.root / "submitted", received)
    return Collected(path, outcome, f"{received.student}, {received.assignment}")


def check(course: Course, path: Path, received: Submission, now: datetime) -> None:
    """Raises UserError unless the submission is one for an assignment of this course, made before now."""
    try:
        wanted = course.source(received.assignment).name
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    if received.notebook != wanted:
        raise UserError(f"{path}: holds {received.notebook!r}, {received.assignment} wants {wanted!r}.")
    # A later time would hide every resubmission behind it.
    if received.submitted > now + CLOCK_ERROR:
        raise UserError(f"{path}: was submitted at {received.submitted:%Y-%m-%d %H:%M} UTC, in the future.")


def store(submitted: Path, received: Submission) -> str:
    """Write one submission; returns what that did (see Collected).

    The newest is in submitted/STUDENT/ASSIGNMENT, older ones are kept in
    submitted/.earlier/STUDENT/ASSIGNMENT/TIME-SHA256.
    """
    place = submitted / received.student / received.assignment
    aside = submitted / EARLIER / received.student / received.assignment
    mine = label(received.submitted, received.sha256)
    if (aside / mine).exists():
        return "unchanged"
    current = current_label(place)
    if current == mine:
        return "unchanged"
    if current is not None and current > mine:
        write(aside / mine, received)
        return "earlier"
    if place.exists():
        aside.mkdir(parents=True, exist_ok=True)
        os.replace(place, aside / (current or f"unknown-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"))
    write(place, received)
    return "new" if current is None else "replaced"


def label(time: datetime, sha256: str) -> str:
    """The name of an attempt; labels sort by time."""
    return f"{time:%Y%m%dT%H%M%SZ}-{sha256[:12]}"


def current_label(place: Path) -> str | None:
    """The label of the submission in `place`; None when there is none or it was not put there by collect."""
    try:
        receipt = json.loads((place / RECEIPT).read_text("utf-8"))
        time = datetime.strptime(receipt["submitted"], submission.TIME_FORMAT)
    except (OSError, ValueError, KeyError):
        return None
    return label(time, receipt["sha256"])


def write(folder: Path, received: Submission) -> None:
    """Make `folder` with notebook, receipt and nbgrader's timestamp.txt, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        (temporary / received.notebook).write_bytes(received.data)
        (temporary / RECEIPT).write_bytes(received.receipt)
        (temporary / "timestamp.txt").write_text(f"{received.submitted:%Y-%m-%d %H:%M:%S} UTC\n")
        temporary.chmod(0o755)
        os.replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise

"""Submissions from zips into submitted/STUDENT/ASSIGNMENT, each verified, none trusted."""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autograder import timestamps
from autograder.course import Course
from autograder.handed_in import NotReadable, read_below
from autograder.limited import READING, Failed, ask
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
    """The zips among `paths`, those in folders and their subfolders included; links are named, not followed.

    Raises UserError when a path does not exist or a folder holds no zip.
    """
    found = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                Path(folder, name)
                for folder, folders, files in os.walk(path)
                for name in (*folders, *files)
                if name.lower().endswith(".zip")
            )
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
        received = read(path)
        check(course, path, received, now or datetime.now(UTC))
        outcome = store(course.root / "submitted", received)
    except UserError as error:
        return Collected(path, "refused", str(error))
    except OSError as error:
        return Collected(path, "refused", f"{path}: cannot be stored ({error.strerror}: {error.filename}).")
    return Collected(path, outcome, f"{received.student}, {received.assignment}")


def read(path: Path) -> Submission:
    """The submission in a zip, which a limited process reads. Raises UserError with the file's name."""
    try:
        return checked(ask(READING, unpack, path))
    except (Failed, UserError) as error:
        raise UserError(f"{path}: {str(error).rstrip('.')}.") from error


def unpack(path: Path) -> list:
    """In a limited process: the parts of a submission, the time as in the receipt.

    Raises UserError, NotReadable: it is a link, a pipe, or too large.
    """
    most = submission.NOTEBOOK_LIMIT + submission.RECEIPT_LIMIT
    found = submission.unpacked(read_below(path.parent, path.name, most=most))
    time = f"{found.submitted:{submission.TIME_FORMAT}}"
    return [found.assignment, found.notebook, found.sha256, time, found.student, found.course_version,
            found.data, found.receipt]  # fmt: skip


def checked(parts) -> Submission:
    """The submission of these parts. Raises UserError unless each is what it should be."""
    match parts:
        case [str(assignment), str(notebook), str(sha256), str(time), str(student), str(version), bytes(data),
              bytes(receipt)] if (
            submission.ASSIGNMENT.fullmatch(assignment)
            and submission.NOTEBOOK_NAME.fullmatch(notebook)
            and hashlib.sha256(data).hexdigest() == sha256
            and len(receipt) <= submission.RECEIPT_LIMIT
        ):  # fmt: skip
            submitted = datetime.strptime(time, submission.TIME_FORMAT).replace(tzinfo=UTC)
            student = submission.checked_student(student)
            return Submission(assignment, notebook, sha256, submitted, student, version, data, receipt)
    raise UserError("the process that read it sent something else than a submission")


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
    submitted/.earlier/STUDENT/ASSIGNMENT/TIME-SHA256. Raises UserError where a link would lead elsewhere.
    """
    place = submitted / received.student / received.assignment
    aside = submitted / EARLIER / received.student / received.assignment
    for folder in (place.parent, aside.parents[1], aside.parent, aside):
        if folder.is_symlink():
            raise UserError(f"{folder} is a link; remove it, and collect again.")
    mine = label(received.submitted, received.sha256)
    if (aside / mine).exists():
        return "unchanged"
    current = current_label(place)
    if current == mine:
        return "unchanged"
    if current is not None and current > mine:
        write(aside / mine, received)
        return "earlier"
    if os.path.lexists(place):
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
        receipt = json.loads(read_below(place.parents[1], *place.parts[-2:], RECEIPT))
        return label(datetime.strptime(receipt["submitted"], submission.TIME_FORMAT), receipt["sha256"])
    except (NotReadable, ValueError, KeyError, TypeError, RecursionError):
        return None


def write(folder: Path, received: Submission) -> None:
    """Make `folder` with notebook, receipt and nbgrader's timestamp.txt, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        (temporary / received.notebook).write_bytes(received.data)
        (temporary / RECEIPT).write_bytes(received.receipt)
        (temporary / timestamps.NAME).write_text(f"{received.submitted:%Y-%m-%d %H:%M:%S} UTC\n")
        temporary.chmod(0o755)
        os.replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise

"""Submissions from downloads into submitted/STUDENT/ASSIGNMENT, each verified, none trusted."""

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autograder import loose, timestamps
from autograder.course import Course
from autograder.downloads import Found, found_in
from autograder.handed_in import NotReadable, read_below
from autograder.limited import READING, Failed, ask
from autograder.platforms import People, is_another
from course_lib.commands import submission
from course_lib.commands.submission import RECEIPT, Submission
from course_lib.errors import UserError

EARLIER = ".earlier"  # hidden from nbgrader's search for students
CLOCK_ERROR = timedelta(days=1)


@dataclass(frozen=True)
class Collected:
    """What became of one file: new, replaced, earlier, unchanged, refused or ignored; `detail` says more.

    `received` is the submission, without its bytes, where it could be read. With `again`, it was refused for
    what is no fault of its own, and may be taken another time.
    """

    shown: str
    outcome: str
    detail: str
    received: Submission | None = None
    again: bool = False


def collect(
    course: Course,
    paths: list[Path],
    student: str | None = None,
    now: datetime | None = None,
    also: Callable[[Submission], None] = lambda received: None,
) -> list[Collected]:
    """Take in all that lies under `paths`, or refuse it; never raises for what is wrong with a submission.

    `student` says whose the one file in `paths` is, whatever it says itself. `also` is asked before a
    submission is taken, and raises UserError to refuse it. Where one id comes from several people of the
    learning platform, none of them is taken. Raises UserError for paths that cannot be meant.
    """
    now = now or datetime.now(UTC)
    people = People(course.root / "submitted")
    with found_in(paths) as files:
        if student is not None:
            student = submission.of_one_person(student)
            if len(works := [file for file in files if file.kind in ("submission", "notebook")]) > 1:
                raise UserError(
                    f"--student says whose one file is, and here are {len(works)}; give them one by one."
                )
        desk = _Desk(course, people, student, now, also)
        looked = [(file, desk.look(file)) for file in files]
        desk.tell_apart([known for _, known in looked if isinstance(known, _Known)])
        results = [desk.take(file, known) for file, known in looked]
        people.save()
    return results


@dataclass
class _Known:
    """A submission before it is taken in; without its bytes, since a whole class has many."""

    file: Found
    student: str
    assignment: str
    sha256: str
    refused: str = ""


class _Desk:
    """Looks at all files before any is taken: two people may be one id in the same download."""

    def __init__(self, course: Course, people: People, student: str | None, now: datetime, also: Callable):
        self._course, self._people, self._student, self._now = course, people, student, now
        self._also = also

    def look(self, file: Found) -> _Known | Collected:
        """What the file is, or why it is refused or ignored."""
        if file.kind == "litter":
            return Collected(file.shown, "ignored", file.shown)
        if not file.kind:
            return _refused(file, file.reason)
        received = None
        try:
            received = self._read(file)
            check(self._course, received, self._now)
        except UserError as error:
            return _refused(file, str(error), received)
        return _Known(file, received.student, received.assignment, received.sha256)

    def tell_apart(self, known: list[_Known]) -> None:
        """Refuse all files of an id that comes from two people of the platform, here or in earlier downloads.

        Left alone are files of which the instructor has said whose they are.
        """
        named = [each for each in known if each.file.person is not None and not self._is_decided(each)]
        by_student: dict[str, list[_Known]] = {}
        for each in named:
            by_student.setdefault(each.student, []).append(each)
        for each in named:
            person, assignment = each.file.person, each.assignment
            others = self._people.others(each.student, assignment, person)
            others += [
                other.file.person
                for other in by_student[each.student]
                if is_another(person, assignment, other.file.person, other.assignment)
            ]
            if others:
                names = ", ".join(dict.fromkeys(map(str, [person, *others])))
                each.refused = (
                    f"the id {each.student!r} comes from several people: {names}; find out who it is, then "
                    "./course collect --student ID FILE takes this file for that id"
                )

    def _is_decided(self, known: _Known) -> bool:
        if self._student is not None:
            return True
        return self._people.decided(known.assignment, known.file.person) is not None

    def take(self, file: Found, known: "_Known | Collected") -> Collected:
        """Store what was looked at."""
        if isinstance(known, Collected):
            return known
        if known.refused:
            return _refused(file, known.refused)
        received = None
        try:
            received = self._read(file)
            if received.sha256 != known.sha256:
                raise UserError("it was changed while it was read; collect it again")
            check(self._course, received, self._now)
            self._also(received)
            # A notebook without a receipt counts from when its file was written, and each download writes it.
            again = file.kind == "notebook" and is_kept(self._course.root / "submitted", received)
            outcome = "unchanged" if again else store(self._course.root / "submitted", received)
        except UserError as error:
            return _refused(file, str(error), received)
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            return _refused(file, f"cannot be stored ({error.strerror}{where})", again=True)
        if file.person is not None:
            is_decided = self._student is not None
            self._people.note(received.student, received.assignment, file.person, is_decided)
        detail = f"{received.student}, {received.assignment}"
        detail = detail if outcome == "new" else f"{detail} ({file.shown})"
        return Collected(file.shown, outcome, detail, replace(received, data=b""))

    def _read(self, file: Found) -> Submission:
        if file.kind == "notebook":
            received = loose.read(self._course, file, self._student)
        else:
            received = read(file.path, self._student)
        if self._student is None and (student := self._people.decided(received.assignment, file.person)):
            received = replace(received, student=student)
        return received


def _refused(file: Found, reason: str, received: Submission | None = None, again: bool = False) -> Collected:
    received = received and replace(received, data=b"")
    return Collected(file.shown, "refused", f"{file.shown}: {reason.rstrip('.')}.", received, again)


def read(path: Path, student: str | None = None) -> Submission:
    """The submission in a zip, which a limited process reads; by `student`, if that is given."""
    try:
        return checked(ask(READING, unpack, path, student))
    except Failed as error:
        advice = "; ./course collect --student ID FILE takes it all the same"
        raise UserError(str(error) + (advice if submission.SHARED in str(error) else "")) from error


def unpack(path: Path, student: str | None) -> list:
    """In a limited process: the parts of a submission, the time as in the receipt.

    Raises UserError, NotReadable: it is a link, a pipe, or too large.
    """
    most = submission.NOTEBOOK_LIMIT + submission.RECEIPT_LIMIT
    found = submission.unpacked(read_below(path.parent, path.name, most=most), student)
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


def check(course: Course, received: Submission, now: datetime) -> None:
    """Raises UserError unless the submission is one for an assignment of this course, made before now."""
    wanted = course.source(received.assignment).name
    if received.notebook != wanted:
        raise UserError(f"holds {received.notebook!r}, {received.assignment} wants {wanted!r}")
    # A later time would hide every resubmission behind it.
    if received.submitted > now + CLOCK_ERROR:
        raise UserError(f"was submitted at {received.submitted:%Y-%m-%d %H:%M} UTC, in the future")


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


def is_kept(submitted: Path, received: Submission) -> bool:
    """Whether the very notebook was taken from this student before, at whatever time."""
    place = submitted / received.student / received.assignment
    aside = submitted / EARLIER / received.student / received.assignment
    kept = [current_label(place) or "", *(os.listdir(aside) if aside.is_dir() else ())]
    return any(each.endswith(f"-{received.sha256[:12]}") for each in kept)


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
    """Make `folder` with notebook, receipt, and nbgrader's time and secret, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        (temporary / received.notebook).write_bytes(received.data)
        (temporary / RECEIPT).write_bytes(received.receipt)
        (temporary / timestamps.NAME).write_text(f"{received.submitted:%Y-%m-%d %H:%M:%S} UTC\n")
        (temporary / timestamps.SECRET).write_text(received.secret or secrets.token_hex(64))
        temporary.chmod(0o755)
        os.replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise

"""The step that returns: a page and a slip where the student finds them, and the page in nbgrader's exchange.

The slip comes last: a student who finds one that says "back" finds the rest, and what was killed before it is
returned once more.
"""

import dataclasses
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime

from autograder import journal
from autograder.collect import EARLIER
from autograder.course import Course
from autograder.feedback import feedback_page
from autograder.handed_in import NotReadable, read_below
from autograder.journal import GRADED, Entry
from autograder.preprocessors.hide_tests import is_hidden
from autograder.released import Released, find_released
from autograder.watch.exchange import Exchange
from autograder.watch.settings import AFTER_DUE, ALWAYS, Watch, settings
from autograder.watch.turns import Job
from course_lib.commands import drop, slips
from course_lib.commands.slips import Slip, Told
from course_lib.commands.submission import RECEIPT
from course_lib.errors import UserError
from course_lib.paths import write_atomically

UNMARKED = "What a person marks, such as answers in words, counts as 0 on this page until it is marked."
MOST_WORDS = 2000  # characters of what a test said, on a slip


class Returns:
    """What goes back to students, below the drop folder."""

    def __init__(self, course: Course, chosen: Watch, exchange: Exchange):
        self._course, self._settings, self._exchange = course, chosen, exchange
        self._place = chosen.drop_folder(course)
        self.inbound, self.feedback = self._place / drop.INBOUND, self._place / drop.FEEDBACK

    def make_folders(self) -> None:
        """The drop folder: everyone may put something in, and nobody sees or touches what is another's."""
        for folder, mode in ((self.inbound, 0o1733), (self.feedback, 0o711)):
            if not folder.is_dir():
                folder.mkdir(parents=True)
                folder.chmod(mode)

    def slip(self, ticket: str) -> Slip | None:
        """What was said last of a hand-in; None for nothing, or a file that is damaged."""
        try:
            return slips.read(self.feedback, ticket)
        except UserError:
            return None

    def say(self, job: Job, state: str, said: str = "") -> None:
        """Tell the student where a hand-in stands."""
        slip = Slip(job.assignment, job.sha256, job.submitted, state, said, _now())
        self._write(job.ticket, slip)

    def give_back(self, job: Job, entry: Entry, released: Released, due: datetime | None) -> None:
        """Return what the journal says of a submission. Raises UserError where there can be no page."""
        if entry.state != GRADED:
            self.say(job, slips.FAILED, entry.reason)
            return
        until = self.until(due)
        slip = slip_of(job, entry, released, told=not until)
        note = UNMARKED if slip.marking else ""
        if reason := feedback_page(self._course, job.assignment, job.student, until, note):
            raise UserError(f"no feedback for {job.student}, {job.assignment}: {reason}")
        self.bring(job, slip)

    def bring(self, job: Job, slip: Slip) -> None:
        """Copy the page of feedback/ to where the student finds it, and then the slip."""
        stem = self._course.source(job.assignment).stem
        page = self._course.root / "feedback" / job.student / job.assignment / f"{stem}.html"
        write_atomically(self.feedback / (job.ticket + slips.PAGE), page.read_bytes())
        self._exchange.release(job.assignment, job.student)
        self._write(job.ticket, slip)

    def until(self, due: datetime | None) -> str:
        """When the points of hidden tests are told, in words; "" when that is now."""
        setting = self._settings.hidden
        if setting == ALWAYS or (setting == AFTER_DUE and due is not None and due < datetime.now(UTC)):
            return ""
        if setting == AFTER_DUE and due is not None:
            return f"after {due:%Y-%m-%d %H:%M} UTC"
        return "when your instructor returns them"

    def _write(self, ticket: str, slip: Slip) -> None:
        path = self.feedback / (ticket + slips.SLIP)
        write_atomically(path, slips.written(slip))


def slip_of(job: Job, entry: Entry, released: Released, told: bool) -> Slip:
    """The slip of a graded submission: what visible tests said, and the points of hidden ones when told."""
    tests, hidden, possible, marking = [], 0.0, 0.0, False
    for cell in released.assignment.cells:
        if not cell.metadata.get("grade"):
            continue
        if cell.name not in entry.points:
            marking |= bool(entry.answered and entry.answered.get(cell.name))
            continue
        points, most = entry.points[cell.name], float(cell.metadata.get("points") or 0.0)
        marking |= points is None
        if is_hidden(cell.source):
            hidden, possible = hidden + (points or 0.0), possible + most
        else:
            tests.append(Told(cell.name, points, most, entry.messages.get(cell.name, "")[:MOST_WORDS]))
    return Slip(
        assignment=job.assignment,
        notebook_sha256=job.sha256,
        submitted=job.submitted,
        state=slips.BACK,
        at=_now(),
        tests=tests,
        hidden=hidden if told else None,
        hidden_possible=possible,
        marking=marking,
        tests_sha256=released.tests_sha256,
    )


def bring_all(course: Course, assignment: str, students: list[str], unmarked: list[str]) -> int:
    """Bring the pages of ./course feedback to those whom watch has served; how many. All points are told."""
    chosen = settings(course)
    returns, released = Returns(course, chosen, Exchange(course)), find_released(course, assignment)
    entries = {entry.key: entry for entry in journal.read(course, assignment)}
    brought = 0
    for student in students:
        job = handed_in(course, student, assignment)
        if job is None or returns.slip(job.ticket) is None:
            continue
        entry = entries.get((student, assignment, job.sha256, released.tests_sha256))
        if entry is not None and entry.state == GRADED:
            slip = slip_of(job, entry, released, told=True)
            returns.bring(job, dataclasses.replace(slip, marking=student in unmarked))
            brought += 1
    return brought


def handed_in(course: Course, student: str, assignment: str) -> Job | None:
    """The submission that lies in submitted/, as its receipt has it; None without a receipt."""
    return _receipt_of(course, student, assignment, student, assignment)


def earlier(course: Course, student: str, assignment: str) -> Iterator[Job]:
    """The submissions that a newer one has put aside, as their receipts have them."""
    place = course.root / "submitted" / EARLIER / student / assignment
    for name in sorted(os.listdir(place)) if place.is_dir() else ():
        if job := _receipt_of(course, student, assignment, EARLIER, student, assignment, name):
            yield job


def _receipt_of(course: Course, student: str, assignment: str, *place: str) -> Job | None:
    try:
        receipt = read_below(course.root / "submitted", *place, RECEIPT)
        claims = json.loads(receipt)
        digest, submitted = claims["sha256"], claims["submitted"]
    except (NotReadable, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not (isinstance(digest, str) and isinstance(submitted, str)):
        return None
    return Job(student, assignment, slips.ticket(receipt), digest, submitted)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"

"""The step that collects: what has arrived goes to submitted/, as ./course collect puts it there."""

import os
import pwd
import stat
from collections.abc import Callable, Container
from dataclasses import replace
from datetime import UTC, datetime

from autograder import collect as collecting
from autograder.collect import Collected
from autograder.course import Course
from autograder.watch.arrivals import Arrival
from autograder.watch.exchange import Exchange
from autograder.watch.settings import Watch
from course_lib.commands.submission import Submission
from course_lib.errors import UserError


class Busy(Exception):
    """An earlier submission of the same student and assignment, `key`, is in work; this one waits for it."""

    def __init__(self, key: tuple[str, str]):
        super().__init__(key)
        self.key = key


class Intake:
    """Takes submissions of `assignments`; `busy` holds (student, assignment) of what is in work."""

    def __init__(
        self,
        course: Course,
        settings: Watch,
        exchange: Exchange,
        assignments: list[str],
        busy: Container[tuple[str, str]],
    ):
        self._course, self._settings, self.exchange = course, settings, exchange
        self._assignments, self.busy = assignments, busy

    def from_drop(self, arrival: Arrival) -> list[Collected]:
        """What became of a file of the drop folder. Raises Busy."""
        if stat.S_ISDIR(os.lstat(arrival.path).st_mode):
            return [_refused(arrival, "a folder; only files are taken from here")]
        return collecting.collect(self._course, [arrival.path], also=self._check(arrival))

    def from_exchange(self, arrival: Arrival) -> list[Collected]:
        """What became of a folder of the exchange. Raises Busy."""
        received = None
        try:
            received = self.exchange.read(arrival.path)
            collecting.check(self._course, received, datetime.now(UTC))
            self._check(arrival)(received)
            outcome = collecting.store(self._course.root / "submitted", received)
        except UserError as error:
            return [_refused(arrival, str(error), received)]
        except OSError as error:
            return [replace(_refused(arrival, f"cannot be stored ({error.strerror})"), again=True)]
        detail = f"{received.student}, {received.assignment}"
        return [Collected(str(arrival.path), outcome, detail, replace(received, data=b""))]

    def _check(self, arrival: Arrival) -> Callable[[Submission], None]:
        account = _account(arrival.owner)

        def check(received: Submission) -> None:
            if received.assignment not in self._assignments:
                raise UserError(
                    f"{received.assignment} is not taken here; hand it in as your course tells you"
                )
            wanted = self._settings.wants(received.student)
            if account and wanted and account != wanted:
                raise UserError(
                    f"it names the student {received.student!r}, and the account {account!r} handed it in"
                )
            if (key := (received.student, received.assignment)) in self.busy:
                raise Busy(key)

        return check


def _account(owner: int) -> str:
    """The name of an account, "" of the instructor's own and root: what they bring may be anyone's."""
    if owner in (0, os.geteuid()):
        return ""
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return f"number {owner}"


def _refused(arrival: Arrival, reason: str, received: Submission | None = None) -> Collected:
    shown = str(arrival.path)
    return Collected(
        shown, "refused", f"{shown}: {reason.rstrip('.')}.", received and replace(received, data=b"")
    )

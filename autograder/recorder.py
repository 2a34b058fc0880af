"""The one writer of results: journal first, then gradebook, then the executed notebook in autograded/.

Whatever stops it between two of these steps, the next command finds in the journal what is still to be done.
"""

import contextlib
import hashlib
import logging
import os
import shutil
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from autograder import journal, timestamps
from autograder.batch import Answer, Task, read_submission, sha256
from autograder.course import Course
from autograder.engine import digest
from autograder.grade_log import actor
from autograder.handed_in import NotReadable, read_below
from autograder.journal import ABANDONED, FAILED, GRADED, Entry
from autograder.released import Released
from autograder.rows import Marked, Rows, Standing
from course_lib.errors import UserError
from course_lib.examination.result import Result
from course_lib.paths import write_atomically

logger = logging.getLogger(__name__)
FEW = 50  # students whose rows are asked for by name; of more, all rows are read
HELD = 600.0  # seconds to wait for another program that holds the gradebook


@dataclass(frozen=True)
class Outcome:
    """One row of the result: points of the tests, and whether a person must still mark something.

    `state` is graded, unchanged (graded before, from the same bytes by the same tests), failed or abandoned;
    `reason` says why it is not graded.
    """

    student: str
    state: str
    auto_points: float | None
    auto_possible: float
    needs_marking: bool
    reason: str = ""
    flags: tuple[str, ...] = ()


class Recorder:
    """Writes the results of one assignment. Whoever has one has made sure that there is no other."""

    def __init__(self, course: Course, assignment: str, released: Released):
        self._course, self._assignment, self._released = course, assignment, released
        self._rows = Rows(course, assignment)
        self._given = {name: digest(text) for name, text in released.texts.items()}
        self._actor = actor()
        self._waiting = journal.folder(course, assignment) / "executed"
        entries, damaged = journal.scan(journal.path(course, assignment))
        for line in damaged:
            logger.warning("Line %s of the journal of %s is damaged", line, assignment)
        self._latest = {entry.key: entry for entry in entries}
        self._first: dict[tuple[str, str], str] = {}  # when a student's notebook was graded first
        self._note_first(entries)

    def _note_first(self, entries: list[Entry]) -> None:
        for entry in entries:
            if entry.state == GRADED:
                self._first.setdefault((entry.student, entry.notebook_sha256), entry.at)

    def entry(self, student: str, notebook_sha256: str) -> Entry | None:
        """What the journal says of a submission by the tests as they are."""
        return self._latest.get((student, self._assignment, notebook_sha256, self._released.tests_sha256))

    def first_graded(self, student: str) -> dict[str, datetime]:
        """The SHA-256 of each notebook of a student that was graded, and when it first was."""
        return {
            digest: datetime.fromisoformat(at)
            for (name, digest), at in self._first.items()
            if name == student
        }

    def due(self, student: str) -> datetime | None:
        """When the assignment is due for a student, extension included, in UTC; None without a due date."""
        return self._rows.due(student)

    def close(self) -> None:
        """Let go of the gradebook."""
        self._rows.close()

    # What was there before

    def take_up(self, tasks: list[Task], again: bool) -> tuple[list[Outcome], list[Task]]:
        """Finish what an earlier command had begun to record; returns outcomes, and tasks left to grade."""
        self._rows.bring_penalties_up_to_date()
        few = [task.student for task in tasks] if len(tasks) < FEW else None
        standings = self._rows.standings(few)
        outcomes, unrecorded, left = [], [], []
        for task in tasks:
            entry = None if again else self._known(task)
            if entry is None or entry.state == ABANDONED:
                left.append(task)
            elif entry.state == GRADED and self._is_recorded(entry, standings):
                outcomes.append(self._outcome(entry, standings, "unchanged"))
            elif entry.state == FAILED or (entry.answered is not None and self._executed(entry) is not None):
                unrecorded.append(entry)
            else:
                left.append(task)
        outcomes += self._record(unrecorded)
        self._clear_waiting()
        return outcomes, left

    def _clear_waiting(self) -> None:
        """Remove executed notebooks of results that never reached the journal."""
        if self._waiting.is_dir() and (found := set(self._waiting.iterdir())):
            for path in found - {self._waiting_of(entry) for entry in self._latest.values()}:
                path.unlink()

    def _known(self, task: Task) -> Entry | None:
        try:
            digest = sha256(read_submission(task.path))
        except NotReadable:
            return None
        return self.entry(task.student, digest)

    def _is_recorded(self, entry: Entry, standings: dict[str, Standing]) -> bool:
        standing = standings.get(entry.student)
        return (
            standing is not None
            and standing.tests == entry.points
            and _digest_of(self._autograded(entry.student)) == entry.executed_sha256
        )

    # New results

    def record(self, answers: list[Answer]) -> list[Outcome]:
        """Put answers on the disk for good. Raises UserError when there is no room, or no gradebook."""
        try:
            entries = [self._entry_of(answer) for answer in answers]
            new = [entry for entry in entries if not self._says_the_same(entry)]
            if new:
                journal.append(self._course, self._assignment, new)
            self._latest |= {entry.key: entry for entry in new}
            self._note_first(new)
            return self._record(entries)
        except OSError as error:
            raise UserError(
                f"Results cannot be written ({error.strerror}: {error.filename or 'journal'}); those in the "
                "journal are kept, and the same command goes on from there."
            ) from error

    def _entry_of(self, answer: Answer) -> Entry:
        """The entry of an answer, or of what went wrong with it: it costs no other submission."""
        try:
            return self._entry(answer)
        except OSError:
            raise
        except Exception as error:
            logger.exception("Recording the result of %s", answer.student)
            failed = Result(
                reason=f"its result cannot be recorded: {type(error).__name__}: {str(error)[:200]}"
            )
            return self._entry(replace(answer, result=failed, abandoned=True))

    def _entry(self, answer: Answer) -> Entry:
        result = answer.result
        state = ABANDONED if answer.abandoned else FAILED if result.reason else GRADED
        executed = sha256(result.executed) if state == GRADED and result.executed else ""
        if executed:
            write_atomically(self._waiting_place(answer.student, executed), result.executed)
        return Entry(
            student=answer.student,
            assignment=self._assignment,
            notebook_sha256=answer.notebook_sha256,
            tests_sha256=self._released.tests_sha256,
            state=state,
            reason=result.reason,
            points=result.points,
            messages=result.messages,
            flags=result.flags,
            seconds=round(result.seconds, 4),
            at=datetime.now(UTC).isoformat(timespec="microseconds"),
            by=self._actor,
            executed_sha256=executed,
            answered=self._answered(result) if executed else None,
        )

    def _answered(self, result: Result) -> dict[str, bool]:
        """Of each cell with marks, whether there is something for a person to read.

        That is text that was neither given out nor put back, or text elsewhere that may be the answer.
        """
        return {
            name: name in result.to_read
            or (text != self._given.get(name) and f"{name} was deleted" not in result.flags)
            for name, text in result.answers.items()
        }

    def _says_the_same(self, entry: Entry) -> bool:
        """Whether the journal already says that this cannot be graded, and why."""
        before = self._latest.get(entry.key)
        said = before and (before.state, before.reason)
        return entry.state != GRADED and said == (entry.state, entry.reason)

    # Gradebook and autograded/

    def _record(self, entries: list[Entry]) -> list[Outcome]:
        """Gradebook and folders for entries in the journal; one that cannot be written costs itself."""
        try:
            return self._write(entries)
        except (UserError, OSError):
            raise
        except Exception as error:
            if len(entries) > 1:
                return [outcome for entry in entries for outcome in self._record([entry])]
            logger.exception("Recording the result of %s", entries[0].student)
            reason = f"its result cannot be written: {type(error).__name__}: {str(error)[:200]}"
            return [Outcome(entries[0].student, ABANDONED, None, self._rows.possible, False, reason)]

    def _write(self, entries: list[Entry]) -> list[Outcome]:
        if not entries:
            return []
        kept = [entry for entry in entries if entry.state != ABANDONED]
        refused = self._save([self._marked(entry) for entry in kept])
        kept = [entry for entry in kept if entry.student not in refused]
        standings = self._rows.standings([entry.student for entry in kept])
        for entry in kept:
            self._place(entry)
        return [
            self._outcome(entry, standings, entry.state, refused.get(entry.student, "")) for entry in entries
        ]

    def _marked(self, entry: Entry) -> Marked:
        submitted = timestamps.handed_in_at(self._course.root / "submitted", entry.student, self._assignment)
        return Marked(entry.student, entry.points, entry.answered, submitted)

    def _save(self, marked: list[Marked]) -> dict[str, str]:
        """Write to the gradebook in one transaction; returns what it refused, by student."""
        try:
            self._transact(marked)
        except (DBAPIError, UnicodeError) as error:
            if len(marked) == 1:
                return {marked[0].student: f"the gradebook refuses it: {_cause(error)}"}
            found = {}
            for each in marked:  # one of them is to blame
                found |= self._save([each])
            return found
        return {}

    def _transact(self, marked: list[Marked]) -> None:
        end = time.monotonic() + HELD
        while True:
            try:
                self._rows.save(marked)
                self._rows.commit()
                return
            except (OperationalError, IntegrityError) as error:
                self._rows.rollback()
                # Another program made the same row just now, or holds the database: it will be done.
                held = isinstance(error, IntegrityError) or "locked" in str(error.orig)
                if not held or time.monotonic() > end:
                    raise UserError(
                        f"The gradebook cannot be written ({_cause(error)}); results are kept in the "
                        "journal, and the same command writes them."
                    ) from error
                time.sleep(0.2)
            except BaseException:
                self._rows.rollback()
                raise

    def _place(self, entry: Entry) -> None:
        """The executed notebook in the folder where nbgrader keeps it; no folder for what was not graded."""
        target = self._autograded(entry.student)
        if entry.state != GRADED:
            shutil.rmtree(target.parent, ignore_errors=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        for name in (timestamps.NAME, timestamps.SECRET):  # nbgrader wants them here and beside the feedback
            with contextlib.suppress(NotReadable):
                write_atomically(target.parent / name, self._beside(entry.student, name))
        waiting = self._waiting_of(entry)
        if waiting.exists():
            waiting.chmod(0o444)  # as nbgrader leaves it
            os.replace(waiting, target)

    def _outcome(self, entry: Entry, standings, state: str, refused: str = "") -> Outcome:
        possible = self._rows.possible
        if refused or state in (FAILED, ABANDONED):
            state = FAILED if refused else state
            return Outcome(entry.student, state, None, possible, False, refused or entry.reason)
        now = standings[entry.student]
        flags = tuple(entry.flags)
        return Outcome(entry.student, state, now.auto_points, possible, now.needs_marking, flags=flags)

    # Places

    def _autograded(self, student: str) -> Path:
        return self._course.notebook("autograded", student, self._assignment)

    def _waiting_of(self, entry: Entry) -> Path:
        return self._waiting_place(entry.student, entry.executed_sha256)

    def _waiting_place(self, student: str, digest: str) -> Path:
        name = hashlib.sha256(os.fsencode(student)).hexdigest()
        return self._waiting / f"{name[:32]}-{digest[:32]}.ipynb"

    def _executed(self, entry: Entry) -> bytes | None:
        """The executed notebook of an entry, wherever it is; None if it is gone."""
        for place in (
            self._waiting_of(entry),
            self._autograded(entry.student),
        ):
            with contextlib.suppress(OSError):
                data = place.read_bytes()
                if sha256(data) == entry.executed_sha256:
                    return data
        return None

    def _beside(self, student: str, name: str) -> bytes:
        return read_below(self._course.root / "submitted", student, self._assignment, name)


def _digest_of(path: Path) -> str:
    try:
        return sha256(path.read_bytes())
    except OSError:
        return ""


def _cause(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).split("\n")[0][:160]

"""The loop of ./course watch: what has arrived is collected, waits its turn, is graded, and goes back.

One step follows the other in one process, which may be killed at any moment: the next goes on from what is
on the disk. What grades runs beside it.
"""

import contextlib
import fcntl
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from autograder.batch import Answer, Standing
from autograder.course import Course
from autograder.grade import gradebook_named
from autograder.journal import ABANDONED
from autograder.recorder import Outcome
from autograder.released import find_released
from autograder.terminal import visible
from autograder.watch.desks import Desks, Elsewhere, Held
from autograder.watch.exchange import Exchange
from autograder.watch.faults import is_the_machines, said
from autograder.watch.intake import Intake
from autograder.watch.owed import owed
from autograder.watch.page import Back, Board, Shown
from autograder.watch.reception import Reception
from autograder.watch.returns import Returns, handed_in
from autograder.watch.settings import settings
from autograder.watch.turns import Job, Turns
from course_lib.commands import slips
from course_lib.errors import UserError

logger = logging.getLogger(__name__)
GLANCE = 0.25  # seconds between two looks at the folders when there is nothing else to do
PAUSE = 5.0  # seconds until a disk that is full, or a gradebook that is held, is tried again
RESCAN = 300.0  # seconds between two looks for what is owed: a day that is over, a due date that has come
TRIES = 3  # of what fails for one submission, while the others go on


class Watching:
    """One run for `assignments`, or all that are released. `hire` starts what grades, `say` prints a line.

    Raises UserError for settings that cannot be, and where one of `assignments` is not released.
    """

    def __init__(
        self, course: Course, assignments: list[str], hire: Callable[[], Standing], say: Callable[[str], None]
    ):
        self._course, self._say = course, say
        with gradebook_named():
            for name in assignments:
                find_released(course, name)
        self._is_any, self._assignments = not assignments, assignments or released(course)
        chosen = settings(course)
        exchange = Exchange(course)
        self._returns = Returns(course, chosen, exchange)
        self._turns, self._held = Turns(), {}
        self._busy: set[tuple[str, str]] = set()  # in work, or graded and not yet back
        self._to_return: deque[tuple[Job, Outcome]] = deque()
        self._answered: deque[tuple[Job, Answer]] = deque()  # and not recorded yet
        self._abandoned: set[str] = set()  # tickets of what this run does not try again
        self._desks = Desks(course, chosen, hire)
        self._board, self._shown = Board(), Shown(course.exports / "watch.html")
        self._returns.make_folders()
        intake = Intake(course, chosen, exchange, self._assignments, self._busy)
        self._door = Reception(course, self._returns, intake, self._board, self._add, self._print)
        self._scanned, self.stopped = float("-inf"), False

    @property
    def page(self) -> Path:
        """The file that shows what is in work."""
        return self._shown.path

    @property
    def places(self) -> list[str]:
        """The folders that are watched."""
        return self._door.places

    def stop(self) -> None:
        """End after the step in work; what is being graded is graded again by the next run."""
        self.stopped = True

    def run(self, once: bool = False) -> Board:
        """Watch until `stop`, or with `once` until there is nothing left to do; what came of it.

        Raises UserError when another watch runs, and with `once` when a step fails again and again.
        """
        with self._alone(), contextlib.ExitStack() as end:
            end.callback(self._end)
            self._desks.warm_up(self._assignments)
            in_vain = 0
            while not self.stopped:
                try:
                    did = self._turn()
                    self._board.trouble, in_vain = "", 0
                except Exception as error:  # whatever it is, the next ones must not wait for a person
                    if not isinstance(error, UserError | OSError | DBAPIError):
                        logger.exception("A step of watch")
                    if self._desks.failed:
                        for job in self._desks.give_up():
                            self._back(job)
                    self._tell(error)
                    in_vain += 1
                    if once and in_vain > TRIES:
                        raise UserError(self._board.trouble) from error
                    self._wait(PAUSE)
                    continue
                if once and not did and self._is_done():
                    break
        return self._board

    def _turn(self) -> bool:
        """One round of all steps; whether anything was done."""
        did = self._owed()
        did |= self._door.arrive()
        did |= self._begin()
        did |= self._graded(0.0 if did or self._to_return else GLANCE)
        did |= self._return_one()
        if not (self._turns.waiting or self._busy):
            self._turns.rest()
        self._show()
        return did

    def _is_done(self) -> bool:
        return not (self._turns.waiting or self._busy or self._door.expects())

    def _owed(self) -> bool:
        """Let wait what an earlier run has taken and not returned, or not with all that may be told now."""
        if time.monotonic() < self._scanned + RESCAN:
            return False
        if self._is_any:
            self._assignments[:] = released(self._course)
        found = [
            job
            for assignment in self._assignments
            for job in owed(self._course, assignment, self._returns, self._desks, self._is_known)
        ]
        for job in found:
            self._add(job)
        self._board.forget_what_is_gone()
        self._scanned = time.monotonic()
        return bool(found)

    def _is_known(self, job: Job) -> bool:
        return job.key in self._busy or job.key in self._turns.waiting or job.ticket in self._abandoned

    def _add(self, job: Job) -> None:
        job.arrived = time.monotonic()
        self._held.pop(job.key, None)
        self._turns.add(job)
        self._board.longest = max(self._board.longest, len(self._turns.waiting))

    # Grading

    def _begin(self) -> bool:
        """Give those who grade as many as they take, each whose turn it is."""
        did, elsewhere = False, set()
        while self._desks.room() and not any(job.alone for job in self._desks.in_work.values()):
            without = {key for key in self._turns.waiting if key in self._busy or key[1] in elsewhere}
            job = next(iter(self._turns.order(without)), None)
            if job is None or (job.alone and self._desks.in_work):
                break
            try:
                desk = self._desks.open(job.assignment)
            except Elsewhere:  # ./course grade is at it
                elsewhere.add(job.assignment)
                continue
            except UserError as error:
                if is_the_machines(error):
                    raise
                elsewhere.add(job.assignment)
                self._board.note(job.assignment, str(error))
                continue
            did = True
            self._board.wrong.pop(job.assignment, None)
            self._turns.begin(job)
            self._busy.add(job.key)
            try:
                outcome = desk.begin(job)
            except Held as held:
                self._leave(job)
                self._hold(job, str(held))
                continue
            except Exception as error:
                self._not_done(job, error)
                continue
            if outcome is None:
                self._desks.give(job)
            else:
                self._to_return.append((job, outcome))
        return did

    def _hold(self, job: Job, said: str) -> None:
        self._held[job.key] = job
        slip = self._returns.slip(job.ticket)
        if slip is None or (slip.state, slip.said) != (slips.HELD, said):
            self._returns.say(job, slips.HELD, said)
            self._print(f"held: {job.student}, {job.assignment}: {said}")

    def _graded(self, seconds: float) -> bool:
        """Record what was graded."""
        self._answered += self._desks.answers(seconds)
        did = bool(self._answered)
        while self._answered:
            job, answer = self._answered.popleft()
            try:
                if answer.result.held_up and not job.alone:
                    job.alone = True
                    self._back(job)
                else:
                    self._to_return.append((job, self._desks.at(job.assignment).record(job, answer)))
            except Exception as error:  # what has reached the journal is not graded again
                self._not_done(job, error)
        return did

    # Feedback

    def _return_one(self) -> bool:
        """Return one submission: each takes a moment, and those who grade must not wait."""
        if not self._to_return:
            return False
        job, outcome = self._to_return[0]
        desk = self._desks.at(job.assignment)
        entry = desk.entry(job)
        if entry is None and outcome.auto_points is not None:  # another command has put a newer one there
            del self._to_return[0]
            self._leave(job)
            self._returns.say(job, slips.REPLACED, "a newer one is there, which counts")
            if current := handed_in(self._course, job.student, job.assignment):
                self._add(current)
            return True
        try:
            if entry is None or outcome.state == ABANDONED or outcome.auto_points is None:
                self._failed(job, outcome)
            else:
                self._returns.give_back(job, entry, desk.released, desk.due(job.student))
                self._is_back(job, outcome)
        except Exception as error:
            del self._to_return[0]
            self._not_done(job, error)
            return True
        del self._to_return[0]
        self._leave(job)
        return True

    def _not_done(self, job: Job, error: Exception) -> None:
        """A step has failed for a job: it waits again, or after some tries until what is owed is looked for.

        Raises `error`, so that all wait a moment, unless the job itself seems to be the reason.
        """
        job.tries += not is_the_machines(error)
        if job.tries < TRIES:
            self._back(job)
            raise error
        self._leave(job)
        if not isinstance(error, UserError):
            logger.error("A step for %s, %s", job.student, job.assignment, exc_info=error)
        self._wrong(job, said(error))

    def _failed(self, job: Job, outcome: Outcome) -> None:
        """It cannot be graded: for good, or by a process that died, which the next run tries again."""
        if outcome.state == ABANDONED:
            self._abandoned.add(job.ticket)
            self._returns.say(job, slips.WAITING, "grading it did not succeed; your instructor knows")
        else:
            self._returns.say(job, slips.FAILED, outcome.reason)
        self._wrong(job, outcome.reason)

    def _wrong(self, job: Job, reason: str) -> None:
        self._board.note(f"{job.student}, {job.assignment}", reason)
        self._print(f"not in order: {job.student}, {job.assignment}: {reason}")

    def _is_back(self, job: Job, outcome: Outcome) -> None:
        seconds = time.monotonic() - job.arrived
        points = f"{outcome.auto_points:g} of {outcome.auto_possible:g}"
        at = f"{datetime.now().astimezone():%H:%M:%S}"
        self._board.back.append(Back(job.student, job.assignment, points, seconds, at))
        self._board.seconds.append(seconds)
        self._board.returned += 1
        self._board.wrong.pop(f"{job.student}, {job.assignment}", None)
        self._print(f"back: {job.student}, {job.assignment}, {points} by tests, {seconds:.1f} s")

    # What holds it together

    def _leave(self, job: Job) -> None:
        """A job is no longer in work."""
        self._busy.discard(job.key)
        self._desks.leave(job.assignment)

    def _back(self, job: Job) -> None:
        """A job waits again, in its place."""
        self._leave(job)
        self._turns.back(job)

    def _tell(self, error: Exception) -> None:
        """Something is wrong that is no submission's fault: say it once."""
        trouble = said(error)
        if trouble != self._board.trouble:
            self._print(f"trouble: {trouble}")
        self._board.trouble = trouble
        self._show()

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.stopped:
            time.sleep(GLANCE)

    def _show(self, ended: str = "") -> None:
        board = self._board
        board.waiting, board.held, board.ended = self._turns.order(), list(self._held.values()), ended
        board.in_work = [*self._desks.in_work.values(), *(job for job, _ in self._to_return)]
        with contextlib.suppress(OSError):  # a full disk: the terminal has it
            self._shown.show(board, at_once=bool(ended))

    def _print(self, line: str) -> None:
        self._say(f"{datetime.now().astimezone():%H:%M:%S} {visible(line)}")

    def _end(self) -> None:
        done = [job for job, _ in (*self._answered, *self._to_return)]
        for job in (*self._desks.give_up(), *done):
            self._back(job)
        self._answered.clear()
        self._to_return.clear()
        self._show("Nobody watches any more; ./course watch goes on from here.")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        path = self._course.root / "journal" / "watch.lock"
        path.parent.mkdir(exist_ok=True)
        with open(path, "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(f"Another ./course watch runs for {self._course.root}.") from None
            yield


def released(course: Course) -> list[str]:
    """The assignments that are released."""
    with gradebook_named(), course.gradebook() as gradebook:
        known = {assignment.name for assignment in gradebook.assignments}
    return [name for name in course.assignments() if name in known]

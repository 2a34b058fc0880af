"""The step that grades: for each assignment in work the tests, the journal and the rows of the gradebook.

A desk is open while something of its assignment is in work, and no other program records its results then; in
between ./course grade may. The processes that grade are one pool for all desks, and stay warm.
"""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from autograder.batch import Answer, Standing, Task, packed
from autograder.course import Course
from autograder.grade import gradebook_named, recording, run_alone
from autograder.journal import Entry
from autograder.recorder import Outcome
from autograder.released import Released, find_released
from autograder.watch.settings import Watch
from autograder.watch.turns import Job

DAY = timedelta(days=1)


class Elsewhere(Exception):
    """Another command records results of this assignment at the moment."""


class Held(Exception):
    """The student has used up the attempts; the message, for the student, says when it is graded."""


class Desk:
    """An assignment in work. Raises Elsewhere, or UserError where the gradebook cannot be read."""

    def __init__(self, course: Course, assignment: str, settings: Watch):
        self._course, self._assignment, self._settings = course, assignment, settings
        with gradebook_named():
            self.released: Released = find_released(course, assignment)
        self.packed = packed(self.released.assignment)
        self._open = contextlib.ExitStack()
        self._recorder = self._open.enter_context(recording(course, assignment, self.released, _elsewhere))
        self.users = 0  # jobs at it

    def task(self, job: Job) -> Task:
        """The submission, for those who grade."""
        return Task(job.student, self._course.notebook("submitted", job.student, self._assignment))

    def begin(self, job: Job) -> Outcome | None:
        """The outcome of what the journal knows, or None: it is to be graded. Raises Held."""
        with gradebook_named():
            outcomes, left = self._recorder.take_up([self.task(job)], again=False)
        if left:
            self._count(job)
        return outcomes[0] if outcomes else None

    def _count(self, job: Job) -> None:
        """Raises Held where another attempt is one too many. What could not be graded is none."""
        graded = self._recorder.first_graded(job.student)
        graded.pop(job.sha256, None)  # the same notebook by other tests
        most, a_day = self._settings.attempts, self._settings.attempts_a_day
        if most and len(graded) >= most:
            raise Held(
                f"you have used your {most} attempts, so this one is graded later; it counts for your mark"
            )
        # A clock that was wrong for a while must not lock anybody out for as long.
        now = datetime.now(UTC)
        recent = sorted(at for at in graded.values() if abs(now - at) < DAY)
        if a_day and len(recent) >= a_day:
            free = recent[-a_day] + DAY
            raise Held(
                f"you have used your {a_day} attempts of a day; graded from {free:%Y-%m-%d %H:%M} UTC on"
            )

    def record(self, job: Job, answer: Answer) -> Outcome:
        """Put an answer on the disk for good. Raises UserError when there is no room, or no gradebook."""
        (outcome,) = self._recorder.record([run_alone(answer) if job.alone else answer])
        return outcome

    def entry(self, job: Job) -> Entry | None:
        """What the journal says of a submission."""
        return self._recorder.entry(job.student, job.sha256)

    def due(self, student: str) -> datetime | None:
        """When the assignment is due for a student, extension included, in UTC."""
        with gradebook_named():
            return self._recorder.due(student)

    def close(self) -> None:
        """Let others record."""
        self._open.close()


class Desks:
    """All desks, each opened when it is needed, and the processes that grade for them."""

    def __init__(self, course: Course, settings: Watch, hire: Callable[[], Standing]):
        self._course, self._settings, self._hire = course, settings, hire
        self._graders: Standing | None = None
        self.failed = False  # those who grade have, and must be given up
        self._desks: dict[str, Desk] = {}
        self.in_work: dict[Task, Job] = {}

    def open(self, assignment: str) -> Desk:
        """The desk of an assignment, with one user more. Raises Elsewhere and UserError."""
        if assignment not in self._desks:
            self._desks[assignment] = Desk(self._course, assignment, self._settings)
        self._desks[assignment].users += 1
        return self._desks[assignment]

    def at(self, assignment: str) -> Desk:
        """An open desk."""
        return self._desks[assignment]

    def leave(self, assignment: str) -> None:
        """One user less; without any, others may record."""
        desk = self._desks[assignment]
        desk.users -= 1
        if not desk.users:
            del self._desks[assignment]
            desk.close()

    def hire(self) -> Standing:
        """The graders; new ones where the last were given up. Raises UserError where there are none."""
        if self._graders is None:
            self._graders = self._hire()
        return self._graders

    def warm_up(self, assignments: list[str]) -> None:
        """Be ready for a first submission: what one assignment imports, most others do."""
        graders = self.hire()
        for assignment in assignments[:1]:
            with gradebook_named():
                graders.warm_up(packed(find_released(self._course, assignment).assignment))

    def room(self) -> int:
        """How many jobs more may be given."""
        with self._noticed():
            return self.hire().room()

    def give(self, job: Job) -> None:
        """Have a job of an open desk graded."""
        desk = self._desks[job.assignment]
        task = desk.task(job)
        self.in_work[task] = job
        with self._noticed():
            self.hire().give(desk.packed, task)

    def answers(self, seconds: float) -> list[tuple[Job, Answer]]:
        """What was graded by now. Raises CannotGrade, UserError: nothing that is in work will be."""
        with self._noticed():
            answers = self.hire().answers(seconds)
        return [(self.in_work.pop(answer.task), answer) for answer in answers]

    @contextlib.contextmanager
    def _noticed(self) -> Iterator[None]:
        """An error of those who grade: others must be hired."""
        try:
            yield
        except Exception:
            self.failed = True
            raise

    def give_up(self) -> list[Job]:
        """End what is in work, whose jobs these are; the desks stay open."""
        self.failed = False
        jobs = list(self.in_work.values())
        self.in_work.clear()
        if self._graders is not None:
            self._graders.close()
            self._graders = None
        return jobs


def _elsewhere() -> None:
    raise Elsewhere

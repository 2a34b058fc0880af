"""Grading the submissions of one assignment: others grade them, one coordinator writes."""

import contextlib
import fcntl
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from sqlalchemy.exc import OperationalError

from autograder import journal
from autograder.batch import Answer, Graders, Here, Task
from autograder.course import Course
from autograder.recorder import Outcome, Recorder
from autograder.released import Released, find_released
from course_lib.errors import UserError


class Grading:
    """One command: grade `students` (all who handed in, if empty); `again` repeats what was graded before.

    With `measure`, also the cells on which no point depends are run, for whoever marks the answers. Raises
    UserError when the assignment is not released or a student has not handed in.
    """

    def __init__(
        self,
        course: Course,
        assignment: str,
        students: list[str],
        again: bool = False,
        measure: bool = False,
    ):
        self._course, self._assignment, self._again = course, assignment, again
        with gradebook_named():
            self._released = find_released(course, assignment)
        self._known = self._released.assignment
        if measure:
            self._known = self._known.with_all_cells()
        handed_in = course.submitters(assignment)
        for student in students:
            if student not in handed_in:
                raise UserError(f"There is no submission of {assignment} by {student!r} in submitted/.")
        names = students or handed_in
        self._all = [Task(name, course.notebook("submitted", name, assignment)) for name in names]
        self.tasks: deque[Task] = deque()
        self._stopped = False

    def __len__(self) -> int:
        return len(self._all)

    def stop(self) -> None:
        """Begin no further submission; those in work are finished and recorded."""
        self._stopped = True
        self.tasks.clear()

    def run(self, graders: Graders, on_wait: Callable[[], None] = lambda: None) -> Iterator[Outcome]:
        """Grade what was not graded before, and record each result before it is yielded.

        A time-out that others have caused does not count: such submissions are graded again at the end.
        `on_wait` is called when another command grades this assignment; its results are used. Raises
        CannotGrade when no submission is to blame, UserError when nothing can be written.
        """
        with recording(self._course, self._assignment, self._released, on_wait) as recorder:
            outcomes, left = recorder.take_up(self._all, self._again)
            yield from outcomes
            if not self._stopped:
                self.tasks.extend(left)
            held_up: list[str] = []
            with contextlib.closing(graders.run(self._known, self.tasks)) as answers:
                for found in answers:
                    held_up += [answer.student for answer in found if answer.result.held_up]
                    if counts := [answer for answer in found if not answer.result.held_up]:
                        yield from recorder.record(counts)
            for task in [task for task in left if task.student in held_up]:
                yield from recorder.record(self._alone_now(graders, task))

    def _alone_now(self, graders: Graders, task: Task) -> list[Answer]:
        """Grade a submission once more, with no other beside it: only this counts. Nothing once stopped."""
        if self._stopped:
            return []
        self.tasks.append(task)
        with contextlib.closing(graders.run(self._known, self.tasks)) as answers:
            return [run_alone(answer) for part in answers for answer in part]


def run_alone(answer: Answer) -> Answer:
    """An answer of a second run, said to be one."""
    flag = "graded twice: others had kept it waiting when it ran out of time; this is the run alone"
    return replace(answer, result=replace(answer.result, flags=[*answer.result.flags, flag]))


@contextlib.contextmanager
def recording(
    course: Course, assignment: str, released: Released, on_wait: Callable[[], None]
) -> Iterator[Recorder]:
    """The recorder of an assignment, which no other program has meanwhile.

    `on_wait` is called when another has it: this one waits then, unless `on_wait` raises. Raises UserError
    where the gradebook cannot be read.
    """
    folder = journal.folder(course, assignment)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)  # the system lets go of it when a process is killed
        with gradebook_named():
            recorder = Recorder(course, assignment, released)
        with contextlib.closing(recorder):
            yield recorder


@contextlib.contextmanager
def gradebook_named():
    """A database that cannot be opened or read is one line."""
    try:
        yield
    except OperationalError as error:
        raise UserError(
            f"The gradebook cannot be read ({error.orig}); try the same command again."
        ) from error


def grade(course: Course, assignment: str, students: list[str], again: bool = False) -> Iterator[Outcome]:
    """Grade in this process, one submission after the other."""
    return Grading(course, assignment, students, again).run(Here())

"""What is owed: submissions that were taken and are not back, or not with all that may be told now."""

import contextlib
from collections.abc import Callable, Iterator

from autograder.course import Course
from autograder.watch.desks import Desks, Elsewhere
from autograder.watch.returns import Returns, handed_in
from autograder.watch.turns import Job
from course_lib.commands import slips
from course_lib.commands.slips import Slip


def owed(
    course: Course, assignment: str, returns: Returns, desks: Desks, is_known: Callable[[Job], bool]
) -> Iterator[Job]:
    """Jobs for the submissions of an assignment that an earlier run has promised something.

    What has no slip came another way, by ./course collect, and is left alone.
    """
    back = []
    for student in course.submitters(assignment):
        job = handed_in(course, student, assignment)
        slip = None if job is None or is_known(job) else returns.slip(job.ticket)
        if slip is not None and slip.state in (slips.WAITING, slips.HELD):
            yield job
        elif slip is not None and slip.state == slips.BACK:
            back.append((job, slip))
    if back:
        with contextlib.suppress(Elsewhere):
            yield from _told_more(assignment, back, returns, desks)


def _told_more(
    assignment: str, back: list[tuple[Job, Slip]], returns: Returns, desks: Desks
) -> Iterator[Job]:
    """Those that are back, and may be told more: the due date has come, or newer tests have graded them."""
    desk = desks.open(assignment)
    try:
        is_over = not returns.until(desk.due(""))  # an extension is never shorter
        for job, slip in back:
            if (is_over and slip.hidden is None and not returns.until(desk.due(job.student))) or (
                slip.tests_sha256 != desk.released.tests_sha256 and desk.entry(job)
            ):
                yield job
    finally:
        desks.leave(assignment)

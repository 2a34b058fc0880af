"""Grading one submission: notebook bytes and an assignment in, a result out."""

import atexit
import functools
import hashlib
import json
import os
import time

import nbformat
from nbformat.v4.rwbase import strip_transient

from autograder import elsewhere
from autograder.warm import Warm, expected
from course_lib.examination.absent import asked_for
from course_lib.examination.assignment import Assignment
from course_lib.examination.conduct import Findings, conduct
from course_lib.examination.outputs import clean_all
from course_lib.examination.peers import Times
from course_lib.examination.prose import Passage
from course_lib.examination.result import Result
from course_lib.examination.submission import Submission, Unreadable, read

__all__ = ["Assignment", "Result", "Times", "allow_unconfined", "grade_submission"]

MOST_ABSENT = 5  # files that a row names
UNCONFINED = "COURSE_UNCONFINED"  # in the environment: also for nbgrader's own commands


def grade_submission(
    notebook: bytes,
    assignment: Assignment,
    *,
    warm: Warm | None = None,
    times: Times | None = None,
    written: list[Passage] | None = None,
) -> Result:
    """Grade the notebook file `notebook`. Never raises for what is in it: then the result has a reason.

    `warm` is the process that forks the confined ones; without it, one is started for this program. `written`
    is what the student wrote in words, where `notebook` does not have all of it any more. Raises CannotGrade
    when nothing can be confined here.
    """
    started = time.monotonic()
    try:
        submission = read(notebook, assignment)
    except Unreadable as error:
        return Result(reason=str(error), seconds=time.monotonic() - started)
    warm = warm or _shared()
    warm.bring(expected(assignment, (cell.source for cell, _ in submission.cells)))
    found = conduct(submission, assignment, warm.start, times or Times())
    warm.bring(found.imported)
    if written is not None:
        submission.written = written
    to_read = elsewhere.to_read(submission, assignment.given)
    points = {name: found.points.get(name, 0.0) for name in assignment.tests}
    absent = [f"{name} is asked for, and is no part of a submission" for name in asked_for(found.outputs)]
    return Result(
        points=points,
        messages=found.messages,
        flags=[
            *submission.flags,
            *found.flags,
            *absent[:MOST_ABSENT],
            *elsewhere.flags(submission, assignment.given, to_read),
        ],
        executed=executed(submission, found, to_read),
        answers=answers(submission),
        to_read=list(to_read),
        seconds=time.monotonic() - started,
        held_up=found.held_up,
    )


def allow_unconfined() -> None:
    """From now on this program grades without confinement: the instructor trusts every submission."""
    os.environ[UNCONFINED] = "1"


def digest(text: str) -> str:
    """SHA-256 of a cell's text in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def _shared() -> Warm:
    warm = Warm(confined=UNCONFINED not in os.environ)
    atexit.register(warm.close)
    return warm


def answers(submission: Submission) -> dict[str, str]:
    """The SHA-256 of the text of each cell that has marks or a comment in the gradebook, by grade_id."""
    return {
        known.name: digest(cell.source)
        for cell, known in submission.cells
        if known is not None and any(known.metadata.get(mark) for mark in ("grade", "solution", "task"))
    }


def executed(
    submission: Submission, found: Findings, to_read: dict[str, list[Passage]] | None = None
) -> bytes:
    """The notebook with the outputs of its run, in the file format of Jupyter.

    Below an answer that is all but empty stands what the student wrote elsewhere, for the marker.
    """
    notebook, shown = submission.notebook, clean_all(found.outputs)
    to_read = to_read or {}
    notebook.cells, not_run = [], submission.not_run
    for place, (cell, known) in enumerate(submission.cells):
        if cell.cell_type == "code":
            cell.outputs = nbformat.from_dict(shown.get(place, []))
            cell.execution_count = None if place in not_run else place + 1
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = place + 1
        notebook.cells.append(cell)
        notebook.cells += map(elsewhere.note, to_read.get(known.name, ()) if known else ())
    seen: set[str] = set()
    for place, cell in enumerate(notebook.cells):
        if cell.id in seen:
            cell.id = f"{cell.id[:50]}-{place}"
        seen.add(cell.id)
    # nbformat.writes would hold it to the schema once more, and indent it, which takes ten times as long.
    return json.dumps(strip_transient(notebook), ensure_ascii=False, sort_keys=True).encode()

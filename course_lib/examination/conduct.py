"""Leads an examination: has the student's cells run, then the tests, and passes on what they ask."""

import builtins
import contextlib
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from course_lib.examination.assignment import Assignment, Cell, assigned
from course_lib.examination.points import TestCellError, points_earned
from course_lib.examination.result import CannotGrade
from course_lib.examination.submission import Submission
from course_lib.examination.wire import BadMessage, Channel

GRACE = 10.0  # seconds that a process may take beyond what it was told to keep to


class Peer(Protocol):
    """A process at the other end of `channel`."""

    channel: Channel

    def end(self) -> str:
        """Kill it and all it started; say how it had ended, or "" when it was alive."""


Start = Callable[..., Peer]  # start("candidate" | "examiner" | "kernels", *details)


@dataclass(frozen=True)
class Times:
    """Seconds for one cell, one call of a student's function, one test, and the whole submission."""

    cell: float = 120.0
    call: float = 30.0
    test: float = 120.0
    submission: float = 600.0
    restarts: int = 5


@dataclass
class Findings:
    """Outputs by place in the submission, points and messages by test, and what was worth a flag."""

    outputs: dict[int, list] = field(default_factory=dict)
    points: dict[str, float | None] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)


class Gone(Exception):
    """A process has ended or has not answered in time."""


def conduct(submission: Submission, assignment: Assignment, start: Start, times: Times) -> Findings:
    """Run the submission's cells and the assignment's tests.

    Raises CannotGrade when the instructor's own cells end the process that runs them.
    """
    found = Findings()
    end = time.monotonic() + times.submission
    with contextlib.ExitStack() as stack:
        snapshots = _run_cells(submission, start, times, end, found, stack)
        try:
            _run_tests(submission, assignment, start, times, end, snapshots, found)
        except Gone as reason:
            raise CannotGrade(f"The tests' process ended in the instructor's own cells: {reason}.") from None
    return found


def _receive(channel: Channel, seconds: float) -> list:
    try:
        return channel.receive(seconds)
    except TimeoutError:
        raise Gone(f"it took more than {seconds:.0f} seconds") from None
    except (EOFError, BadMessage, OSError) as error:
        raise Gone(str(error)) from None


# The student's cells


def _run_cells(submission: Submission, start, times, end, found: Findings, stack) -> dict[str, Channel]:
    """Run all cells; snapshots by the name of the test at whose place they were taken.

    When a cell ends the process, everything is run again without that cell.
    """
    left_out: dict[int, str] = {}
    while True:
        candidate = start("candidate")
        snapshots: dict[str, Channel] = {}
        place = None
        try:
            for place in _to_run(submission):
                if place not in left_out:
                    _step(candidate, submission, place, times, end, found, snapshots)
        except Gone as reason:
            how = candidate.end() or str(reason)
            _close(snapshots)
            if time.monotonic() > end or len(left_out) >= times.restarts:
                found.flags.append(f"stopped at cell {place + 1}: {how}")
                return {}
            left_out[place] = how
            found.flags.append(f"cell {place + 1} ended the process: {how}")
            found.outputs[place] = [_ended(how)]
            continue
        stack.callback(candidate.end)
        stack.callback(_close, snapshots)
        return snapshots


def _ended(how: str) -> dict:
    return {
        "output_type": "error",
        "ename": "ProcessEnded",
        "evalue": how,
        "traceback": [f"This cell ended Python: {how}."],
    }


def _to_run(submission: Submission) -> list[int]:
    """Places of code cells, hidden tests included: they are where snapshots are taken."""
    return [i for i, (cell, _) in enumerate(submission.cells) if cell.cell_type == "code"]


def _step(candidate: Peer, submission, place: int, times, end: float, found, snapshots) -> None:
    cell, known = submission.cells[place]
    if known is not None and known.is_test:
        snapshots[known.name] = _snapshot(candidate.channel, times)
        if known.is_hidden or not _needed_later(submission, place):
            return
    elif not cell.source.strip():
        return
    left = end - time.monotonic()
    if left <= 0:
        raise Gone("the time for one submission is over")
    seconds = min(times.cell, left)
    try:
        candidate.channel.send("run", cell.source, seconds)
    except OSError as error:
        raise Gone(str(error)) from None
    answer = _receive(candidate.channel, seconds + GRACE)
    if answer[0] != "ran" or not isinstance(answer[1], list):
        raise Gone("it sent something else than outputs")
    if known is None or not known.is_test:
        found.outputs[place] = answer[1]


def _snapshot(channel: Channel, times: Times) -> Channel:
    ours, theirs = socket.socketpair()
    try:
        channel.send("snapshot")
        socket.send_fds(channel.socket, [b"f"], [theirs.fileno()])
        if _receive(channel, times.call)[0] != "snapshot":
            raise Gone("it made no snapshot")
    except OSError as error:
        raise Gone(str(error)) from None
    finally:
        theirs.close()
    return Channel(ours)


def _needed_later(submission: Submission, place: int) -> bool:
    """Whether a later cell of the notebook mentions a name that the visible test at `place` defines."""
    defined = assigned(submission.cells[place][0].source)
    later = [cell.source for cell, known in submission.cells[place + 1 :]
             if cell.cell_type == "code" and not (known is not None and known.is_test)]  # fmt: skip
    return bool(defined & set(re.findall(r"\w+", "\n".join(later))))


def _close(snapshots: dict[str, Channel]) -> None:
    for channel in snapshots.values():
        channel.close()


# The tests


def _run_tests(submission, assignment: Assignment, start, times, end, snapshots, found: Findings) -> None:
    """Visible tests first, then hidden ones: nothing that a student may read comes after a hidden input."""
    places = {known.name: i for i, (_, known) in enumerate(submission.cells) if known is not None}
    sources = "\n".join(cell.source for cell in assignment.cells if cell.is_ours and cell.cell_type == "code")
    names = sorted(assignment.names & set(re.findall(r"\w+", sources)))
    done: set[str] = set()
    examiner = _fresh(start, names, assignment, done)
    try:
        for hidden in (False, True):
            for cell in assignment.cells:
                if not cell.is_test or cell.is_hidden != hidden:
                    if not hidden:
                        _prepare(examiner, cell)
                    continue
                channel = snapshots.get(cell.name)
                try:
                    if time.monotonic() > end:
                        raise Gone("the time for one submission was over before this test")
                    outputs = _examine(examiner, cell, channel, start, times, end)
                except Gone as reason:
                    outputs = [
                        {
                            "output_type": "error",
                            "ename": "NotFinished",
                            "evalue": str(reason),
                            "traceback": [],
                        }
                    ]
                    found.flags.append(f"{cell.name}: {reason}")
                    examiner.end()
                    examiner = _fresh(start, names, assignment, done | {cell.name})
                finally:
                    if channel is not None:
                        channel.close()
                done.add(cell.name)
                _judge(cell, outputs, places[cell.name], found)
    finally:
        examiner.end()


def _fresh(start, names, assignment: Assignment, done: set[str]) -> Peer:
    """A new examiner; after one was lost, it first does again what the lost one had done."""
    examiner = start("examiner", names)
    for cell in assignment.cells if done else ():
        if not cell.is_test or (cell.is_hidden and cell.name not in done):
            _prepare(examiner, cell)
    return examiner


def _prepare(examiner: Peer, cell: Cell) -> None:
    """What the examiner does at a cell that it does not examine now."""
    if cell.cell_type != "code" or cell.is_adapter:
        return
    if cell.is_test:
        if cell.is_hidden:
            examiner.channel.send("park", cell.name)
        return
    source = cell.imports if cell.metadata["solution"] else cell.source
    if source:
        examiner.channel.send("run", source)
        _receive(examiner.channel, 300)


def _examine(examiner: Peer, cell: Cell, snapshot: Channel | None, start, times: Times, end: float) -> list:
    """Run one test to its end; returns its outputs. Raises Gone when the examiner itself does not end."""
    kernels: Peer | None = None
    until = min(time.monotonic() + times.test, end)
    gone = "" if snapshot else "the notebook ended before this test"
    try:
        examiner.channel.send("test", cell.name, cell.source)
        while True:
            message = _receive(examiner.channel, until - time.monotonic())
            if message[0] == "tested":
                return message[1]
            left = min(times.call, until - time.monotonic())
            if message[0] == "kernel":
                kernels = kernels or start("kernels")
                try:
                    _pass_on(message[1], kernels.channel, examiner.channel, left + GRACE)
                except (Gone, OSError) as reason:
                    examiner.channel.send("gone", kernels.end() or str(reason))
                    kernels = None
                continue
            if not gone:
                try:
                    _pass_on(message[1], snapshot, examiner.channel, left)
                    continue
                except (Gone, OSError) as reason:
                    gone = str(reason)
                    snapshot.close()
            examiner.channel.send("gone", gone)
    except OSError as error:
        raise Gone(str(error)) from None
    finally:
        if kernels:
            kernels.end()


def _pass_on(question: bytes, asked: Channel, asking: Channel, seconds: float) -> None:
    """Send a question on and its answer back, neither of them read here. Raises Gone, OSError."""
    asked.socket.settimeout(seconds)
    asked.send_bytes(question)
    try:
        answer = asked.receive_bytes(seconds)
    except TimeoutError:
        raise Gone(f"it took more than {seconds:.0f} seconds") from None
    except (EOFError, BadMessage) as error:
        raise Gone(str(error)) from None
    asking.send_bytes(answer)


def _judge(cell: Cell, outputs: list, place: int, found: Findings) -> None:
    try:
        found.points[cell.name] = points_earned(outputs, cell.points)
    except TestCellError as error:
        found.points[cell.name] = None
        found.flags.append(f"{cell.name}: {error}")
    ended = [output["evalue"] for output in outputs if output.get("ename") == "StudentProcessEnded"]
    found.flags += [f"{cell.name}: {how}" for how in ended]
    raised = [output for output in outputs if output["output_type"] == "error"]
    errors = [_told(output["ename"], output["evalue"], cell.is_hidden) for output in raised]
    printed = [output["text"] for output in outputs if output["output_type"] == "stream"]
    found.messages[cell.name] = "\n".join([*printed, *errors]).strip()[:4000]
    found.outputs[place] = outputs if not cell.is_hidden else [
        {"output_type": "stream", "name": "stdout", "text": found.messages[cell.name] + "\n"}
    ]  # fmt: skip


def _told(name: str, message: str, hidden: bool) -> str:
    """An error in words; in a hidden test, text that a student's code chose may quote a hidden input."""
    if not hidden or name in ("StudentProcessEnded", "NotFinished"):
        return f"{name}: {message}"
    return name if hasattr(builtins, name) else "an error"

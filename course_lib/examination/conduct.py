"""Leads an examination: lets the student's cells run, then the tests, and passes on what they ask."""

import builtins
import contextlib
import functools
import hashlib
import re
import time
from dataclasses import dataclass, field

from course_lib.examination.assignment import Assignment, Cell
from course_lib.examination.crowding import Crowd
from course_lib.examination.peers import Gone, Peer, Start, Times, receive
from course_lib.examination.points import FAILED, TestCellError, points_earned
from course_lib.examination.rehearsal import run_cells
from course_lib.examination.result import CannotGrade
from course_lib.examination.submission import Submission
from course_lib.examination.wire import BadMessage, Channel

OWN_CELL = 300.0  # seconds that one of the instructor's cells may take


@dataclass
class Findings:
    """Outputs by place in the submission, points and messages by test, and what was worth a flag.

    imported: modules that the instructor's visible cells have imported, in order: a process that imports them
    before the next examination need not wait for them in it. held_up: a time limit was hit because of others.
    """

    outputs: dict[int, list] = field(default_factory=dict)
    points: dict[str, float | None] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    imported: list[str] = field(default_factory=list)
    held_up: bool = False


def conduct(submission: Submission, assignment: Assignment, start: Start, times: Times) -> Findings:
    """Run the submission's cells and the assignment's tests.

    Raises CannotGrade when the instructor's own cells end the process that runs them.
    """
    found, crowd = Findings(), Crowd(start)
    end = time.monotonic() + times.submission
    with contextlib.ExitStack() as stack:
        tests = _Tests(submission, assignment, crowd, times, end, found)  # gets ready while the cells run
        stack.callback(tests.close)
        rehearsal = _Rehearsal(submission, crowd, times, end, found)
        stack.callback(rehearsal.close)
        stack.callback(tests.dismiss)
        try:
            tests.run(rehearsal)
        except (Gone, OSError) as reason:
            raise CannotGrade(f"The tests' process ended in the instructor's own cells: {reason}.") from None
    found.held_up = crowd.held_up
    return found


class _Rehearsal:
    """The student's cells, run: `answering` are the processes that answer for the notebook, by test."""

    def __init__(self, submission: Submission, crowd: Crowd, times: Times, end: float, found: Findings):
        self._again = functools.partial(run_cells, submission, crowd, times, end)
        self._found, self._stack = found, contextlib.ExitStack()
        self._apart = False
        self.answering, self._notebook = self._again(found, self._stack)

    def lose(self, asked: Channel, waiting: set[str]) -> None:
        """A test has cost the process `asked`: where tests in `waiting` need it, run the cells again.

        From then on each test has a process of its own.
        """
        is_needed = asked is self._notebook or asked in (self.answering.get(name) for name in waiting)
        if waiting and is_needed and not self._apart:
            self._apart = True
            self.close()
            again = Findings()
            self.answering, self._notebook = self._again(again, self._stack, apart=True)
            self._found.flags += [flag for flag in again.flags if flag not in self._found.flags]

    def close(self) -> None:
        """End all of them."""
        self._stack.close()


class _Tests:
    """Visible tests first, then hidden ones: nothing that a student may read comes after a hidden input."""

    def __init__(self, submission, assignment: Assignment, crowd: Crowd, times, end, found: Findings):
        self._assignment, self._crowd, self._times, self._end = assignment, crowd, times, end
        self._found = found
        self._rehearsal: _Rehearsal | None = None
        self._places = {known.name: i for i, (_, known) in enumerate(submission.cells) if known is not None}
        ours = [cell.source for cell in assignment.cells if cell.is_ours and cell.cell_type == "code"]
        self._names = sorted(assignment.names & set(re.findall(r"\w+", "\n".join(ours))))
        self._done: set[str] = set()
        self._never: dict[bytes, str] = {}  # questions that a kernel process has not survived, by their hash
        self._examiner: Peer = crowd.start("examiner", self._names)

    def run(self, rehearsal: _Rehearsal) -> None:
        """Run all tests. Raises Gone when the instructor's cells outside of tests end their process."""
        self._rehearsal = rehearsal
        cells = self._assignment.cells
        for hidden in (False, True):
            for i, cell in enumerate(cells):
                if cell.is_test and cell.is_hidden == hidden:
                    self._test(cell)
                    if not self._examiner:
                        self._renew(len(cells) if hidden else i + 1)
                elif not hidden:
                    self._prepare(cell)
            if not hidden:
                self._examiner.channel.send("imported")
                self._found.imported = receive(self._examiner.channel, OWN_CELL, "imported")[1]

    def dismiss(self) -> None:
        """Have the examiner end while others are waited for."""
        if self._examiner:
            self._examiner.dismiss()

    def close(self) -> None:
        """End the examiner."""
        if self._examiner:
            self._examiner.end()

    def _prepare(self, cell: Cell) -> None:
        """What the examiner does at a cell that it does not examine now."""
        if cell.cell_type != "code" or cell.is_adapter:
            return
        if cell.is_test:
            if cell.is_hidden:
                self._examiner.channel.send("park", cell.name)
            return
        source = cell.imports if cell.metadata["solution"] else cell.source
        if source:
            self._examiner.channel.send("run", source)
            receive(self._examiner.channel, OWN_CELL, "ran")

    def _renew(self, count: int) -> None:
        """A new examiner in the place of one that was lost, as far as the first `count` cells had brought it.

        What earlier tests defined for later ones is defined again; no question is asked twice.
        """
        self._examiner = self._crowd.start("examiner", self._names)
        done = [cell for cell in self._assignment.cells[:count] if cell.is_test and cell.name in self._done]
        for cell in self._assignment.cells[:count]:
            self._prepare(cell)
            if cell in done and not cell.is_hidden:
                self._define_again(cell)
        for cell in done:
            if cell.is_hidden:
                self._define_again(cell)

    def _define_again(self, cell: Cell) -> None:
        self._examiner.channel.send("again", cell.name, cell.source)
        receive(self._examiner.channel, OWN_CELL, "ran")

    def _test(self, cell: Cell) -> None:
        """Run one test and judge it. Afterwards there is no examiner when the test has ended it."""
        asked = self._rehearsal.answering.get(cell.name)
        try:
            if time.monotonic() > self._end:
                self._crowd.out_of_time()
                raise Gone("the time for one submission was over before this test")
            outputs, verdict, is_lost = self._examine(cell, asked)
        except Gone as reason:
            error = {"ename": "NotFinished", "evalue": str(reason), "traceback": []}
            outputs, verdict, is_lost = [{"output_type": "error", **error}], [FAILED, str(reason)], True
            self._examiner.end()
            self._examiner = None
        self._done.add(cell.name)
        _judge(cell, outputs, verdict, self._places[cell.name], self._found)
        if is_lost and asked:
            self._rehearsal.lose(asked, self._assignment.tests.keys() - self._done)

    def _examine(self, cell: Cell, asked: Channel | None) -> tuple[list, list, bool]:
        """Run one test to its end; returns its outputs, its verdict, and whether who was asked is lost by it.

        Raises Gone when the examiner itself does not end.
        """
        examiner, times = self._examiner.channel, self._times
        kernels = _Kernels(self._crowd, times, self._never)
        until = min(time.monotonic() + times.test, self._end)
        gone = "" if asked else "the notebook ended before this test"
        try:
            examiner.send("test", cell.name, cell.source)
            while True:
                with self._crowd.limited(examiner, until - time.monotonic()):
                    message = receive(examiner, until - time.monotonic(), "tested", "kernel", "ask")
                if message[0] == "tested":
                    _, outputs, verdict = message
                    return outputs, verdict, bool(asked and gone)
                if time.monotonic() > until:
                    raise Gone(f"it took more than {times.test:.0f} seconds")
                if message[0] == "kernel":
                    kernels.answer(message[1], examiner, until - time.monotonic())
                    continue
                if not gone:
                    try:
                        seconds = min(times.call, until - time.monotonic())
                        _pass_on(message[1], asked, examiner, seconds, self._crowd.limited(asked, seconds))
                        continue
                    except (Gone, OSError) as reason:
                        gone = str(reason)
                        asked.close()
                examiner.send("gone", gone)
        except OSError as error:
            raise Gone(str(error)) from None
        finally:
            kernels.end()


class _Kernels:
    """The process that builds and launches a student's kernels in one test, started when it is needed."""

    def __init__(self, crowd: Crowd, times: Times, never: dict[bytes, str]):
        self._crowd, self._times, self._never = crowd, times, never
        self._peer: Peer | None = None

    def answer(self, question: bytes, examiner: Channel, left: float) -> None:
        """Pass on a question; one that has ended such a process before is not asked again."""
        key = hashlib.sha256(question).digest()
        if key not in self._never:
            self._peer = self._peer or self._crowd.start("kernels", self._times.launch)
            try:
                seconds = min(self._times.call, left) + self._times.grace
                asked, told = self._peer.channel, min(self._times.launch, seconds)
                _pass_on(question, asked, examiner, seconds, self._crowd.limited(asked, told))
                return
            except (Gone, OSError) as reason:
                self._never[key] = self.end() or str(reason)
        examiner.send("gone", self._never[key])

    def end(self) -> str:
        """End the process; how it had ended by itself, or ""."""
        peer, self._peer = self._peer, None
        return peer.end() if peer else ""


def _pass_on(question: bytes, asked: Channel, asking: Channel, seconds: float, limited) -> None:
    """Send a question on and its answer back, neither of them read here. Raises Gone, OSError.

    `limited`: a context in which to wait for the answer.
    """
    until = time.monotonic() + seconds
    asked.socket.settimeout(seconds)
    asked.send_bytes(question)
    try:
        with limited:
            answer = asked.receive_bytes(max(until - time.monotonic(), 0.001))
    except TimeoutError:
        raise Gone(f"it took more than {seconds:.0f} seconds") from None
    except (EOFError, BadMessage) as error:
        raise Gone(str(error)) from None
    asking.send("answered")  # so that no answer can look like a message of this process
    asking.send_bytes(answer)


def _judge(cell: Cell, outputs: list, verdict: list, place: int, found: Findings) -> None:
    try:
        found.points[cell.name] = points_earned(verdict, cell.points)
    except TestCellError as error:
        found.points[cell.name] = None
        found.flags.append(f"{cell.name}: {error}")
    lost = verdict[1] if verdict[0] == FAILED else ""
    found.flags += [f"{cell.name}: {lost}"] if lost else []
    raised = [output for output in outputs if output["output_type"] == "error"]
    errors = [_told(output["ename"], output["evalue"], cell.is_hidden) for output in raised]
    errors = [lost] if lost and cell.is_hidden else errors
    printed = [output["text"] for output in outputs if output["output_type"] == "stream"]
    found.messages[cell.name] = "\n".join([*printed, *errors]).strip()[:4000]
    found.outputs[place] = outputs if not cell.is_hidden else [
        {"output_type": "stream", "name": "stdout", "text": found.messages[cell.name] + "\n"}
    ]  # fmt: skip


def _told(name: str, message: str, hidden: bool) -> str:
    """An error in words; in a hidden test, text that a student's code chose may quote a hidden input."""
    if not hidden:
        return f"{name}: {message}"
    return name if hasattr(builtins, name) else "an error"

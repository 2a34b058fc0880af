"""Lets the student's cells run in a candidate process, which leaves a process at the place of each test."""

import re
import socket
import time
from contextlib import ExitStack

from course_lib.examination.assignment import assigned
from course_lib.examination.crowding import Crowd
from course_lib.examination.peers import Gone, Times, receive
from course_lib.examination.submission import Submission
from course_lib.examination.wire import Channel

NOT_RUN = {"output_type": "stream", "name": "stdout",
           "text": "[Not run when the notebook was graded: no point depends on this cell.]\n"}  # fmt: skip


def run_cells(
    submission: Submission,
    crowd: Crowd,
    times: Times,
    end: float,
    found,
    stack: ExitStack,
    apart: bool = False,
) -> tuple[dict[str, Channel], Channel | None]:
    """Run the cells that must be, keep their outputs in `found`; returns what answers for the notebook, by
    name of test, and the notebook's own process: when that ends, all do.

    What answers is a copy of the notebook's process, made at the place of the test. A copy costs as much as a
    short cell, so tests with no cell between them share one, and what comes after the last cell is answered
    by the notebook's process itself; with `apart`, each test has a copy of its own. All end with `stack`.
    When a cell ends the process or leaves it unable to be copied, everything is run again without that cell.
    """
    run = _Run(submission, crowd, times, end, found, apart)
    while not run.is_over:
        if run.attempt():
            stack.callback(run.candidate.end)
            stack.callback(run.close)
            return run.answering, run.candidate.channel
    return {}, None


class _Run:
    """The cells of one submission, run as often as it takes to leave out those that end the process."""

    def __init__(self, submission: Submission, crowd: Crowd, times: Times, end: float, found, apart: bool):
        self._apart = apart
        self._submission, self._crowd, self._found = submission, crowd, found
        self._times, self._end = times, end
        self._left_out: set[int] = set()
        self._careful = False  # try a snapshot after each cell, to learn which one prevents them
        self._attempts = 0
        self.is_over = False
        self.candidate, self.answering = None, {}
        self._passed_over = submission.not_run
        found.outputs.update((place, [NOT_RUN]) for place in self._passed_over)
        self._last = max(filter(self._is_run, range(len(submission.cells))), default=-1)

    def attempt(self) -> bool:
        """Run the cells in order in a new process; False when one of them ended it."""
        self._attempts += 1
        self.candidate, self.answering = self._crowd.start("candidate"), {}
        place, is_cell, latest = 0, False, None
        try:
            for place, (cell, known) in enumerate(self._submission.cells):
                if cell.cell_type != "code":
                    continue
                is_cell = False
                if known is not None and known.is_test:
                    if latest is None or self._apart:
                        latest = self._here() if place > self._last and not self._apart else self._snapshot()
                    self.answering[known.name] = latest
                if place in self._left_out or not self._is_run(place):
                    continue
                is_cell, latest = True, None
                self._run_cell(place)
                if self._careful:
                    self._snapshot().close()
        except Gone as reason:
            self._without(place, is_cell, self.candidate.end() or str(reason))
            return False
        return True

    def _without(self, place: int, is_cell: bool, how: str) -> None:
        """Plan the next attempt: the process was lost at `place`, in the cell or in a snapshot before it."""
        self.close()
        if time.monotonic() > self._end or self._attempts > self._times.restarts:
            self._found.flags.append(f"stopped at cell {place + 1}: {how}")
            self.is_over = True
        elif is_cell:
            self._left_out.add(place)
            self._found.flags.append(f"cell {place + 1} ended the process: {how}")
            self._found.outputs[place] = [_ended(how)]
        else:
            self._careful = True

    def close(self) -> None:
        """End what answers."""
        for channel in self.answering.values():
            channel.close()

    def _is_run(self, place: int) -> bool:
        """Whether the cell is run here: a test only where a later cell mentions a name that it defines."""
        cell, known = self._submission.cells[place]
        if cell.cell_type != "code" or place in self._passed_over:
            return False
        if known is None or not known.is_test:
            return bool(cell.source.strip())
        later = [cell.source for at, (cell, known) in enumerate(self._submission.cells)
                 if at > place and at not in self._passed_over
                 and cell.cell_type == "code" and not (known is not None and known.is_test)]  # fmt: skip
        return not known.is_hidden and bool(assigned(cell.source) & set(re.findall(r"\w+", "\n".join(later))))

    def _run_cell(self, place: int) -> None:
        cell, known = self._submission.cells[place]
        channel = self.candidate.channel
        left = self._end - time.monotonic()
        if left <= 0:
            self._crowd.out_of_time()
            raise Gone("the time for one submission is over")
        seconds = min(self._times.cell, left)
        try:
            channel.send("run", cell.source, seconds)
        except OSError as error:
            raise Gone(str(error)) from None
        with self._crowd.limited(channel, seconds):
            _, outputs = receive(channel, seconds + self._times.grace, "ran")
        if known is None or not known.is_test:
            self._found.outputs[place] = outputs

    def _here(self) -> Channel:
        channel = self.candidate.channel
        try:
            channel.send("answer")
        except OSError as error:
            raise Gone(str(error)) from None
        return channel

    def _snapshot(self) -> Channel:
        channel = self.candidate.channel
        ours, theirs = socket.socketpair()
        with theirs, ExitStack() as undo:
            undo.callback(ours.close)
            try:
                channel.send("snapshot")
                socket.send_fds(channel.socket, [b"f"], [theirs.fileno()])
            except OSError as error:
                raise Gone(str(error)) from None
            receive(channel, self._times.call, "snapshot")
            undo.pop_all()
        return Channel(ours)


def _ended(how: str) -> dict:
    return {
        "output_type": "error",
        "ename": "ProcessEnded",
        "evalue": how,
        "traceback": [f"This cell ended Python: {how}."],
    }

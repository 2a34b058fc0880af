"""The step at the door: what has arrived is collected, its student is told so, and it waits."""

from collections.abc import Callable

from autograder.collect import Collected
from autograder.course import Course
from autograder.terminal import visible
from autograder.watch.arrivals import Arrival, Arrivals
from autograder.watch.faults import is_the_machines, said
from autograder.watch.intake import Busy, Intake
from autograder.watch.page import Board
from autograder.watch.returns import Returns, earlier, handed_in
from autograder.watch.turns import Job
from course_lib.commands import slips

AT_ONCE = 8  # arrivals that are collected before the other steps have their turn


class Reception:
    """Takes from the drop folder and the exchange; `add` lets a job wait, `say` prints a line."""

    def __init__(
        self,
        course: Course,
        returns: Returns,
        intake: Intake,
        board: Board,
        add: Callable[[Job], None],
        say: Callable[[str], None],
    ):
        self._course, self._returns, self._intake, self._board = course, returns, intake, board
        self._add, self._say = add, say
        self._drop, self._shelf = Arrivals(returns.inbound), Arrivals(intake.exchange.inbound)
        self._put_off: dict[tuple, tuple[str, str]] = {}  # until that is no longer in work

    @property
    def places(self) -> list[str]:
        """The folders that are there."""
        return [str(place.folder) for place in (self._drop, self._shelf) if place.folder.is_dir()]

    def expects(self) -> bool:
        """Whether something that is there may still be taken."""
        return bool(self._put_off or self._drop.unsettled() or self._shelf.unsettled())

    def arrive(self) -> bool:
        """Collect some of what is new; whether there was anything."""
        busy = self._intake.busy
        self._put_off = {known: key for known, key in self._put_off.items() if key in busy}
        did = False
        for place in (self._drop, self._shelf):
            new = [each for each in place.new() if (each.path, each.identity) not in self._put_off]
            for arrival in new[:AT_ONCE]:
                if place is self._drop or arrival.settled or self._intake.exchange.is_whole(arrival.path):
                    did = True
                    self._look(place, arrival)
        return did

    def _look(self, place: Arrivals, arrival: Arrival) -> None:
        take = self._intake.from_drop if place is self._drop else self._intake.from_exchange
        try:
            results = take(arrival)
        except Busy as busy:
            self._put_off[arrival.path, arrival.identity] = busy.key
        except FileNotFoundError:
            place.keep(arrival)
        except Exception as error:  # a fault of ours that this file has found; the others are taken
            place.again(arrival) if is_the_machines(error) else place.keep(arrival)
            self._board.note(visible(arrival.path.name), said(error), arrival.path)
        else:
            self._sort(place, arrival, results)

    def _sort(self, place: Arrivals, arrival: Arrival, results: list[Collected]) -> None:
        """Let each submission wait that was taken, and say what was refused."""
        refused = [each for each in results if each.outcome == "refused"]
        for each in results:
            if each not in refused and each.received is not None:
                self._taken(each)
        name = visible(arrival.path.name)
        if not refused:
            place.take_away(arrival) if place is self._drop else place.keep(arrival)
            self._board.wrong.pop(name, None)
        elif any(each.again for each in refused):
            place.again(arrival)
            self._board.note(name, refused[0].detail, arrival.path)
        else:
            place.looked_at(arrival)
            if arrival.settled:
                self._refused(name, arrival, refused)

    def _taken(self, each: Collected) -> None:
        job = _job(each)
        current = handed_in(self._course, job.student, job.assignment)
        if current is None or current.ticket != job.ticket:
            which = f"that of {current.submitted} is newer and counts" if current else "another one counts"
            self._returns.say(job, slips.REPLACED, which)
            return
        slip = self._returns.slip(job.ticket)
        if slip is not None and slip.state in (slips.BACK, slips.FAILED):
            return  # the same file once more
        self._returns.say(job, slips.WAITING)
        for older in earlier(self._course, job.student, job.assignment):
            before = self._returns.slip(older.ticket)
            if before is not None and before.state in (slips.WAITING, slips.HELD):
                self._returns.say(older, slips.REPLACED, "a newer one came before it was graded")
        self._say(f"taken: {job.student}, {job.assignment}")
        self._add(job)

    def _refused(self, name: str, arrival: Arrival, refused: list[Collected]) -> None:
        for each in refused:
            reason = each.detail.removeprefix(f"{each.shown}: ")
            if each.received is not None:
                self._returns.say(_job(each), slips.REFUSED, reason)
            self._board.note(name, reason, arrival.path)
            self._say(f"refused: {each.detail}")


def _job(each: Collected) -> Job:
    received = each.received
    ticket, submitted = slips.ticket(received.receipt), f"{received.submitted:%Y-%m-%dT%H:%M:%SZ}"
    return Job(received.student, received.assignment, ticket, received.sha256, submitted)

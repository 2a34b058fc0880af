"""The student's `./course feedback`: what came back of what was handed in on this machine."""

from collections.abc import Iterator
from pathlib import Path

from course_lib.commands import drop, slips, workspace
from course_lib.commands.slips import Slip
from course_lib.errors import UserError
from course_lib.paths import write_atomically

SHOWN = 400  # characters of a message; the page has all of it


def show(assignment: str | None) -> None:
    """Print what is known of the newest hand-in of each assignment, or of one, and bring its page.

    Raises UserError where nothing was handed in on this machine.
    """
    place = drop.folder()
    if place is None:
        raise UserError(
            f"Nothing is graded on this machine by itself ({drop.VARIABLE} is not set): your feedback comes "
            "as your course tells you."
        )
    handed_in: dict[str, list[str]] = {}
    for ticket, about in drop.handed_over().items():
        if assignment in (None, about["assignment"]):
            handed_in.setdefault(about["assignment"], []).insert(0, ticket)
    if not handed_in:
        name = assignment or "ASSIGNMENT"
        raise UserError(f"Nothing was handed in from here yet; ./course submit {name} does it.")
    for name, tickets in handed_in.items():
        for line in _lines(name, tickets, place / drop.FEEDBACK):
            print(line)


def newest(assignment: str) -> Slip | None:
    """The slip of the newest hand-in of an assignment that is back; None where none is."""
    place = drop.folder()
    if place is None:
        return None
    for ticket, about in reversed(drop.handed_over().items()):
        if about["assignment"] == assignment:
            try:
                slip = slips.read(place / drop.FEEDBACK, ticket)
            except UserError:  # ./course feedback says what is wrong with it
                continue
            if slip is not None and slip.state == slips.BACK:
                return slip
    return None


def _lines(assignment: str, tickets: list[str], folder: Path) -> Iterator[str]:
    """The newest first; and when it is not back yet, the newest that is."""
    newest = slips.read(folder, tickets[0])
    if newest is None:
        yield f"{assignment}: handed in, and not yet taken; ./course feedback says more in a moment."
    else:
        yield from _about(assignment, newest)
    for ticket in tickets:
        slip = slips.read(folder, ticket)
        if slip is not None and slip.state == slips.BACK:
            if ticket != tickets[0]:
                yield from _about(f"{assignment}, an earlier one", slip)
            yield from _page(assignment, folder / (ticket + slips.PAGE))
            return


def _about(name: str, slip: Slip) -> Iterator[str]:
    yield f"{name}, handed in {slip.submitted}: {slip.state}{f' ({slip.said})' if slip.said else ''}"
    for test in slip.tests:
        points = "a person marks it" if test.points is None else f"{test.points:g} of {test.possible:g}"
        yield f"  {test.name}: {points}"
        if test.message.strip() and test.points != test.possible:
            yield from (f"    {line}" for line in test.message.strip()[:SHOWN].splitlines())
    if slip.state == slips.BACK and slip.hidden_possible:
        told = "later" if slip.hidden is None else f"{slip.hidden:g} of {slip.hidden_possible:g}"
        yield f"  hidden tests: {told}"
    if slip.marking:
        yield "  answers in words: a person has still to mark them"


def _page(assignment: str, page: Path) -> Iterator[str]:
    """Bring the page into the workspace, beside the notebook as nbgrader does."""
    try:
        data = page.read_bytes()
    except OSError:
        return
    name = f"{workspace.shipped(assignment).stem}.html"
    yield f"  page: {write_atomically(workspace.folder() / assignment / 'feedback' / name, data)}"

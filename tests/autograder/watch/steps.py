"""Has a process that watches killed around each of its steps, and around the writes that grade has, too."""

from autograder import collect
from autograder.watch import arrivals, desks, returns
from tests.autograder.killing import POINTS, die, kill_at

SHARED = ("journal:torn", "journal:after", "gradebook:saved", "place:before")  # grade is tried at all of them
STEPS = {point: POINTS[point] for point in SHARED} | {
    "arrived": (collect, "store", die, None),
    "collected:aside": (collect, "write", die, None),
    "collected": (collect, "store", None, die),
    "promised": (returns.Returns, "say", None, die),
    "gone:before": (arrivals.Arrivals, "take_away", die, None),
    "gone": (arrivals.Arrivals, "take_away", None, die),
    "in work": (desks.Desks, "give", None, die),
    "graded": (desks.Desk, "record", die, None),
    "recorded": (desks.Desk, "record", None, die),
    "rendered:before": (returns, "feedback_page", die, None),
    "rendered": (returns, "feedback_page", None, die),
    "page there": (returns.Returns, "_write", die, None),
    "fed back": (returns.Returns, "bring", None, die),
}


def kill_at_step(step: str, count: int) -> None:
    """From now on the `count`-th arrival at `step` ends this process."""
    kill_at(step, count, STEPS)

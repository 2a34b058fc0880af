"""The processes that an examination talks to, and how long it waits for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from course_lib.examination.messages import MAX_BYTES, MAX_PARTS, checked
from course_lib.examination.wire import BadMessage, Channel


class Peer(Protocol):
    """A process at the other end of `channel`; `pid` is that of its guard, 0 where it is not known."""

    channel: Channel
    pid: int

    def dismiss(self) -> None:
        """Have it and all it started killed, without waiting for that."""

    def end(self) -> str:
        """Kill it and all it started; say how it had ended, or "" when it was alive."""


Start = Callable[..., Peer]  # start("candidate" | "examiner" | "kernels", *details)


@dataclass(frozen=True)
class Times:
    """Seconds for one cell, one call of a student's function, one launch of a kernel, one test, and the whole
    submission. `grace` is what a process may take beyond what it was told to keep to. `restarts` counts cells
    that may end the process before the rest of the notebook is given up.
    """

    cell: float = 120.0
    call: float = 30.0
    launch: float = 10.0
    test: float = 120.0
    submission: float = 600.0
    grace: float = 10.0
    restarts: int = 5


class Gone(Exception):
    """A process has ended or has not answered in time."""


def receive(channel: Channel, seconds: float, *words: str) -> list:
    """The next message on `channel`, one that begins with one of `words`, checked. Raises Gone."""
    try:
        return checked(channel.receive(seconds, MAX_BYTES, MAX_PARTS), words)
    except TimeoutError:
        raise Gone(f"it took more than {seconds:.0f} seconds") from None
    except (EOFError, BadMessage, OSError) as error:
        raise Gone(str(error)) from None

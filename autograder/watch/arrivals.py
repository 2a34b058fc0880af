"""What lies in a folder where students put things, and was not looked at as it is now.

A file may still be written, be replaced while it is read, or be anything at all. It is looked at when it is
new, and when it could not be taken, once more after it has stood unchanged for a while.
"""

import contextlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

SETTLED = 5.0  # seconds; a file that is still being written changes more often
REST = 20  # times as long as a look at the folder has taken, until the next
TAKEN = ".taken-"  # how a file is called for the moment between taken and gone


@dataclass(frozen=True)
class Arrival:
    """Something in a folder: what it was when it was seen, who owns it, and whether it stands still."""

    path: Path
    identity: tuple[int, int, int]
    owner: int
    written: int
    settled: bool


@dataclass
class _Seen:
    identity: tuple[int, int, int]
    since: float
    looks: int = 0
    over: bool = False
    excused: bool = False


class Arrivals:
    """The entries of `folder`, which need not be there yet."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._seen: dict[str, _Seen] = {}
        self._next = float("-inf")

    def new(self) -> list[Arrival]:
        """What is to be looked at now, the longest there first."""
        found, there, now = [], {}, time.monotonic()
        if now < self._next:
            return []
        try:
            entries = list(os.scandir(self.folder))
        except OSError:
            return []
        for entry in entries:
            if entry.name.startswith(".") and not entry.name.startswith(TAKEN):
                continue
            with contextlib.suppress(OSError):  # it is gone already
                about = entry.stat(follow_symlinks=False)
                identity = about.st_ino, about.st_size, about.st_mtime_ns
                seen = self._seen.get(entry.name)
                if seen is None or seen.identity != identity:
                    seen = _Seen(identity, now)
                there[entry.name] = seen
                settled = now - seen.since >= SETTLED
                if not seen.over and (settled or not seen.looks):
                    path = self.folder / entry.name
                    found.append(Arrival(path, identity, about.st_uid, about.st_mtime_ns, settled))
        self._seen = there
        # A folder of many thousands, as an exchange becomes, must not take the whole processor.
        self._next = now + REST * (time.monotonic() - now)
        return sorted(found, key=lambda arrival: (arrival.written, arrival.path.name))

    def unsettled(self) -> bool:
        """Whether something is there that must be looked at once more, and may be taken then."""
        return any(not (seen.over or seen.excused) for seen in self._seen.values())

    def looked_at(self, arrival: Arrival) -> None:
        """It was looked at in vain: once more when it stands still, and not again if it did."""
        seen = self._seen.get(arrival.path.name)
        if seen and seen.identity == arrival.identity:
            seen.looks, seen.over = seen.looks + 1, arrival.settled

    def again(self, arrival: Arrival) -> None:
        """It is not to blame, and looked at again after a while."""
        seen = self._seen.get(arrival.path.name)
        if seen and seen.identity == arrival.identity:
            seen.looks, seen.since, seen.excused = 1, time.monotonic(), True

    def keep(self, arrival: Arrival) -> None:
        """It is done with, and stays where it is."""
        seen = self._seen.get(arrival.path.name)
        if seen and seen.identity == arrival.identity:
            seen.over = True

    def take_away(self, arrival: Arrival) -> None:
        """Remove what was taken. What has come in its place meanwhile stays, and is new."""
        self.keep(arrival)  # also where it cannot be removed
        aside = self.folder / f"{TAKEN}{secrets.token_hex(8)}{arrival.path.suffix}"
        with contextlib.suppress(OSError):
            os.rename(arrival.path, aside)
            about = os.lstat(aside)
            if (about.st_ino, about.st_size, about.st_mtime_ns) == arrival.identity:
                os.unlink(aside)
            else:
                os.rename(aside, self.folder / f"again-{secrets.token_hex(8)}{arrival.path.suffix}")

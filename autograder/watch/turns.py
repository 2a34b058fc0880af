"""The next one: of the students waiting, the one with the fewest turns, and of several the first to come."""

from collections import Counter
from collections.abc import Container, Hashable
from dataclasses import dataclass, field


@dataclass
class Job:
    """A submission on its way: which one it is, and where it stands.

    `arrived` is time.monotonic() when it was first seen, `order` the place among all arrivals.
    """

    student: str
    assignment: str
    ticket: str
    sha256: str
    submitted: str
    arrived: float = 0.0
    order: int = 0
    alone: bool = False  # others had kept it waiting; it is graded once more, beside nobody
    tries: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """One submission of a student and assignment is on its way at a time, the newest."""
        return self.student, self.assignment


@dataclass
class Turns:
    """Those who wait. Turns are counted while somebody waits or is in work, and forgotten after that.

    So a student who hands in ten times while the class waits is served once before everybody's first, and the
    rest after; when nobody waits, nobody is held up by yesterday.
    """

    waiting: dict[Hashable, Job] = field(default_factory=dict)
    _had: Counter[str] = field(default_factory=Counter)
    _count: int = 0

    def add(self, job: Job) -> None:
        """Let a job wait, in the place of an older one of the same student and assignment."""
        before = self.waiting.get(job.key)
        self._count += 1
        job.order = before.order if before else self._count
        self.waiting[job.key] = job

    def back(self, job: Job) -> None:
        """A job that had its turn waits again, in its old place, through no fault of its student."""
        self._had[job.student] -= 1
        self.waiting.setdefault(job.key, job)

    def order(self, without: Container[Hashable] = ()) -> list[Job]:
        """Those who wait in the order in which they come, if nobody else arrives."""
        had = Counter(self._had)
        left = sorted(
            (job for job in self.waiting.values() if job.key not in without), key=lambda job: job.order
        )
        found = []
        rounds: dict[int, list[Job]] = {}
        for job in left:
            rounds.setdefault(had[job.student], []).append(job)
            had[job.student] += 1
        for turn in sorted(rounds):
            found += rounds[turn]
        return found

    def begin(self, job: Job) -> None:
        """A job has its turn, and waits no longer."""
        del self.waiting[job.key]
        self._had[job.student] += 1

    def rest(self) -> None:
        """Nobody waits and nothing is in work: turns are forgotten."""
        self._had.clear()

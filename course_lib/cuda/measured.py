"""What one inspected launch did: findings, and exact counts of its memory traffic."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from course_lib.cuda.findings import Finding

COUNTS = ("accesses", "bytes", "requests", "sectors", "used_bytes", "passes", "ideal_passes")
SECTOR_BYTES = 32
GOOD_COALESCING = 0.8  # where nothing else is asked for


@dataclass(frozen=True)
class LineTraffic:
    """What one line did to one array: accesses by threads, bytes, warp instructions, and their cost.

    Global: `sectors` of 32 bytes moved, and how many of their bytes threads asked for (`coalescing_of` says
    how that is counted). Shared: `passes` through the banks, and the fewest possible.
    """

    line: int
    array: str
    space: str
    access: str
    accesses: int
    bytes: int
    requests: int
    sectors: int
    used_bytes: int
    passes: int
    ideal_passes: int

    @property
    def ideal_sectors(self) -> int:
        """The fewest sectors that could hold the bytes asked for."""
        return -(-self.used_bytes // SECTOR_BYTES)


@dataclass(frozen=True)
class ArrayTraffic:
    """What the launch did to one array. `reads` and `writes` count elements, however wide the accesses were.

    `most_reads` and `most_writes` are those of the element touched most; `elements_read` and
    `elements_written` say how many different elements were touched.
    """

    name: str
    space: str
    elements: int
    itemsize: int
    reads: int
    writes: int
    atomics: int
    most_reads: int
    most_writes: int
    elements_read: int
    elements_written: int


@dataclass(frozen=True)
class Event:
    """One access of a small launch, for the picture: element, block and thread are linear numbers."""

    array: str
    index: int
    block: int
    thread: int
    access: str


@dataclass
class Measured:
    """Findings and counts of one launch of one kernel; `ok` when nothing was found.

    `ended`: it came to its end, so that its results are in the arrays. `bar`: the coalescing that is called
    good, of all arrays together or of each array named.
    """

    kernel: str
    filename: str
    source: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    findings: list[Finding]
    lines: list[LineTraffic]
    arrays: list[ArrayTraffic]
    events: list[Event] | None
    printed: str = ""
    ended: bool = True
    bar: float | Mapping[str, float] = GOOD_COALESCING

    @property
    def ok(self) -> bool:
        """Whether the launch ended well and nothing was found."""
        return not self.findings

    @cached_property
    def totals(self) -> list[LineTraffic]:
        """The traffic summed over lines: one entry (line 0) for each array and kind of access."""
        sums: dict[tuple, list[int]] = {}
        for t in self.lines:
            total = sums.setdefault((t.array, t.space, t.access), [0] * len(COUNTS))
            sums[t.array, t.space, t.access] = [
                n + getattr(t, name) for n, name in zip(total, COUNTS, strict=True)
            ]
        return [LineTraffic(0, *key, *total) for key, total in sorted(sums.items())]

    @cached_property
    def reads(self) -> dict[str, int]:
        """Elements read from global memory, by array."""
        return {a.name: a.reads for a in self.arrays if a.space == "global"}

    @cached_property
    def writes(self) -> dict[str, int]:
        """Elements written to global memory, by array; atomic updates count too."""
        return {a.name: a.writes + a.atomics for a in self.arrays if a.space == "global"}

    def _sum(self, what: str, space: str, access: str | None = None) -> int:
        return sum(getattr(t, what) for t in self.lines if t.space == space and access in (None, t.access))

    @property
    def global_bytes(self) -> int:
        """Bytes that the threads read from and wrote to global memory."""
        return self._sum("bytes", "global")

    @property
    def sectors(self) -> int:
        """32-byte sectors of global memory that the warps' accesses touched."""
        return self._sum("sectors", "global")

    @property
    def coalescing(self) -> float:
        """The share of all moved sectors that was needed, from 0 to 1: see `coalescing_of`."""
        return self.coalescing_of()

    def coalescing_of(self, *arrays: str) -> float:
        """Of the sectors moved for these global arrays (all, where none is named), the share that was needed.

        A request of a warp moves whole sectors of 32 bytes. Of each sector, the bytes that lanes ask for are
        used; a byte that several lanes ask for counts for each of them, up to the sector's 32. So a lane that
        reads one float alone uses an eighth of what it moves, and so do lanes that are 32 bytes apart; lanes
        side by side, or all at one number, use all of it. No request uses more than it moves, so reading the
        same bytes again in another request does not raise the share. A line's used bytes are rounded up to
        whole sectors: the end of an array is no waste.

        Sources: CUDA C++ Best Practices Guide, "Coalesced Access to Global Memory" (32-byte transactions);
        the ratio is nvprof's gld_efficiency (requested over required throughput, CUDA Profiler User's Guide),
        which goes above 100% where lanes share bytes, and here does not.
        """
        lines = [t for t in self.lines if t.space == "global" and (not arrays or t.array in arrays)]
        sectors = sum(t.sectors for t in lines)
        return sum(t.ideal_sectors for t in lines) / sectors if sectors else 1.0

    @property
    def bank_conflicts(self) -> int:
        """Passes through shared memory's banks beyond the fewest (1 a warp access; 2, 4 for 8, 16 bytes)."""
        return self._sum("passes", "shared") - self._sum("ideal_passes", "shared")

    def intensity(self, flops: float) -> float:
        """Arithmetic intensity in FLOP per byte: `flops`, known from the formula, over global bytes."""
        return flops / self.global_bytes if self.global_bytes else float("inf")

"""What one inspected launch did: findings with line and threads, and exact counts of memory traffic."""

from dataclasses import dataclass, field
from functools import cached_property

from course_lib.cuda.arguments import Launch

# Kinds of findings in the order in which a person should read them.
KINDS = (
    "barrier divergence", "different barriers", "warp divergence", "trap", "crash", "out of bounds",
    "misaligned", "race", "uninitialized", "inactive lane",
)  # fmt: skip
_COUNTS = ("accesses", "bytes", "requests", "sectors", "ideal_sectors", "passes", "ideal_passes")
_DOES = {"read": "reads", "write": "writes", "atomic": "updates (atomic)"}


@dataclass(frozen=True)
class Finding:
    """One fault: its kind (one of KINDS), a sentence for a person, its lines, how often it was seen."""

    kind: str
    message: str
    line: int
    other_line: int | None = None
    array: str | None = None
    count: int = 1

    def __str__(self) -> str:
        times = f" (seen {self.count:,} times)" if self.count > 1 else ""
        return f"line {self.line}: {self.kind}: {self.message}{times}"


@dataclass(frozen=True)
class LineTraffic:
    """What one line did to one array: accesses by threads, bytes, warp instructions, and their cost.

    Global: `sectors` of 32 bytes moved, and the fewest that could hold what was asked for. Shared: `passes`
    through the banks, and the fewest possible.
    """

    line: int
    array: str
    space: str
    access: str
    accesses: int
    bytes: int
    requests: int
    sectors: int
    ideal_sectors: int
    passes: int
    ideal_passes: int


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
class Report:
    """Findings and counts of one launch of one kernel; `ok` when there is nothing to complain of.

    Shown in a notebook it draws itself; `str(report)` is the same as plain text.
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
    flops: float | None = field(default=None)

    @property
    def ok(self) -> bool:
        """Whether the launch ended well and nothing was found."""
        return not self.findings

    @cached_property
    def totals(self) -> list[LineTraffic]:
        """The traffic summed over lines: one entry (line 0) for each array and kind of access."""
        sums: dict[tuple, list[int]] = {}
        for t in self.lines:
            total = sums.setdefault((t.array, t.space, t.access), [0] * len(_COUNTS))
            sums[t.array, t.space, t.access] = [
                n + getattr(t, name) for n, name in zip(total, _COUNTS, strict=True)
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
        """Fewest possible sectors over sectors touched: 1 when every access is coalesced."""
        return self._sum("ideal_sectors", "global") / self.sectors if self.sectors else 1.0

    @property
    def bank_conflicts(self) -> int:
        """Passes through shared memory's banks beyond the fewest (1 a warp access; 2, 4 for 8, 16 bytes)."""
        return self._sum("passes", "shared") - self._sum("ideal_passes", "shared")

    def intensity(self, flops: float) -> float:
        """Arithmetic intensity in FLOP a byte: `flops`, known from the formula, over global bytes."""
        return flops / self.global_bytes if self.global_bytes else float("inf")

    def __str__(self) -> str:
        from course_lib.cuda.report_text import text

        return text(self)

    def _repr_html_(self) -> str:
        from course_lib.cuda.report_html import html

        return html(self)


def report_of(raw: dict, launch: Launch, source: str, filename: str) -> Report:
    """The Report of the inspector's answer `raw` (see host/report.cpp)."""
    names = [array["name"] for array in raw["arrays"]]
    lines: dict[tuple, dict] = {}
    for stat in raw["stats"]:
        array = raw["arrays"][stat["array"]]
        key = stat["line"], array["name"], array["space"], stat["access"]
        total = lines.setdefault(key, dict.fromkeys(_COUNTS, 0))
        for name in total:
            total[name] += stat[name]
    return Report(
        launch.kernel.name, filename, source, launch.grid, launch.block,
        findings=_findings(raw, launch),
        lines=[LineTraffic(*key, **total) for key, total in sorted(lines.items())],
        arrays=[_array(array) for array in raw["arrays"]],
        events=None if raw["too_many_events"] else [Event(names[a], *rest) for a, *rest in raw["events"]],
        printed=raw.get("printed", ""),
    )  # fmt: skip


def _array(raw: dict) -> ArrayTraffic:
    size, cells = raw["element"], raw["element"] // raw["cell"] or 1
    return ArrayTraffic(
        raw["name"], raw["space"], raw["bytes"] // size, size, raw["read_bytes"] // size,
        raw["write_bytes"] // size, raw["atomics"], raw["most_reads"], raw["most_writes"],
        raw["cells_read"] // cells, raw["cells_written"] // cells,
    )  # fmt: skip


def _findings(raw: dict, launch: Launch) -> list[Finding]:
    found: dict[tuple, Finding] = {}
    for item in raw["findings"]:
        finding = _finding(item, raw["arrays"], launch)
        key = finding.kind, finding.line, finding.other_line, finding.array
        if key in found:
            finding = Finding(**{**found[key].__dict__, "count": found[key].count + finding.count})
        if finding.kind != "different barriers" or finding.line != finding.other_line:
            found[key] = finding
    if raw.get("message"):
        kind, line, text = raw["message"].split("|", 2)
        found[kind, line] = Finding(kind, text, int(line))
    if raw["ending"] == "crashed" and not any(f.kind == "out of bounds" for f in found.values()):
        found["crash"] = Finding(
            "crash", "the kernel crashed here or shortly after; see the other findings", 0
        )
    return sorted(found.values(), key=lambda f: (KINDS.index(f.kind), f.line))


def _who(actor: dict, launch: Launch) -> str:
    def place(number: int, extents: tuple[int, int, int]) -> str:
        x, y, z = number % extents[0], number // extents[0] % extents[1], number // extents[0] // extents[1]
        if extents[1:] == (1, 1):
            return str(x)
        return f"({x},{y})" if extents[2] == 1 else f"({x},{y},{z})"

    thread = f"thread {place(actor['thread'], launch.block)}"
    return thread if launch.grid == (1, 1, 1) else f"{thread} of block {place(actor['block'], launch.grid)}"


def _finding(raw: dict, arrays: list[dict], launch: Launch) -> Finding:
    actor, other = raw["actor"], raw.get("other")
    array = arrays[raw["array"]] if raw["array"] >= 0 else None
    name = array["name"] if array else None
    who, index = _who(actor, launch), raw["index"]
    if raw["kind"] == "race":
        space = f"shared {name}" if array["space"] == "shared" else name
        there = "the same line" if other["line"] == actor["line"] else f"line {other['line']}"
        message = (
            f"{who} {_DOES[actor['access']]} {space}[{index}] and {_who(other, launch)} "
            f"{_DOES[other['access']]} it"
            f" in {there}, "
            + (
                "and blocks have no order between them"
                if other["block"] != actor["block"]
                else "with no barrier between them"
            )
        )
    elif raw["kind"] == "out of bounds":
        if array:
            what = "shared " if array["space"] == "shared" else ""
            last = array["bytes"] // array["element"] - 1
            extent = f"its elements are 0 to {last:,}" if last >= 0 else "it has no elements"
            message = f"{who} {_DOES[actor['access']]} {what}{name}[{index}], but {extent}"
        elif raw["address"] < 4096:
            message = f"{who} {_DOES[actor['access']]} through a null pointer"
        else:
            message = f"{who} {_DOES[actor['access']]} memory far outside of every array"
    elif raw["kind"] == "misaligned":
        message = (
            f"{who} {_DOES[actor['access']]} {name} near element {index} with a vector type at an "
            "address that is no multiple of its size"
        )
    elif raw["kind"] == "uninitialized":
        message = f"{who} reads shared {name}[{index}], which no thread of the block has written"
    elif raw["kind"] == "inactive lane":
        message = f"{who} reads lane {index} of its warp, which takes no part in this operation"
    else:
        message = (
            f"{who} waits at the barrier in line {actor['line']}, {_who(other, launch)} at the one "
            f"in line {other['line']}"
        )
    return Finding(raw["kind"], message, actor["line"], other["line"] if other else None, name, raw["count"])

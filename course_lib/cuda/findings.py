"""What was wrong in one inspected launch: the inspector's answer as sentences for a person."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from course_lib.cuda import hints
from course_lib.cuda.arguments import Launch

# Kinds of findings in the order in which a person should read them, and what each is called in a sentence.
KINDS = {
    "barrier divergence": "a barrier that not all threads reach",
    "different barriers": "threads that wait at different barriers",
    "warp divergence": "a warp operation that not all its lanes reach",
    "trap": "a trap",
    "crash": "a crash",
    "out of bounds": "an access out of bounds",
    "misaligned": "a misaligned vector access",
    "race": "a race",
    "uninitialized": "a read of shared memory that nobody has written",
    "inactive lane": "a shuffle from a lane that takes no part",
}
_DOES = {"read": "reads", "write": "writes", "atomic": "updates (atomic)"}


@dataclass(frozen=True)
class Finding:
    """One fault: its kind (one of KINDS), a sentence for a person, its lines, how often it was seen.

    `quote`: the lines of the source, each on a line of its own; `is_cause`: what others follow from.
    """

    kind: str
    message: str
    line: int
    other_line: int | None = None
    array: str | None = None
    count: int = 1
    quote: str = ""
    is_cause: bool = False

    def __str__(self) -> str:
        return self.sentence + self.quote

    @property
    def sentence(self) -> str:
        """The finding without the lines of the source."""
        times = f" (seen {self.count:,} times)" if self.count > 1 else ""
        return f"line {self.line}: {self.kind}: {self.message}{times}"


def findings_of(raw: dict, launch: Launch, source: str) -> list[Finding]:
    """The findings of the inspector's answer `raw` (see host/report.cpp), each once, in reading order."""
    found: dict[tuple, Finding] = {}
    for item in raw["findings"]:
        finding = _finding(item, raw["arrays"], launch, source)
        key = finding.kind, finding.line, finding.other_line, finding.array
        if key in found:
            finding = replace(found[key], count=found[key].count + finding.count)
        if finding.kind != "different barriers" or finding.line != finding.other_line:
            found[key] = finding
    if raw.get("message"):
        kind, line, text = raw["message"].split("|", 2)
        found[kind, line] = of_the_scheduler(kind, int(line), text, source)
    if raw["ending"] == "crashed" and not any(f.kind == "out of bounds" for f in found.values()):
        found["crash"] = Finding(
            "crash", "the kernel crashed here or shortly after; see the other findings", 0
        )
    order = list(KINDS)
    return sorted(found.values(), key=lambda f: (not f.is_cause, order.index(f.kind), f.line))


def in_short(findings: Iterable[Finding]) -> str:
    """Findings as kinds and lines: "a race in lines 8 and 14"; "" where there are none."""
    lines: dict[str, set[int]] = {}
    for finding in findings:
        lines.setdefault(finding.kind, set()).update({finding.line, finding.other_line} - {None, 0})
    *most, last = [f"{KINDS[kind]}{_in_lines(sorted(where))}" for kind, where in lines.items()] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _in_lines(lines: list[int]) -> str:
    if len(lines) < 2:
        return f" in line {lines[0]}" if lines else ""
    return f" in lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}"


def of_the_scheduler(kind: str, line: int, text: str, source: str) -> Finding:
    """What stopped a launch (see host/runtime.cpp); of a barrier, first why not all threads come to it."""
    reason = ""
    if kind == "barrier divergence":
        reason = hints.around_barrier(source, line)
        if reason:
            text = f"the barrier stands {reason}: {text}"
        elif other := hints.other_barrier(source, line):
            text = f"{text}; {other}"
    return Finding(kind, text, line, quote=hints.quoted(source, line), is_cause=bool(reason))


def _who(actor: dict, launch: Launch) -> str:
    def place(number: int, extents: tuple[int, int, int]) -> str:
        x, y, z = number % extents[0], number // extents[0] % extents[1], number // extents[0] // extents[1]
        if extents[1:] == (1, 1):
            return str(x)
        return f"({x},{y})" if extents[2] == 1 else f"({x},{y},{z})"

    thread = f"thread {place(actor['thread'], launch.block)}"
    return thread if launch.grid == (1, 1, 1) else f"{thread} of block {place(actor['block'], launch.grid)}"


def _finding(raw: dict, arrays: list[dict], launch: Launch, source: str) -> Finding:
    actor, other = raw["actor"], raw.get("other")
    line, other_line = actor["line"], other["line"] if other else None
    array = arrays[raw["array"]] if raw["array"] >= 0 else None
    name = array["name"] if array else None
    who, index = _who(actor, launch), raw["index"]
    is_cause = False
    if raw["kind"] == "race":
        message = _race(actor, other, array, index, launch, source)
    elif raw["kind"] == "out of bounds":
        message = _out_of_bounds(raw, array, who)
    elif raw["kind"] == "misaligned":
        message = (
            f"{who} {_DOES[actor['access']]} {name} near element {index} with a vector type at an "
            "address that is no multiple of its size"
        )
    elif raw["kind"] == "uninitialized":
        message = f"{who} reads shared {name}[{index}], which no thread of the block has written"
    elif raw["kind"] == "inactive lane":
        message = f"{who} reads lane {index} of its warp, which takes no part in this operation"
        message += _cut_warp(actor["thread"], launch)
    else:
        reasons = {at: hints.around_barrier(source, at) for at in (line, other_line)}
        if "`" in reasons[other_line] and "`" not in reasons[line]:
            actor, other, line, other_line = other, actor, other_line, line
        reason = f", {reasons[line]}," if reasons[line] else ""
        is_cause = bool(reason)
        message = (
            f"{_who(actor, launch)} waits at the barrier in line {line}{reason} and {_who(other, launch)} at "
            f"the one in line {other_line}"
        )
    quote = hints.quoted(source, line, other_line)
    return Finding(raw["kind"], message, line, other_line, name, raw["count"], quote, is_cause)


def _cut_warp(thread: int, launch: Launch) -> str:
    """Where the thread's warp is the last one and has fewer than 32 lanes: that this is the block's fault."""
    threads = math.prod(launch.block)
    lanes = threads % 32
    if not lanes or thread < threads - lanes:
        return ""
    return f": the block has {threads} threads, no whole number of warps, and its last warp has {lanes} lanes"


def _race(actor: dict, other: dict, array: dict, index: int, launch: Launch, source: str) -> str:
    place = f"shared {array['name']}" if array["space"] == "shared" else array["name"]
    line, other_line = actor["line"], other["line"]
    where, order = f"line {other_line}", "with no barrier between them"
    if line == other_line:
        where = "the same line"
    if other["block"] != actor["block"]:
        order = "and blocks have no order between them"
    elif line == other_line and hints.in_loop(source, line):
        where += ", perhaps in another round of the loop"
    elif hints.is_next_round(source, *sorted((line, other_line))):
        where += " of the next round" if other_line < line else " of the round before"
        order = "with no barrier between the end of one round and the beginning of the next"
    elif hints.is_next_call(source, *sorted((line, other_line))):
        where += " of the next call" if other_line < line else " of the call before"
        order = "with no barrier between the end of one call of this function and the beginning of the next"
    return (
        f"{_who(actor, launch)} {_DOES[actor['access']]} {place}[{index}] and {_who(other, launch)} "
        f"{_DOES[other['access']]} it in {where}, {order}"
    )


def _out_of_bounds(raw: dict, array: dict | None, who: str) -> str:
    does = _DOES[raw["actor"]["access"]]
    if array is None:
        where = "through a null pointer" if raw["address"] < 4096 else "memory far outside of every array"
        return f"{who} {does} {where}"
    what = "shared " if array["space"] == "shared" else ""
    last = array["bytes"] // array["element"] - 1
    extent = f"its elements are 0 to {last:,}" if last >= 0 else "it has no elements"
    return f"{who} {does} {what}{array['name']}[{raw['index']}], but {extent}"

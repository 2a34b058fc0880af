"""What was wrong in one inspected launch: the inspector's answer as sentences for a person."""

from dataclasses import dataclass

from course_lib.cuda.arguments import Launch

# Kinds of findings in the order in which a person should read them.
KINDS = (
    "barrier divergence", "different barriers", "warp divergence", "trap", "crash", "out of bounds",
    "misaligned", "race", "uninitialized", "inactive lane",
)  # fmt: skip
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


def findings_of(raw: dict, launch: Launch) -> list[Finding]:
    """The findings of the inspector's answer `raw` (see host/report.cpp), each once, in reading order."""
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

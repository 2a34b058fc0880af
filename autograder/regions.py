"""Parts of a cell between two marked lines: solutions, hidden tests, mark schemes."""

import re
from dataclasses import dataclass

SOLUTION = ("BEGIN SOLUTION", "END SOLUTION")
HIDDEN_TESTS = ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
MARK_SCHEME = ("BEGIN MARK SCHEME", "END MARK SCHEME")

TASK_NAME = re.compile(r"[A-Za-z]+\d+(\.\d+)*: [\w .,()-]+")
CANARY = re.compile(r"canary-\w+-[0-9a-f]{4,}")


@dataclass(frozen=True)
class Region:
    """Lines `first` to `last` of a cell, delimiters included, and what stands after the opening delimiter."""

    first: int
    last: int
    label: str
    indent: str


def find(source: str, delimiters: tuple[str, str]) -> list[Region]:
    """The regions of `source` in order.

    Raises ValueError when one is opened inside another, never closed, or closed without having been opened.
    """
    begin, end = delimiters
    found, opened = [], None
    for number, line in enumerate(source.split("\n")):
        if begin in line:
            if opened is not None:
                raise ValueError(f"{begin} inside a region that is still open")
            opened = number
            before, label = line.split(begin, 1)
            indent = before[: len(before) - len(before.lstrip())]
        elif end in line:
            if opened is None:
                raise ValueError(f"{end} without {begin}")
            found.append(Region(opened, number, label.strip(), indent))
            opened = None
    if opened is not None:
        raise ValueError(f"{begin} without {end}")
    return found


def replace(source: str, regions: list[Region], stub) -> str:
    """`source` with each region replaced by the line `stub(region)`, indented as the region was."""
    lines = source.split("\n")
    for region in reversed(regions):
        lines[region.first : region.last + 1] = [region.indent + stub(region)]
    return "\n".join(lines)


def bodies(source: str, delimiters: tuple[str, str]) -> list[str]:
    """What stands between the delimiters of each region."""
    lines = source.split("\n")
    return ["\n".join(lines[r.first + 1 : r.last]) for r in find(source, delimiters)]


def is_whole_cell(source: str, delimiters: tuple[str, str]) -> bool:
    """True when one region holds everything in the cell but blank lines."""
    regions = find(source, delimiters)
    return len(regions) == 1 and not replace(source, regions, lambda region: "").strip()


def is_cuda(source: str) -> bool:
    """True for a cell that the %%cuda magic reads."""
    return source.lstrip().startswith("%%cuda")

"""Several launches side by side: a column for each, a row for each count, and what costs more is marked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from course_lib.cuda.coalescing import is_enough, percent, tinted
from course_lib.cuda.findings import in_short
from course_lib.cuda.measured import GOOD_COALESCING
from course_lib.cuda.report import Report
from course_lib.cuda.report_html import STYLE

_COSTLY = 1.5  # times the smallest count of a row
_ATOMICS, _SHARED = "atomic updates of global memory", "accesses to shared memory"


@dataclass(frozen=True)
class Comparison:
    """Reports by the name they are shown under; in a notebook a table, `str(comparison)` the same as text."""

    reports: Mapping[str, Report]

    @property
    def counts(self) -> dict[str, list[int]]:
        """What is counted -> its number in each report. Rows in which every launch has 0 are left out."""
        reports = self.reports.values()
        rows = {
            "elements read": [sum(r.reads.values()) for r in reports],
            "elements written": [sum(r.writes.values()) for r in reports],
            _ATOMICS: [_atomics(r) for r in reports],
            "sectors moved": [r.sectors for r in reports],
            _SHARED: [_shared(r) for r in reports],
            "bank conflicts": [r.bank_conflicts for r in reports],
        }
        return {name: numbers for name, numbers in rows.items() if any(numbers)}

    @property
    def findings(self) -> list[str]:
        """In a few words, what the inspector found in each launch."""
        return [in_short(report.findings) or "none" for report in self.reports.values()]

    def __str__(self) -> str:
        rows = [["", *self.reports]]
        rows += [[name, *(f"{n:,}" for n in numbers)] for name, numbers in self.counts.items()]
        rows.append(["coalescing", *(_coalescing(report) for report in self.reports.values())])
        rows.append(["findings", *self.findings])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [[cell.ljust(w) for cell, w in zip(row, widths, strict=True)] for row in rows]
        return "\n".join("  ".join(line).rstrip() for line in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        reports = self.reports.values()
        head = "".join(f"<th>{escape(name)}</th>" for name in self.reports)
        rows = [_row(name, _cells(name, numbers)) for name, numbers in self.counts.items()]
        rows.append(_row("coalescing", (f"<td>{_coalescing(report, tinted)}</td>" for report in reports)))
        found = zip(self.findings, reports, strict=True)
        rows.append(_row("findings", (_finding(words, report.ok) for words, report in found)))
        return (
            f'{STYLE}<div class="course-report"><table><tr><th class="text"></th>{head}</tr>{"".join(rows)}'
            "</table></div>"
        )


def compare(reports: Mapping[str, Report]) -> Comparison:
    """The launches side by side. Raises ValueError without any."""
    if not reports:
        raise ValueError("give at least one report of `inspect`, by name")
    return Comparison(dict(reports))


def _atomics(report: Report) -> int:
    return sum(array.atomics for array in report.arrays if array.space == "global")


def _shared(report: Report) -> int:
    return sum(line.accesses for line in report.lines if line.space == "shared")


def _coalescing(report: Report, show: Callable[[str], str] = str) -> str:
    said = percent(report.coalescing)
    word = "good" if report.coalescing >= GOOD_COALESCING else "poor"
    return f"{said}, {show(word)}" if is_enough(report) else said


def _row(name: str, cells) -> str:
    return f'<tr><td class="text">{escape(name)}</td>{"".join(cells)}</tr>'


def _cells(name: str, numbers: list[int]) -> list[str]:
    """The numbers of a row; those that are much larger than the smallest are marked."""
    # Atomics and shared memory are means: a launch that does without is no measure for the others.
    measure = [n for n in numbers if n] if name in (_ATOMICS, _SHARED) else numbers
    most = _COSTLY * min(measure)
    return [f'<td class="costly">{n:,}</td>' if n > most else f"<td>{n:,}</td>" for n in numbers]


def _finding(words: str, good: bool) -> str:
    """A long one is broken into lines, so that the table stays as wide as the page."""
    style = 'style="white-space:normal;max-width:22em"'
    return f'<td class="{"good" if good else "bad"}" {style}>{escape(words)}</td>'

"""Demands on a kernel's memory traffic: "read each element once" as an assertion with a sentence."""

from collections.abc import Mapping

from course_lib.cuda.coalescing import percent
from course_lib.cuda.report import Report


class TrafficError(AssertionError):
    """The launch moved more (or less) than was demanded, or was not free of findings."""


def assert_traffic(
    report: Report,
    reads: Mapping[str, int] | None = None,
    writes: Mapping[str, int] | None = None,
    *,
    findings: bool = False,
    **demands,
) -> None:
    """Raise TrafficError unless the launch met all `demands`, which are those of `shortfalls`.

    Findings are refused unless `findings` allows them.
    """
    wrong = [] if findings else [str(finding) for finding in report.findings]
    wrong += shortfalls(report, reads, writes, **demands)
    if wrong:
        raise TrafficError(f"{report.kernel}: " + "\n  ".join(wrong))


def shortfalls(
    report: Report,
    reads: Mapping[str, int] | None = None,
    writes: Mapping[str, int] | None = None,
    *,
    most_reads: Mapping[str, int] | None = None,
    coalescing: float | Mapping[str, float] | None = None,
    bank_conflicts: int | None = None,
) -> list[str]:
    """A sentence for each demand that the launch does not meet; what is not mentioned is not checked.

    `reads` and `writes`: exact number of elements read from or written to each named global array.
    `most_reads`: how often its most-read element may be read. `coalescing`: at least this share of the
    sectors moved must be needed, of all arrays together or of each array named. `bank_conflicts`: at most so
    many extra passes. Raises ValueError for an array that the launch does not have.
    """
    wrong = []
    for what, demanded, counted in (("read", reads, report.reads), ("written", writes, report.writes)):
        for name, number in (demanded or {}).items():
            _known(name, counted)
            if counted[name] != number:
                wrong.append(
                    f"{name}: {counted[name]:,} elements {what}, {number:,} "
                    f"demanded{_where(report, name, what)}"
                )
    most = {a.name: a.most_reads for a in report.arrays if a.space == "global"}
    for name, number in (most_reads or {}).items():
        _known(name, most)
        if most[name] > number:
            wrong.append(
                f"one element of {name} is read {_times(most[name])}, "
                f"{f'at most {_times(number)}' if number else 'never'} allowed{_where(report, name, 'read')}"
            )
    shares = coalescing if isinstance(coalescing, Mapping) else {"": coalescing or 0}
    for name, share in shares.items():
        wrong += _uncoalesced(report, share, *filter(None, [name]))
    if bank_conflicts is not None and report.bank_conflicts > bank_conflicts:
        worst = max((t for t in report.lines if t.space == "shared"), key=lambda t: t.passes - t.ideal_passes)
        wrong.append(
            f"{report.bank_conflicts:,} bank conflicts, at most {bank_conflicts:,} allowed; line "
            f"{worst.line} needs "
            f"{worst.passes:,} passes over {worst.array} where {worst.ideal_passes:,} would do"
        )
    return wrong


def _uncoalesced(report: Report, least: float, *arrays: str) -> list[str]:
    for name in arrays:
        _known(name, report.reads)
    share = report.coalescing_of(*arrays)
    if share >= least:
        return []
    lines = [t for t in report.lines if t.space == "global" and (not arrays or t.array in arrays)]
    worst = max(lines, key=lambda t: t.sectors - t.ideal_sectors)
    of = "".join(f" of {name}" for name in arrays)
    return [
        f"coalescing{of} is {percent(share)}, poor: at least {percent(least)} is asked for; line "
        f"{worst.line} moves {worst.sectors:,} sectors of {worst.array} where "
        f"{worst.ideal_sectors:,} would do"
    ]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _known(name: str, counted: Mapping[str, int]) -> None:
    if name not in counted:
        raise ValueError(f"the launch has no global array {name!r}; it has {', '.join(counted)}")


def _where(report: Report, name: str, what: str) -> str:
    access = ("read",) if what == "read" else ("write", "atomic")
    lines = sorted({t.line for t in report.lines if t.array == name and t.access in access})
    return f" (line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))})" if lines else ""

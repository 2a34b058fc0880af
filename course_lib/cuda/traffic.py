"""Demands on a kernel's memory traffic: "read each element once" as an assertion with a sentence."""

from collections.abc import Mapping

from course_lib.cuda.report import Report


class TrafficError(AssertionError):
    """The launch moved more (or less) than was demanded, or was not free of findings."""


def assert_traffic(
    report: Report,
    reads: Mapping[str, int] | None = None,
    writes: Mapping[str, int] | None = None,
    *,
    most_reads: Mapping[str, int] | None = None,
    coalescing: float | None = None,
    bank_conflicts: int | None = None,
    findings: bool = False,
) -> None:
    """Raise TrafficError unless the launch did what is demanded; what is not mentioned is not checked.

    `reads` and `writes`: exact number of elements read from or written to each named global array.
    `most_reads`: how often its most-read element may be read. `coalescing`: at least this share of ideal to
    touched sectors. `bank_conflicts`: at most so many extra passes. Findings are refused unless `findings`
    allows them.
    """
    wrong = [] if findings else [str(finding) for finding in report.findings]
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
                f"{name}: one element is read {most[name]:,} times, at most {number:,} "
                f"allowed{_where(report, name, 'read')}"
            )
    if coalescing is not None and report.coalescing < coalescing:
        worst = max(
            (t for t in report.lines if t.space == "global"), key=lambda t: t.sectors - t.ideal_sectors
        )
        wrong.append(
            f"coalescing is {report.coalescing:.0%}, at least {coalescing:.0%} demanded; line "
            f"{worst.line} moves "
            f"{worst.sectors:,} sectors of {worst.array} where {worst.ideal_sectors:,} would do"
        )
    if bank_conflicts is not None and report.bank_conflicts > bank_conflicts:
        worst = max((t for t in report.lines if t.space == "shared"), key=lambda t: t.passes - t.ideal_passes)
        wrong.append(
            f"{report.bank_conflicts:,} bank conflicts, at most {bank_conflicts:,} allowed; line "
            f"{worst.line} needs "
            f"{worst.passes:,} passes over {worst.array} where {worst.ideal_passes:,} would do"
        )
    if wrong:
        raise TrafficError(f"{report.kernel}: " + "\n  ".join(wrong))


def _known(name: str, counted: Mapping[str, int]) -> None:
    if name not in counted:
        raise ValueError(f"the launch has no global array {name!r}; it has {', '.join(counted)}")


def _where(report: Report, name: str, what: str) -> str:
    access = ("read",) if what == "read" else ("write", "atomic")
    lines = sorted({t.line for t in report.lines if t.array == name and t.access in access})
    return f" (line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))})" if lines else ""

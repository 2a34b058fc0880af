"""A Report as plain text: verdict, findings, traffic by array and by line."""

from course_lib.cuda.coalescing import sentence, share
from course_lib.cuda.findings import in_short
from course_lib.cuda.measured import ArrayTraffic, Measured


def headline(report: Measured) -> str:
    """The report in one line."""
    found = in_short(report.findings) or "no findings"
    return f"{report.kernel}, grid {report.grid}, block {report.block}: {found}; {sentence(report)}"


def text(report: Measured) -> str:
    """The report as lines of at most about 110 characters; below a finding, its lines of the source."""
    launch = f"{report.kernel}, grid {report.grid}, block {report.block}"
    out = [f"{launch}: {'no findings' if report.ok else f'{len(report.findings)} finding(s)'}"]
    for finding in report.findings:
        out += [f"  {line}" for line in str(finding).splitlines()]
    for array in report.arrays:
        if array.reads + array.writes + array.atomics:
            out.append(f"  {array.space} {array.name}: {_traffic(report, array)}")
    out.append(
        f"  global memory: {report.global_bytes:,} bytes asked for, {report.sectors:,} sectors of 32 bytes "
        f"moved: {sentence(report)}; {report.bank_conflicts:,} bank conflicts"
    )
    return "\n".join(out)


def _traffic(report: Measured, array: ArrayTraffic) -> str:
    """Of a shared array, each block's own, the inspector does not know which elements were read how often."""
    parts, is_shared = [], array.space == "shared"
    if array.reads:
        each = f" of {array.elements_read:,} elements (most of one: {array.most_reads:,})"
        parts.append(f"{array.reads:,} reads" + each * (not is_shared))
    if array.writes:
        each = f" to {array.elements_written:,} elements (most to one: {array.most_writes:,})"
        parts.append(f"{array.writes:,} writes" + each * (not is_shared))
    if array.atomics:
        parts.append(f"{array.atomics:,} atomic updates")
    if array.space == "global":
        parts.append(f"coalescing {share(report, array.name)}")
    return ", ".join(parts)

"""A Report as plain text: verdict, findings, traffic by array and by line."""

from course_lib.cuda.measured import Measured


def text(report: Measured) -> str:
    """The report as lines of at most about 110 characters."""
    launch = f"{report.kernel}, grid {report.grid}, block {report.block}"
    out = [f"{launch}: {'no findings' if report.ok else f'{len(report.findings)} finding(s)'}"]
    out += [f"  {finding}" for finding in report.findings]
    for array in report.arrays:
        if array.reads + array.writes + array.atomics:
            out.append(f"  {array.space} {array.name}: {_traffic(array)}")
    out.append(
        f"  global memory: {report.global_bytes:,} bytes asked for, {report.sectors:,} sectors of 32 "
        "bytes moved, "
        f"coalescing {report.coalescing:.0%}; {report.bank_conflicts:,} bank conflicts"
    )
    return "\n".join(out)


def _traffic(array) -> str:
    parts = []
    if array.reads:
        parts.append(
            f"{array.reads:,} reads of {array.elements_read:,} elements (most of one: {array.most_reads:,})"
        )
    if array.writes:
        parts.append(
            f"{array.writes:,} writes to {array.elements_written:,} elements (most to one: "
            f"{array.most_writes:,})"
        )
    if array.atomics:
        parts.append(f"{array.atomics:,} atomic updates")
    return ", ".join(parts)

"""The measured part of docs/serving.md, from every results/serving-*.json."""

import json

from course_lib.paths import ROOT, write_atomically

PAGE = ROOT / "docs" / "serving.md"
BEGIN = "<!-- What follows is written by ./course bench serving. -->"


def write() -> None:
    """Replace what follows the mark in the page."""
    written, _, _ = PAGE.read_text("utf-8").partition(BEGIN)
    parts = [written + BEGIN, "", "## Measured"]
    for path in sorted((ROOT / "benchmarks" / "results").glob("serving-*.json")):
        record = json.loads(path.read_text("utf-8"))
        parts += ["", f"### {record['machine']['processor']}", "", *tables(record)]
    write_atomically(PAGE, "\n".join(parts) + "\n")


def tables(record: dict) -> list[str]:
    """A record's figures as lines of Markdown."""
    return [
        f"Processor seconds of one core; load average {record['load_average']:.1f} meanwhile.",
        "",
        "| an hour of the Azure conversation trace's twin | token-steps | s | token-steps/s |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {r['policy']} | {r['tokens']:,} | {r['seconds']:.2f} | {r['rate']:.2g} |"
          for r in record["hour"]),
        "",
        f"Fifty configurations of 500 requests: {record['fifty_seconds']:.2f} s.",
        "",
        *_theory(record["theory"]),
    ]  # fmt: skip


def _theory(rows: list[dict]) -> list[str]:
    agree = sum(row["agrees"] for row in rows)
    return [
        f"Simulator and theory: in {agree} of {len(rows)} cases the interval of 99 % over twenty seeds holds "
        "theory's value. ± is its half-width.",
        "",
        "| case | expected | got | ± | error |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(f"| {r['case']} | {r['expected']:.4g} {r['unit']} | {r['got']:.4g} {r['unit']} | {r['half']:.2g} "
          f"| {r['error']:+.2%} |" for r in rows),
    ]  # fmt: skip

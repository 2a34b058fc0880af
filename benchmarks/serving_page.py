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
        parts += ["", f"### {record['machine']['processor']}, {record['machine']['cores']} cores"]
        for part in ("speed", "engine", "theory"):
            if part in record:
                parts += ["", *table(part, record[part])]
    write_atomically(PAGE, "\n".join(parts) + "\n")


def table(part: str, record: dict) -> list[str]:
    """A part of a record, "speed", "theory" or "engine", as lines of Markdown."""
    lines = {"speed": _speed, "theory": _theory, "engine": _engine}[part](record)
    return [*lines, "", f"Processor time of one core, load average {record['load_average']:.1f} meanwhile."]


def _speed(record: dict) -> list[str]:
    return [
        "| an hour of the Azure conversation trace's twin | token-steps | s | token-steps/s |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {r['policy']} | {r['tokens']:,} | {r['seconds']:.2f} | {r['rate'] / 1e6:.1f} million |"
          for r in record["hour"]),
        "",
        f"Fifty configurations of 500 requests: {record['fifty_seconds']:.2f} s.",
        "",
        "| the hour on question 11's cluster, which cannot serve it in time | s | decisions | sent back |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {r['scheduler']} | {r['seconds']:.1f} | {r['decisions']:,} | {r['preemptions']:,} |"
          for r in record["cluster"]),
    ]  # fmt: skip


def _theory(record: dict) -> list[str]:
    rows = record["cases"]
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


def _engine(record: dict) -> list[str]:
    rows = record["policies"]
    worst = max(abs(row["error"]) for row in rows)
    return [
        f"A small decoder that really ran, mean latency of {record['requests']} requests at "
        f"{record['load']:.0%} of what the slowest policy can serve, three runs: within {worst:.1%} of "
        "what is predicted from the steps of other requests. Time is at the machine's usual pace.",
        "",
        "| policy | run | predicted | measured | error | engine busy |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(f"| {r['policy']} | {r['seed']} | {r['predicted']:.3f} s | {r['measured']:.3f} s "
          f"| {r['error']:+.1%} | {r['busy']:.0%} |" for r in rows),
        "",
        "Latencies of requests kept back, the last quarter of a log, predicted from the rest (mean absolute "
        "error); and by the best cost there is, fitted to every step itself:",
        "",
        "| clock | requests | kept back | from the log | best |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(f"| {r['clock']} | {r['requests']} | {r['held_back']} | {r['error']:.1%} | {r['best']:.1%} |"
          for r in record["log"]),
    ]  # fmt: skip

"""Tables of the figures of grading, for the terminal and for docs/grading_speed.md."""

from pathlib import Path

from course_lib.paths import ROOT, write_atomically

PAGE = ROOT / "docs" / "grading_speed.md"
NAMES = {"nbgrader": "plain nbgrader", "ours": "`./course grade --workers 1`", "floor": "the floor"}
HEAD = """\
# How fast grading is

Measured by `./course bench grading` with the class of `benchmarks/grading_class.py`: a notebook with torch
and 12 cells, answers right and wrong. The floor is a warm process that forks and runs the cells, with no
confinement and no records; ours confines every submission and writes journal, gradebook and executed
notebooks. Processor seconds count every process that was started, and depend less on what else the machine
does than wall times.
"""


def tables(record: dict) -> list[str]:
    """The lines of Markdown tables."""
    lines = [f"{record['machine']['processor']}, {record['machine']['cores']} cores"]
    if found := record.get("one_process"):
        lines += ["", *_one_process(found)]
    if found := record.get("cluster"):
        lines += ["", *_cluster(found)]
    if found := record.get("check"):
        lines += ["", _check(found)]
    return lines


def _one_process(found: dict) -> list[str]:
    programs = found["programs"]
    best = programs["ours"]
    lines = [
        f"{found['submissions']} submissions, one process each (load average {found['load_average']:.1f}; "
        f"scores {'equal' if found['same_scores'] else 'NOT EQUAL'}):",
        "",
        "| | each, processor s | relative to ours | each, wall s | all with starting, processor s | wall s |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in ("nbgrader", "ours", "floor"):
        row = programs[name]
        if row["processor"] is None:
            lines.append(f"| {NAMES[name]} | – | – | {row['wall_each']:.2f} | – | {row['wall']:.0f} |")
            continue
        lines.append(
            f"| {NAMES[name]} | {row['processor_each']:.3f} | "
            f"{row['processor_each'] / best['processor_each']:.2f} | {row['wall_each']:.2f} | "
            f"{row['processor']:.1f} | {row['wall']:.0f} |"
        )
    return lines


def _cluster(found: dict) -> list[str]:
    count = found["cores"]
    lines = [
        f"A local Dask cluster (load average {found['load_average']:.1f}). Efficiency is "
        f"{found['efficiency']:.2f}: the rate on {count} cores over {count} times that on one, where "
        "scheduler and coordinator run on the same cores.",
        "",
        "| submissions | workers | cores | a second | s each | coordinator, processor s | coordinator, MB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in ("one_worker", "all_cores", "whole_class"):
        row = found[name]
        killed = ", one killed" if row["worker_killed"] else ""
        lines.append(
            f"| {row['submissions']} | {row['workers']}{killed} | {row['cores']} | {row['per_second']:.2f} | "
            f"{row['grading_seconds_each']:.2f} | {row['coordinator_processor_seconds']:.1f} | "
            f"{row['coordinator_memory_bytes'] / 2**20:.0f} |"
        )
    return lines


def _check(found: dict) -> str:
    return (
        f"`./course check {found['assignment']}`, solved (load average {found['load_average']:.1f}): "
        f"{found['first']:.1f} s the first time; then, while its warm process stands by, "
        f"{found['next']:.1f} s (median of five, at most {found['worst']:.1f})."
    )


def write(record: dict) -> Path:
    """Write docs/grading_speed.md; returns its path."""
    return write_atomically(PAGE, "\n".join([HEAD, *tables(record)]) + "\n")

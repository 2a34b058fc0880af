"""Tables of the figures of grading, for the terminal and for docs/grading_speed.md."""

import statistics
from pathlib import Path

from course_lib.paths import ROOT, write_atomically

PAGE = ROOT / "docs" / "grading_speed.md"
NAMES = {"nbgrader": "plain nbgrader", "ours": "`./course grade --workers 1`", "floor": "the floor"}
HEAD = """\
# How fast grading is

Measured by `./course bench grading` with the class of `benchmarks/grading_class.py`: a notebook with torch
and 12 cells, answers right and wrong. The floor is a warm process that forks and runs the cells, with no
confinement and no records; ours confines every submission and writes journal, gradebook and executed
notebooks, and has run cells and trained once before it forks, as the floor has not. Processor seconds count
every process that was started, and depend less on what else the machine does than wall times.
"""


def tables(record: dict) -> list[str]:
    """The lines of Markdown tables."""
    lines = [f"{record['machine']['processor']}, {record['machine']['cores']} cores"]
    if found := record.get("one_process"):
        lines += ["", *_one_process(found)]
    if found := record.get("notebooks"):
        lines += ["", *_notebooks(found)]
    if found := record.get("cluster"):
        lines += ["", *_cluster(found)]
    if found := record.get("check"):
        lines += ["", _check(found)]
    if found := record.get("watch"):
        lines += ["", *watch(found)]
    return lines


def each(cost: dict) -> float:
    """Seconds for one submission: of the processor, or by the clock where those cannot be counted."""
    return cost["wall_each"] if cost["processor_each"] is None else cost["processor_each"]


def ratios(found: dict, one: str, other: str) -> list[float]:
    """How many times as long `one` takes as `other`, in each run of both, the smallest first."""
    runs = zip(found["programs"][one], found["programs"][other], strict=False)
    return sorted(each(left) / each(right) for left, right in runs)


def _one_process(found: dict) -> list[str]:
    pairs = ratios(found, "ours", "floor")
    ours = statistics.median(map(each, found["programs"]["ours"]))
    nbgrader = statistics.median(map(each, found["programs"]["nbgrader"]))
    equal = "equal" if found["same_scores"] else "NOT EQUAL"
    lines = [
        f"{found['submissions']} submissions, one process (load average {found['load_average']:.1f}; scores "
        f"{equal}). Ours takes {statistics.median(pairs):.2f} times the floor: the median of {len(pairs)} "
        f"pairs of runs, one right after the other ({pairs[0]:.2f} to {pairs[-1]:.2f}). Plain nbgrader takes "
        f"{nbgrader / ours:.1f} times ours. Medians of all runs:",
        "",
        "| | runs | each, processor s | each, wall s | all with starting, processor s | wall s |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, said in NAMES.items():
        runs = found["programs"][name]
        shown = [
            _median(runs, key, digits)
            for key, digits in (("processor_each", 3), ("wall_each", 2), ("processor", 1), ("wall", 0))
        ]
        lines.append(f"| {said} | {len(runs)} | {' | '.join(shown)} |")
    return lines


def _median(runs: list[dict], key: str, digits: int) -> str:
    values = [run[key] for run in runs]
    return "–" if None in values else f"{statistics.median(values):.{digits}f}"


def _notebooks(found: dict) -> list[str]:
    lines = [
        f"A submission of each notebook, all tasks solved (load average {found['load_average']:.1f}). Cells "
        "below all tests, in which networks are trained and times are taken, are not run.",
        "",
        "| notebook | each, processor s | wall s |",
        "| --- | ---: | ---: |",
    ]
    for name, cost in found["costs"].items():
        shown = [_median([cost], key, 1) for key in ("processor_each", "wall_each")]
        lines.append(f"| `{name}` | {' | '.join(shown)} |")
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


def watch(found: dict) -> list[str]:
    """The lines of what `./course bench watch` measured."""
    lines = [
        f"`./course watch` on {found['workers']} cores, from handing in to feedback, for submissions that "
        f"arrive within {found['within']:g} seconds. Processor seconds are those of all steps: collecting, "
        "grading, recording, the feedback page. The longest queue counts what is in work, too.",
        "",
        "| submissions | median, s | 95 % within, s | longest queue | each, processor s | load average |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in found["classes"]:
        shown = "–" if row["processor_each"] is None else f"{row['processor_each']:.2f}"
        lines.append(
            f"| {row['submissions']} | {row['median']:.1f} | {row['within_95']:.1f} | "
            f"{row['longest_queue']} | {shown} | {row['load_average']:.1f} |"
        )
    first = statistics.median(row["first"] for row in found["classes"])
    return [*lines, "", f"A submission that waits when watch is started is back after {first:.1f} s."]


def _check(found: dict) -> str:
    return (
        f"`./course check {found['assignment']}`, solved (load average {found['load_average']:.1f}): "
        f"{found['first']:.1f} s the first time; then, while its warm process stands by, "
        f"{found['next']:.1f} s (median of five, at most {found['worst']:.1f})."
    )


def write(record: dict) -> Path:
    """Write docs/grading_speed.md; returns its path."""
    return write_atomically(PAGE, "\n".join([HEAD, *tables(record)]) + "\n")

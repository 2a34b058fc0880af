"""What a student waits for `./course check`: the first time, and while its warm process stands by."""

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import nbformat

from benchmarks.solved import solved
from course_lib.commands import workspace
from course_lib.paths import ROOT

ASSIGNMENT = "q02_quantization"
AGAIN = 5


def measure() -> dict:
    """Wall seconds of the first check of question 2, solved, and the median of the next ones."""
    with tempfile.TemporaryDirectory(prefix="course_bench_") as folder:
        # Another environment than the student's: a process that stands by already is not used.
        environment = {**os.environ, "COURSE_WORKSPACE": folder, "COURSE_STANDBY_SECONDS": "20"}
        _hand_out_solved(Path(folder) / ASSIGNMENT)
        first, *others = (_seconds(environment) for _ in range(1 + AGAIN))
    return {"assignment": ASSIGNMENT, "first": first, "next": statistics.median(others), "worst": max(others)}


def _seconds(environment: dict[str, str]) -> float:
    started = time.perf_counter()
    command = [str(ROOT / "course"), "check", ASSIGNMENT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with status {done.returncode}:\n{done.stdout}{done.stderr}"
        )
    return time.perf_counter() - started


def _hand_out_solved(folder: Path) -> None:
    released = workspace.student_version(ASSIGNMENT)
    folder.mkdir(parents=True)
    nbformat.write(solved(released, ROOT / "notebooks" / ASSIGNMENT / released.name), folder / released.name)

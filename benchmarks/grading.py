"""Grading: plain nbgrader, ours and the floor on one class; then a large class on a local Dask cluster.

./course bench grading                   30 submissions, one process: ours and the floor in pairs, nbgrader
./course bench grading --notebooks       and what a submission of each notebook costs
./course bench grading --cluster 1000    and as many on a cluster of separate worker processes
./course bench grading --check           and what a student waits for ./course check

Prints tables and writes results/grading-<machine>.json and docs/grading_speed.md. The class is that of
benchmarks/grading_class.py, the same on every machine. Processor seconds count everything that was started.
"""

import argparse
import dataclasses
import json
import os
import re
import sys
import tempfile
from pathlib import Path

from benchmarks import checking, grading_cluster, grading_notebooks, grading_page
from benchmarks.grading_class import ASSIGNMENT
from benchmarks.grading_courses import our_points, ours, plain, plain_points
from benchmarks.grading_page import NAMES, each
from benchmarks.processor_time import Cost, run
from course_lib.notebook.machine import machine
from course_lib.paths import ROOT, write_atomically

QUIET = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def programs(course: Path) -> dict[str, list[str]]:
    """What is measured: name -> command, run in the course's folder."""
    python = sys.executable
    return {
        "nbgrader": [python, "-m", "nbgrader", "autograde", ASSIGNMENT],
        "ours": [python, "-m", "course_lib", "grade", ASSIGNMENT, "--workers", "1"],
        "floor": [python, "-m", "benchmarks.grading_floor", str(course), ASSIGNMENT],
    }


def measured(name: str, count: int) -> tuple[Cost, dict]:
    """Grade a fresh class of `count` with the program `name`: what it cost, points by student and test."""
    with tempfile.TemporaryDirectory(prefix="course_bench_") as folder:
        course, log = Path(folder) / "course", Path(folder) / "log"
        (plain if name == "nbgrader" else ours)(course, count)

        def done() -> int:
            if name == "floor":
                return log.read_bytes().count(b"\n")
            return len(list(course.glob(f"autograded/*/{ASSIGNMENT}/*.ipynb")))

        environment = QUIET | {"COURSE_ROOT": str(course)}
        cost = run(programs(course)[name], done, log, cwd=course, env=environment)
        said = log.read_text()
        if cost.status:
            raise SystemExit(f"{name} ended with status {cost.status}:\n{said}")
        if name == "floor":
            return cost, dict(map(json.loads, said.splitlines()))
        return cost, (plain_points if name == "nbgrader" else our_points)(course)


def compare(count: int, pairs: int) -> dict:
    """Runs of each program on the same class of `count`, in order: the floor and ours in turn, `pairs` times.

    A machine that is slower for minutes then changes both of a pair, and their ratio little.
    """
    order = [name for number in range(pairs) for name in (("floor", "ours"), ("ours", "floor"))[number % 2]]
    found, points = {name: [] for name in NAMES}, []
    for name in [*order, "nbgrader"]:
        cost, scores = measured(name, count)
        points.append(scores)
        found[name].append(dataclasses.asdict(cost))
        print(f"{name}: {cost.wall:.0f} s for {count}, {each(found[name][-1]):.3f} s each", flush=True)
    same = all(scores == points[0] for scores in points)
    return {"submissions": count, "same_scores": same, "programs": found}


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write the JSON and the page."""
    parser = argparse.ArgumentParser(prog="./course bench grading", description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=30, help="size of the class that all three grade")
    parser.add_argument("--pairs", type=int, default=5, help="times that ours and the floor grade it")
    parser.add_argument("--notebooks", action="store_true", help="also a submission of each notebook")
    parser.add_argument("--cluster", type=int, default=0, help="size of the class for the Dask cluster")
    parser.add_argument("--check", action="store_true", help="also measure ./course check")
    options = parser.parse_args(argv)
    name = re.sub(r"[^a-z0-9]+", "-", machine()["processor"].lower()).strip("-")
    path = ROOT / "benchmarks" / "results" / f"grading-{name}.json"
    record = json.loads(path.read_text()) if path.exists() else {}
    record |= {"machine": machine(), "seed": 0}
    if options.students > 1:
        load = {"load_average": os.getloadavg()[0]}
        record["one_process"] = load | compare(options.students, options.pairs)
    if options.notebooks:
        record["notebooks"] = {"load_average": os.getloadavg()[0], "costs": grading_notebooks.measure()}
    if options.cluster:
        record["cluster"] = {"load_average": os.getloadavg()[0]} | grading_cluster.measure(options.cluster)
    if options.check:
        record["check"] = {"load_average": os.getloadavg()[0]} | checking.measure()
    write_atomically(path, json.dumps(record, indent=1) + "\n")
    print("\n".join(grading_page.tables(record)))
    page = grading_page.write(record)
    print(f"Written: {path.relative_to(ROOT)} and {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

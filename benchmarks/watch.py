"""Marks on arrival: seconds from handing in to feedback, for classes that hand in within a minute.

./course bench watch                 1, 30 and 300 submissions
./course bench watch --students 30   one class of that size

Prints a table, and writes it into results/grading-<machine>.json and docs/grading_speed.md. A class is that
of benchmarks/grading_class.py, its moments are drawn from a named stream. One more submission comes first, so
that the processes that grade are warm, as they are in a course that is watched for weeks.
"""

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from benchmarks import grading_page
from benchmarks.grading_class import ASSIGNMENT, NOTEBOOK, submissions
from benchmarks.grading_courses import our_points, ours
from benchmarks.processor_time import run
from course_lib.commands import drop, slips, submission
from course_lib.notebook.machine import cores, machine
from course_lib.paths import ROOT, write_atomically
from course_lib.seeds import stream

WITHIN = 60.0  # seconds in which the class hands in
QUIET = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


class Class:
    """`count` submissions that arrive one by one after a first: when each was handed in, and when back."""

    def __init__(self, course: Path, count: int):
        self.inbound, self.feedback = (course / "drop" / part for part in (drop.INBOUND, drop.FEEDBACK))
        self._packed = _packed(course, count + 1)
        moments = stream("watch", "arrivals", seed=count).uniform(0, WITHIN, count)
        self._moments = [0.0, *sorted(moments.tolist())]
        self._begun: float | None = None
        self.handed_in: dict[str, float] = {}
        self.back: dict[str, float] = {}
        self.longest = 0

    def look(self) -> int:
        """Hand in what is due, and count what is back."""
        now = time.monotonic()
        if not self.feedback.is_dir():  # the last of what watch makes before it begins
            return 0
        if self.back and self._begun is None:
            self._begun = now
        for name in os.listdir(self.feedback):
            if name.endswith(slips.PAGE) and not name.startswith("."):
                self.back.setdefault(name.removesuffix(slips.PAGE), now)
        while (place := len(self.handed_in)) < len(self._packed):
            if place and (self._begun is None or now < self._begun + self._moments[place]):
                break
            ticket, path = self._packed[place]
            os.rename(path, self.inbound / path.name)
            self.handed_in[ticket] = now
        self.longest = max(self.longest, len(self.handed_in) - len(self.back))
        return len(self.back)

    def seconds(self) -> list[float]:
        """From handing in to feedback, in the order of handing in, the first one too."""
        return [self.back[ticket] - moment for ticket, moment in self.handed_in.items()]


def _packed(course: Path, count: int) -> list[tuple[str, Path]]:
    """(ticket, zip) of each student, as ./course submit packs them, on the disk where the drop folder is."""
    released = nbformat.read(course / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
    found = []
    for student, notebook in submissions(released, count).items():
        path = course / "desk" / student / f"{NOTEBOOK}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
        packed = submission.pack(ASSIGNMENT, path, student, path.parent)
        found.append((slips.ticket(submission.read(packed).receipt), packed))
    return found


def measured(count: int) -> dict:
    """Watch a class of `count`: seconds from handing in to feedback, and what it took of the processor."""
    with tempfile.TemporaryDirectory(prefix="course_bench_") as folder:
        course, log = Path(folder) / "course", Path(folder) / "log"
        ours(course, 0)
        arriving = Class(course, count)
        command = [sys.executable, "-m", "course_lib", "watch", ASSIGNMENT]
        environment = QUIET | {"COURSE_ROOT": str(course), drop.VARIABLE: ""}
        load = os.getloadavg()[0]
        cost = run(command, arriving.look, log, until=count + 1, cwd=course, env=environment)
        if cost.status or len(our_points(course)) != count + 1:
            raise SystemExit(f"watch ended with status {cost.status}:\n{log.read_text()}")
        first, *others = arriving.seconds()
        others.sort()
        return {
            "submissions": count,
            "first": first,
            "median": statistics.median(others),
            "within_95": others[max(0, -(-95 * count // 100) - 1)],
            "longest_queue": arriving.longest,
            "processor_each": cost.processor_each,
            "load_average": load,
        }


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write the JSON and the page."""
    parser = argparse.ArgumentParser(prog="./course bench watch", description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, nargs="+", default=[1, 30, 300], help="sizes of the classes")
    options = parser.parse_args(argv)
    name = re.sub(r"[^a-z0-9]+", "-", machine()["processor"].lower()).strip("-")
    path = ROOT / "benchmarks" / "results" / f"grading-{name}.json"
    record = json.loads(path.read_text()) if path.exists() else {"machine": machine(), "seed": 0}
    known = {row["submissions"]: row for row in record.get("watch", {}).get("classes", ())}
    for count in options.students:
        known[count] = measured(count)
        print(json.dumps(known[count]), flush=True)
        rows = [known[size] for size in sorted(known)]
        record["watch"] = {"workers": cores(), "within": WITHIN, "classes": rows}
        write_atomically(path, json.dumps(record, indent=1) + "\n")
    print("\n".join(grading_page.watch(record["watch"])))
    page = grading_page.write(record)
    print(f"Written: {path.relative_to(ROOT)} and {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

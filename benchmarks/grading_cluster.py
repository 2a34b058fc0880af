"""A large class on a local Dask cluster of separate worker processes, one of which is killed on the way."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from autograder import journal
from autograder.course import Course
from benchmarks.grading_class import ASSIGNMENT
from benchmarks.grading_courses import ours
from benchmarks.one_core import one_core
from course_lib.notebook.machine import cores
from course_lib.paths import ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
               "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error"}  # fmt: skip


@contextlib.contextmanager
def cluster(folder: Path, workers: int):
    """`dask scheduler` on this machine's loopback with `workers` processes.

    Yields its address and the number of the process that started the workers.
    """
    file = folder / "scheduler.json"
    loopback = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    dask = [sys.executable, "-m", "dask"]
    many = ["--nworkers", str(workers), "--nthreads", "1", "--local-directory", str(folder)]
    with open(folder / "dask.log", "w") as log:
        start = lambda *words: subprocess.Popen(  # noqa: E731
            [*dask, *words], env=ENVIRONMENT, stdout=log, stderr=log, cwd=folder
        )
        running = [start("scheduler", "--port", "0", *loopback)]
        try:
            while not file.exists() or not file.read_text().endswith("}"):
                if running[0].poll() is not None:
                    raise SystemExit(f"dask scheduler ended: {Path(log.name).read_text()}")
                time.sleep(0.1)
            running.append(start("worker", *many, *loopback))
            yield json.loads(file.read_text())["address"], running[1].pid
        finally:
            for process in reversed(running):
                process.terminate()
                process.wait(60)


def graded(count: int, workers: int, kill: bool) -> dict:
    """Grade a fresh class; submissions a second after the first result, and what the coordinator needed."""
    with tempfile.TemporaryDirectory(prefix="course_bench_") as folder:
        course = ours(Path(folder) / "course", count)
        with cluster(Path(folder), workers) as (address, parent):
            command = [sys.executable, "-m", "course_lib", "grade", ASSIGNMENT, "--scheduler", address]
            environment = {**ENVIRONMENT, "COURSE_ROOT": str(course.root)}
            started = time.monotonic()
            process = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            killed = kill and _kill_a_worker(course, count // 2, parent)
            said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
        if status:
            raise SystemExit(f"grading ended with status {status}: {said.decode()}")
        entries = journal.read(course, ASSIGNMENT)
        if len({entry.student for entry in entries}) != count or len(entries) != count:
            raise SystemExit(f"{len(entries)} results for {count} submissions")
        times = [datetime.fromisoformat(entry.at) for entry in entries]
        first = sum(at == times[0] for at in times)
        return {
            "submissions": count,
            "workers": workers,
            "cores": cores(),
            "worker_killed": bool(killed),
            "wall_seconds": wall,
            "per_second": (count - first) / (times[-1] - times[0]).total_seconds(),
            "coordinator_processor_seconds": usage.ru_utime + usage.ru_stime,
            "coordinator_memory_bytes": usage.ru_maxrss << 10,
            "grading_seconds_each": sum(entry.seconds for entry in entries) / count,
        }


def _kill_a_worker(course: Course, after: int, workers: int) -> int:
    """kill -9 of one process of `dask worker` once `after` results are in the journal; its number."""
    import psutil

    file = journal.path(course, ASSIGNMENT)
    while not file.exists() or file.read_bytes().count(b"\n") < after:
        time.sleep(0.2)
    for process in psutil.Process(workers).children(recursive=True):
        if "course_lib.examination.warm_process" in process.cmdline():
            worker = process.parent()  # who started the warm process
            worker.kill()
            return worker.pid
    raise SystemExit("no worker is left to be killed")


def measure(count: int) -> dict:
    """One worker on one core, as many as cores, and the whole class with as many and one of them killed.

    Scheduler and coordinator run on the same cores. Efficiency is the rate on all cores over that on one,
    times their number: a worker alone on several would use more than one, as its processes overlap.
    """
    few = max(2, min(count, 200))
    with one_core():
        one = graded(few, 1, kill=False)
    print(f"one worker on one core: {one['per_second']:.2f}/s", flush=True)
    every = graded(few, cores(), kill=False)
    print(f"{cores()} workers: {every['per_second']:.2f}/s", flush=True)
    whole = graded(count, cores(), kill=True)
    return {
        "cores": cores(),
        "one_worker": one,
        "all_cores": every,
        "whole_class": whole,
        "efficiency": every["per_second"] / (cores() * one["per_second"]),
    }

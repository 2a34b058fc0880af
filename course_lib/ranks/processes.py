"""Starts ranks as processes of their own, gives them jobs, and ends them, whatever happens."""

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_lib.costs.collectives import Network, bytes_sent, steps
from course_lib.costs.layouts import Layout
from course_lib.notebook.progress import Progress
from course_lib.parallelism.job import Job, Run
from course_lib.paths import ROOT

SIZES = (64, 4096, 65536, 262144)  # float32 of the all-reduces that measure a network


class RankEnded(RuntimeError):
    """A rank has ended, or raised an exception; all others were stopped."""


class Ranks:
    """`count` processes joined by torch.distributed (gloo); use it in a `with`, which ends them.

    They are ended as well when anything raises while they work (an interrupt, too), and they end by
    themselves when this process ends in whatever way, SIGKILL included.
    """

    def __init__(self, count: int, progress: bool = True):
        if count < 1:
            raise ValueError(f"at least one rank is needed, not {count}")
        self.count, self._progress = count, progress
        self._answers: queue.Queue = queue.Queue()
        self._processes: list[subprocess.Popen] = []
        self._folder = tempfile.TemporaryDirectory(prefix="ranks-", ignore_cleanup_errors=True)
        with self._or_close(), Progress(count, f"starting {count} processes", show=progress) as bar:
            for rank in range(count):
                self._start(rank)
            for _ in range(count):
                self._next("ready")
                bar.update()

    def __enter__(self) -> "Ranks":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """Process ids, rank by rank."""
        return [process.pid for process in self._processes]

    def close(self) -> None:
        """End all processes and wait for them; harmless when repeated."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()
        self._processes.clear()
        self._folder.cleanup()

    def run(self, job: Job, layout: Layout) -> Run:
        """Do a job in a layout; see run_all."""
        return self.run_all([(job, layout)])[0]

    def run_all(self, plan: Sequence[tuple[Job, Layout]]) -> list[Run]:
        """Do one job after the other, each in its layout, under one progress bar.

        Raises ValueError, before anything runs, when a job and its layout do not fit each other or these
        ranks, and RankEnded.
        """
        for job, layout in plan:
            job.check(layout)
            if layout.gpus > self.count:
                raise ValueError(f"{layout} needs {layout.gpus} ranks, and {self.count} were started")
        total = sum(job.answer * layout.gpus for job, layout in plan)
        with Progress(total, f"generating on {self.count} processes", show=self._progress) as bar:
            return [self._run(job, layout, bar) for job, layout in plan]

    def fastest(self, plan: Sequence[tuple[Job, Layout]], agree: float = 0.05, most: int = 5) -> list[Run]:
        """Each job's fastest run: all jobs are repeated, in rounds, until their two fastest runs agree.

        Other programs can only make a run slower, so the fastest is nearest to what the ranks do by
        themselves (as in Python's timeit); a second one as fast, within the share `agree`, says that it was
        no half-disturbed one. A job runs at most `most` times. Raises as run_all does.
        """
        runs: list[list[Run]] = [[] for _ in plan]
        left = list(range(len(plan)))
        while left and len(runs[left[0]]) < most:
            for index, run in zip(left, self.run_all([plan[index] for index in left]), strict=True):
                runs[index] = sorted([*runs[index], run], key=lambda run: run.seconds)
            left = [index for index in left if not _agree(runs[index], agree)]
        return [repeats[0] for repeats in runs]

    def _run(self, job: Job, layout: Layout, bar: Progress) -> Run:
        bar.update(0, str(layout))
        results = self._order("generate", job, layout, bar=bar)
        used = [result for result in results if result is not None]
        logits = np.empty((job.users, job.answer, job.vocabulary), dtype=np.float32)
        for _, groups in used:
            for users, values in groups:
                logits[users] = values
        return Run(job, layout, logits.argmax(-1), logits, [report for report, _ in used])

    def all_reduces(self, ranks: int, repeats: int = 15) -> list[tuple[int, float, int | None]]:
        """Of all-reduces over the first `ranks`: (message in bytes, median seconds, bytes a rank sent)."""
        measured = self._order("all-reduces", list(SIZES), ranks, repeats)[0]
        return [(4 * size, *pair) for size, pair in zip(SIZES, measured, strict=True)]

    def network(self, ranks: int = 2) -> Network:
        """Latency and bandwidth (alpha and beta) that fit the time of all-reduces of four sizes best.

        Least squares on relative errors, so that the small messages count as much as the large ones.
        """
        measured = self.all_reduces(ranks)
        seconds = np.array([median for _, median, _ in measured])
        terms = [
            (steps("all_reduce", ranks), bytes_sent("all_reduce", nbytes, ranks)) for nbytes, _, _ in measured
        ]
        latency, inverse = np.linalg.lstsq(np.array(terms) / seconds[:, None], np.ones(len(terms)))[0]
        return Network(max(latency, 0.0), 1 / max(inverse, 1e-12))

    def _order(self, *order, bar: Progress | None = None) -> list:
        """Give every rank the same order; their results, rank by rank."""
        with self._or_close():
            if not self._processes:
                raise RankEnded("these ranks were stopped; start new ones")
            for process in self._processes:
                with contextlib.suppress(BrokenPipeError):  # its end is reported by its reader
                    pickle.dump(order, process.stdin)
                    process.stdin.flush()
            results: dict[int, object] = {}
            while len(results) < self.count:
                rank, what, *details = self._next("done", "round")
                if what == "done":
                    results[rank] = details[0]
                elif bar is not None:
                    bar.update()
        return [results[rank] for rank in range(self.count)]

    def _next(self, *expected: str) -> tuple:
        while True:
            # Without a timeout an interrupt would wait on Windows until an answer comes.
            with contextlib.suppress(queue.Empty):
                rank, what, *details = self._answers.get(timeout=1.0)
                break
        if what not in expected:
            text = details[0] if details else self._last_words(rank)
            raise RankEnded(f"rank {rank} ended: {text.strip().splitlines()[-1] if text.strip() else what}")
        return rank, what, *details

    def _last_words(self, rank: int) -> str:
        status = self._processes[rank].wait(10)
        said = Path(self._folder.name, f"{rank}.log").read_text(errors="replace").strip()
        return f"{said}\nexit status {status}"

    def _start(self, rank: int) -> None:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        with open(Path(self._folder.name, f"{rank}.log"), "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "course_lib.ranks.rank"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
                start_new_session=True,  # an interrupt of the terminal reaches us alone, and we end them
            )
        self._processes.append(process)
        pickle.dump((rank, self.count, str(Path(self._folder.name, "store"))), process.stdin)
        process.stdin.flush()
        reader = threading.Thread(target=_read, args=(rank, process.stdout, self._answers), daemon=True)
        reader.start()

    @contextlib.contextmanager
    def _or_close(self):
        try:
            yield
        except BaseException:
            self.close()
            raise


def _agree(runs: list[Run], share: float) -> bool:
    """Whether the two fastest of `runs`, in order of their time, are as fast as each other."""
    return len(runs) > 1 and runs[1].seconds <= (1 + share) * runs[0].seconds


def _read(rank: int, stream, answers: queue.Queue) -> None:
    with contextlib.suppress(EOFError, pickle.UnpicklingError, OSError, ValueError):
        while True:
            answers.put((rank, *pickle.load(stream)))
    answers.put((rank, "ended"))

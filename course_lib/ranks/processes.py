"""Starts ranks as processes of their own, gives them orders, and ends them, whatever happens."""

import contextlib
import os
import pickle
import queue
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from course_lib.notebook.progress import Progress
from course_lib.paths import ROOT


class RankEnded(RuntimeError):
    """A rank has ended, or raised an exception; all others were stopped."""


class Ranks:
    """`count` processes joined by torch.distributed (gloo); use it in a `with`, which ends them.

    `progress`: whether what they do shows a progress bar.
    They are ended as well when anything raises while they work (an interrupt, too), and they end by
    themselves when this process ends in whatever way, SIGKILL included.
    """

    def __init__(self, count: int, progress: bool = True):
        if count < 1:
            raise ValueError(f"at least one rank is needed, not {count}")
        self.count, self.progress = count, progress
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

    def order(self, function: str, *arguments: object, bar: Progress | None = None) -> list:
        """Have every rank call a function of a module, "module:function"; their results, rank by rank.

        It is called with `tell` and the `arguments` (plain data: they travel pickled). Each time a rank calls
        tell(), `bar` moves on by one. Raises ValueError for what is no "module:function", and RankEnded when
        a rank ends or its function raises.
        """
        if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", function):
            raise ValueError(f'an order is "module:function", not {function!r}')
        with self._or_close():
            if not self._processes:
                raise RankEnded("these ranks were stopped; start new ones")
            for process in self._processes:
                with contextlib.suppress(BrokenPipeError):  # its end is reported by its reader
                    pickle.dump((function, arguments), process.stdin)
                    process.stdin.flush()
            results: dict[int, object] = {}
            while len(results) < self.count:
                rank, what, *details = self._next("done", "told")
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


def _read(rank: int, stream, answers: queue.Queue) -> None:
    with contextlib.suppress(EOFError, pickle.UnpicklingError, OSError, ValueError):
        while True:
            answers.put((rank, *pickle.load(stream)))
    answers.put((rank, "ended"))

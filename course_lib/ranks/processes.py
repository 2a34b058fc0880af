"""Starts ranks as processes of their own, gives them orders, and ends them, whatever happens."""

import contextlib
import pickle
import queue
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from course_lib.arguments import one_of, positive
from course_lib.notebook.progress import Progress
from course_lib.ranks import forks
from course_lib.ranks.rank import WHERE
from course_lib.ranks.source import Source, source_of

PATIENCE = 300.0  # seconds: a busy machine takes its time to start ranks
PATIENCE_OF_RANKS = 30.0  # seconds that a rank waits longer, so that the line told is that of this process
FIRST_CAUSE = 5.0  # seconds in which the end of one rank is told, once another has lost its connection


class RankEnded(RuntimeError):
    """A rank has ended, or raised an exception; all others were stopped."""


class Ranks:
    """`count` processes joined by torch.distributed; use it in a `with`, which ends them.

    `progress`: whether what they do shows a progress bar. `backend`: "gloo", on processors, or "nccl", a GPU
    a rank. `patience`: seconds that this process waits without a word of any rank, and a rank for another.
    They are ended as well when anything raises while they work (an interrupt, too), and they end by
    themselves when this process ends in whatever way, SIGKILL included. Raises ValueError for no ranks, more
    than there are GPUs for nccl, another backend and no patience, and RankEnded.
    """

    def __init__(
        self, count: int, progress: bool = True, *, backend: str = "gloo", patience: float = PATIENCE
    ):
        if count < 1:
            raise ValueError(f"at least one rank is needed, not {count}")
        one_of("backend", backend, ("gloo", "nccl"))
        positive(patience=patience)
        if backend == "nccl":
            _check_gpus(count)
        self.count, self.progress, self.patience = count, progress, patience
        self._backend = backend
        self._answers: queue.Queue = queue.Queue()
        self._processes: list[subprocess.Popen | forks.Fork] = []
        self._folder = tempfile.TemporaryDirectory(prefix="ranks-", ignore_cleanup_errors=True)
        with self._or_close(), Progress(count, f"starting {count} processes", show=progress) as bar:
            self._start()
            waiting = set(range(count))
            while waiting:
                rank, _ = self._next(("ready",), waiting, patience)
                waiting.discard(rank)
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

    def order(
        self, function: str, *arguments: object, bar: Progress | None = None, patience: float | None = None
    ) -> list:
        """Have every rank call a function of a module, "module:function"; their results, rank by rank.

        It is called with `tell` and the `arguments` (plain data: they travel pickled). Each time a rank calls
        tell(), `bar` moves on by one. Raises ValueError for what is no "module:function", and RankEnded when
        a rank ends or its function raises, or when no rank has said anything for `patience` seconds.
        """
        if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", function):
            raise ValueError(f'an order is "module:function", not {function!r}')
        return self._carry_out(function, arguments, bar, patience)

    def call(self, function: Callable, *arguments: object, patience: float | None = None) -> list:
        """Have every rank call a function of yours with the `arguments`; their results, rank by rank.

        It travels as text, with what it uses of the notebook (see `source_of`); `torch`, `dist`, which is
        torch.distributed, `np` and `functional` stand ready. Raises as `source_of` and `order`.
        """
        return self._carry_out(source_of(function), arguments, None, patience)

    def _carry_out(
        self, function: str | Source, arguments: tuple, bar: Progress | None, patience: float | None
    ) -> list:
        patience = self.patience if patience is None else patience
        positive(patience=patience)
        data = pickle.dumps((function, arguments))  # what cannot travel raises, and harms nobody
        with self._or_close():
            if not self._processes:
                raise RankEnded("these ranks were stopped; start new ones")
            for rank in range(self.count):
                self._tell(rank, data)
            results: dict[int, object] = {}
            while len(results) < self.count:
                waiting = set(range(self.count)) - results.keys()
                rank, what, *details = self._next(("done", "told"), waiting, patience)
                if what == "done":
                    results[rank] = details[0]
                elif bar is not None:
                    bar.update()
        return [results[rank] for rank in range(self.count)]

    def _tell(self, rank: int, data: bytes) -> None:
        with contextlib.suppress(OSError):  # a broken pipe: its end is reported by its reader
            self._processes[rank].stdin.write(data)
            self._processes[rank].stdin.flush()

    def _next(self, expected: tuple[str, ...], waiting: set[int], patience: float) -> tuple:
        """The next answer; `waiting`: the ranks that still have to give one."""
        answer = self._answer(patience)
        if answer is None:
            raise RankEnded(self._silence(waiting, patience))
        if answer[1] not in expected:
            rank, text = self._first_cause(answer)
            raise RankEnded(f"rank {rank} ended: {text}")
        return answer

    def _answer(self, patience: float) -> tuple | None:
        """An answer (rank, what, …), or None after so many seconds without one."""
        until = time.monotonic() + patience
        while (left := until - time.monotonic()) > 0:
            # In one long wait an interrupt would go unheard on Windows.
            with contextlib.suppress(queue.Empty):
                return self._answers.get(timeout=min(left, 1.0))
        return None

    def _first_cause(self, answer: tuple) -> tuple[int, str]:
        """Which rank ended, and why. One that lost its connection to another is not the first that did."""
        first, lost = answer, {answer[0]} if answer[1] == "lost" else set()
        until = time.monotonic() + FIRST_CAUSE
        while answer is not None and (answer[1] not in ("failed", "ended") or answer[0] in lost):
            answer = self._answer(until - time.monotonic())
            if answer is not None and answer[1] == "lost":
                lost.add(answer[0])
        rank, what, *details = answer or first
        return rank, self._last_words(rank) if what == "ended" else details[0]

    def _last_words(self, rank: int) -> str:
        try:
            status = self._processes[rank].wait(10)
        except subprocess.TimeoutExpired:
            return "it closed its answers"
        if status < 0:
            return f"it was killed ({signal.Signals(-status).name}), and all others were stopped"
        log = Path(self._folder.name, f"{rank}.log")
        if not log.exists():
            log = log.with_name("origin.log")
        said = log.read_text(errors="replace").strip().splitlines()
        return f"exit status {status}" + (f", {said[-1]}" if said else "")

    def _silence(self, waiting: set[int], patience: float) -> str:
        """What the ranks that have not answered are doing."""
        for rank in waiting:
            self._tell(rank, pickle.dumps(WHERE))
        told: dict[int, str] = {}
        until = time.monotonic() + FIRST_CAUSE
        while len(told) < len(waiting) and (answer := self._answer(until - time.monotonic())):
            rank, what, *details = answer
            if what == WHERE and details[0]:
                told[rank] = f"; rank {rank} is in {details[0]}"
            elif what == WHERE:
                told[rank] = ""
        names = ", ".join(map(str, sorted(waiting)))
        return f"no word from rank {names} for {patience:g} s, so all were stopped" + "".join(
            told[rank] for rank in sorted(told)
        )

    def _start(self) -> None:
        # A GPU's own software is not made to be forked.
        self._processes.extend(forks.start(self.count, Path(self._folder.name), self._backend == "gloo"))
        store, patience = str(Path(self._folder.name, "store")), self.patience + PATIENCE_OF_RANKS
        environment = forks.environment()
        for rank, process in enumerate(self._processes):
            joins = (rank, self.count, store, self._backend, patience, environment)
            self._tell(rank, pickle.dumps(joins))
            reader = threading.Thread(target=_read, args=(rank, process.stdout, self._answers), daemon=True)
            reader.start()

    @contextlib.contextmanager
    def _or_close(self):
        try:
            yield
        except KeyboardInterrupt:
            self.close()
            raise KeyboardInterrupt(f"all {self.count} ranks were stopped") from None
        except BaseException:
            self.close()
            raise


def _read(rank: int, stream, answers: queue.Queue) -> None:
    try:
        while True:
            answers.put((rank, *pickle.load(stream)))
    except (EOFError, pickle.UnpicklingError, OSError, ValueError):
        answers.put((rank, "ended"))
    except Exception as error:  # a class that only the rank knows
        answers.put((rank, "failed", f"its answer is no plain data: {error}"))


def _check_gpus(count: int) -> None:
    import torch

    if count > (there := torch.cuda.device_count()):
        raise ValueError(f"nccl needs a GPU for each of {count} ranks, and there are {there}: use gloo")

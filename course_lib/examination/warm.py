"""A process that has imported what notebooks use, and forks a process for one examination in milliseconds.

It holds no test, no submission and no secret: what it forks learns what it must once it is guarded. Who
guards it is a module with `run(main, channel, limits) -> str`, named when the process is started.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from course_lib.examination.result import CannotGrade
from course_lib.examination.wire import Channel
from course_lib.paths import ROOT

PATIENCE = 60.0  # seconds until a new process must be ready, and a killed one gone
ALWAYS = (
    "course_lib.examination.candidate",
    "course_lib.examination.examiner",
    "course_lib.examination.kernels",
)


class Process:
    """One forked process, and how it ended. It becomes ready while others work."""

    def __init__(self, channel: socket.socket, status: int):
        self._channel, self._is_ready = Channel(channel), False
        self._status = status

    @property
    def channel(self) -> Channel:
        """The channel to it, once it is guarded. Raises CannotGrade when it cannot be guarded here."""
        if not self._is_ready:
            self._wait()
        return self._channel

    def _wait(self) -> None:
        try:
            self._channel.receive(PATIENCE)  # it says so once it is guarded
        except TimeoutError:
            self.end()
            raise CannotGrade("A process has not started in a minute; is the machine overloaded?") from None
        except (EOFError, OSError) as error:
            raise CannotGrade(
                f"Submissions cannot be confined on this machine ({self.end() or error}). Grade on a "
                "Linux that allows user namespaces, or add --unconfined if you trust every submission."
            ) from None
        self._is_ready = True

    def dismiss(self) -> None:
        """Have it killed, without waiting for that."""
        self._channel.close()

    def end(self) -> str:
        """Kill it and all it started, and wait until they are dead; how it had ended by itself, or ""."""
        if self._status < 0:
            return ""
        ready, _, _ = select.select([self._status], [], [], 0)
        self.dismiss()
        said = b""
        while select.select([self._status], [], [], PATIENCE)[0] and (part := os.read(self._status, 4096)):
            said += part
        os.close(self._status)
        self._status = -1
        return said.decode(errors="replace") if ready else ""


class Warm:
    """The warm process and the way to ask it for others; use in a `with` statement or call `close`.

    `guard` names the module that guards each forked process within `limits`. `environment` and `folder` are
    those that the processes start with. Copies of `carry` files lie in the cache folder of each.
    """

    def __init__(
        self,
        guard: str,
        limits: dict,
        environment: dict[str, str],
        folder: Path,
        carry: Sequence[Path] = (),
    ):
        ours, theirs = socket.socketpair()
        self._socket, self._lock = ours, threading.Lock()
        self._brought: set[str] = set()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={
                    **environment,
                    "PYTHONPATH": os.pathsep.join(
                        [str(ROOT), *filter(None, [environment.get("PYTHONPATH")])]
                    ),
                    "OMP_NUM_THREADS": "1",  # a process with threads cannot be forked safely
                    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS ends such forks otherwise
                },
                cwd=folder,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._ask([guard, limits, [str(path) for path in carry]])

    def _ask(self, question: list) -> None:
        self._socket.sendall(json.dumps(question).encode() + b"\n")

    def bring(self, modules: Sequence[str]) -> None:
        """Have `modules` imported before anything else is forked; those not installed are left out."""
        with self._lock:
            if new := [module for module in dict.fromkeys(modules) if module not in self._brought]:
                self._brought.update(new)
                self._ask(["import", *new])

    def start(self, kind: str, *details) -> Process:
        """A new process that serves as a "candidate", an "examiner" or for "kernels"."""
        with self._lock:
            try:
                self._ask([kind, *details])
                _, files, _, _ = socket.recv_fds(self._socket, 64, 2)
            except OSError as error:
                raise CannotGrade(
                    f"The process that starts others is gone ({error}); run the command again."
                ) from error
        if len(files) != 2:
            raise CannotGrade("The process that starts others is gone; run the command again.")
        return Process(socket.socket(fileno=files[0]), files[1])

    def is_alive(self) -> bool:
        """False once it has ended, whoever ended it: known here before its parent can bury it."""
        try:
            return self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """End it; what it forked ends with it."""
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def _serve(requests: socket.socket) -> None:
    """In the warm process: fork as asked until the other side is gone."""
    waiting = requests.makefile("rb")
    guard, limits, carry = json.loads(waiting.readline())
    run = importlib.import_module(guard).run
    carried = {Path(path).name: Path(path).read_bytes() for path in carry}
    _import(ALWAYS)
    from course_lib.examination.shell import prepare

    prepare()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks
    while line := waiting.readline():
        kind, *details = json.loads(line)
        if kind == "import":
            _import(details)
            continue
        ours, theirs = socket.socketpair()
        status, report = os.pipe()
        if os.fork() == 0:
            waiting.close()
            for file in (requests.fileno(), ours.fileno(), status):
                os.close(file)
            _guarded(run, _main(kind, details, theirs, carried), theirs, report, limits)
        socket.send_fds(requests, [b"ok"], [ours.fileno(), status])
        for file in (ours, theirs):
            file.close()
        os.close(status)
        os.close(report)


def _import(modules: Sequence[str]) -> None:
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page it looks at


def _main(kind: str, details: list, stream: socket.socket, carried: dict[str, bytes]) -> Callable[[], None]:
    """What a process of this kind does once it is guarded."""
    from course_lib.cuda.build import cache_folder
    from course_lib.examination import candidate, examiner, kernels
    from course_lib.examination.shell import Shell

    channel = Channel(stream)

    def main() -> None:
        if carried and kind != "examiner":
            cache_folder().mkdir(parents=True, exist_ok=True)
            for name, data in carried.items():
                (cache_folder() / name).write_bytes(data)
        channel.send("ready")
        if kind == "candidate":
            candidate.serve(channel, Shell.instance())
        elif kind == "examiner":
            examiner.Examiner(channel, Shell.instance(), *details).serve()
        else:
            kernels.serve(channel, *details)

    return main


def _guarded(run: Callable, main: Callable, stream: socket.socket, report: int, limits: dict) -> None:
    """In a process just forked: run `main` under guard, report how it ended, never return."""
    said = ""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        said = run(main, stream.fileno(), limits)
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"
    finally:
        os.write(report, said.encode()[:1000])
        os._exit(0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)  # nothing is left to do, and unloading torch takes a while

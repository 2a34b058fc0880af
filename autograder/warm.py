"""A process that has imported what submissions touch, and forks a confined process in milliseconds.

It holds no test, no submission and no secret: what it forks learns what it must once it is confined.
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
import tempfile
import threading
from collections.abc import Callable

from autograder import sandbox
from course_lib.examination.result import CannotGrade
from course_lib.examination.wire import Channel
from course_lib.paths import ROOT

IMPORTED = (
    "numpy", "scipy.optimize", "scipy.linalg", "scipy.special", "sklearn.datasets", "sklearn.model_selection",
    "torch", "torch._dynamo", "torch.optim", "torch.nn.functional", "torch.utils.data", "torch.distributed",
    "torch.utils.benchmark", "plotly.graph_objects", "plotly.express", "plotly.io", "ipywidgets",
    "course_lib.examination.candidate", "course_lib.examination.examiner", "course_lib.examination.kernels",
    "course_lib.cuda.magic", "course_lib.marking", "course_lib.effects", "course_lib.training",
    "course_lib.datasets", "course_lib.demos", "course_lib.quantization", "course_lib.progress",
)  # fmt: skip
PATIENCE = 20.0  # seconds until a killed process must be gone


class Process:
    """One forked process: the `channel` to it, and how it ended."""

    def __init__(self, channel: socket.socket, status: int):
        self.channel = Channel(channel)
        self._status = status

    def end(self) -> str:
        """Kill it and all it started, and wait until they are dead; how it had ended by itself, or ""."""
        if self._status < 0:
            return ""
        ready, _, _ = select.select([self._status], [], [], 0)
        self.channel.close()
        said = b""
        while select.select([self._status], [], [], PATIENCE)[0] and (part := os.read(self._status, 4096)):
            said += part
        os.close(self._status)
        self._status = -1
        return said.decode(errors="replace") if ready else ""


class Warm:
    """The warm process and the way to ask it for others; use in a `with` statement or call `close`."""

    def __init__(self, confined: bool = True):
        self._home = tempfile.TemporaryDirectory(prefix="course_grader_")
        ours, theirs = socket.socketpair()
        self._socket, self._lock = ours, threading.Lock()
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "HOME": self._home.name,
            "OMP_NUM_THREADS": "1",  # a process with threads cannot be forked safely
            # All objects on huge pages: a fork copies 1/512 of the page tables, in a third of the time.
            "PYTHONMALLOC": "malloc",
            "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
            "PLOTLY_RENDERER": "plotly_mimetype",
            "NBGRADER_EXECUTION": "autograde",
            "COURSE_DEVICE": "host",
            "JUPYTER_PLATFORM_DIRS": "1",
        }
        mode = "confined" if confined else "unconfined"
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "autograder.warm", str(theirs.fileno()), mode],
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def start(self, kind: str, *details) -> Process:
        """A new process that serves as a "candidate", an "examiner" or for "kernels".

        Raises CannotGrade when it cannot be confined here.
        """
        with self._lock:
            try:
                self._socket.sendall(json.dumps([kind, *details]).encode() + b"\n")
                _, files, _, _ = socket.recv_fds(self._socket, 64, 2)
            except OSError as error:
                raise CannotGrade(
                    f"The warm process of the grader is gone ({error}); run the command again."
                ) from error
        if len(files) != 2:
            raise CannotGrade("The warm process of the grader is gone; run the command again.")
        process = Process(socket.socket(fileno=files[0]), files[1])
        try:
            process.channel.receive(PATIENCE)  # it says so once it is confined
        except (EOFError, OSError) as error:
            raise CannotGrade(
                f"Submissions cannot be confined on this machine ({process.end() or error}). Grade on a "
                "Linux that allows user namespaces, or add --unconfined if you trust every submission."
            ) from None
        return process

    def is_alive(self) -> bool:
        """Whether there is still somebody to ask; no after it was killed."""
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
        self._home.cleanup()

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def _serve(requests: socket.socket, confined: bool) -> None:
    """In the warm process: fork as asked until the other side is gone."""
    for module in IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    import torch

    from course_lib.examination.shell import prepare

    torch.set_num_threads(1)
    prepare()
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page it looks at
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks
    waiting = requests.makefile("rb")
    while line := waiting.readline():
        kind, *details = json.loads(line)
        ours, theirs = socket.socketpair()
        status, report = os.pipe()
        if os.fork() == 0:
            waiting.close()
            for file in (requests.fileno(), ours.fileno(), status):
                os.close(file)
            _guard(_main(kind, details, theirs), theirs, report, confined)
        socket.send_fds(requests, [b"ok"], [ours.fileno(), status])
        for file in (ours, theirs):
            file.close()
        os.close(status)
        os.close(report)


def _main(kind: str, details: list, stream: socket.socket) -> Callable[[], None]:
    """What a process of this kind does once it is confined."""
    from course_lib.examination import candidate, examiner, kernels
    from course_lib.examination.shell import Shell

    channel = Channel(stream)

    def main() -> None:
        channel.send("ready")
        if kind == "candidate":
            candidate.serve(channel, Shell.instance())
        elif kind == "examiner":
            examiner.Examiner(channel, Shell.instance(), *details).serve()
        else:
            kernels.serve(channel, *details)

    return main


def _guard(main, stream: socket.socket, report: int, confined: bool) -> None:
    """In a process just forked: run `main` under guard, report how it ended, never return."""
    said = ""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sandbox.die_with_parent()
        run = sandbox.run_confined if confined else sandbox.run_unconfined
        said = str(run(main, stream.fileno(), sandbox.Limits(), sandbox.View()))
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"
    finally:
        os.write(report, said.encode()[:1000])
        os._exit(0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2] == "confined")

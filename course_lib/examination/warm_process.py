"""The warm process: it has imported what notebooks use, and forks one for an examination in milliseconds.

It holds no test, no submission and no secret: what it forks learns what it must once it is guarded.

python -m course_lib.examination.warm_process serve SOCKET        for one user, whose socket has that number
python -m course_lib.examination.warm_process stand-by LISTENER   for each that connects, one after the other
"""

import contextlib
import functools
import gc
import importlib
import itertools
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from course_lib.examination.wire import Channel

ALWAYS = (
    "course_lib.examination.candidate",
    "course_lib.examination.examiner",
    "course_lib.examination.kernels",
    # What `%load_ext course_lib.cuda` imports, the first cell of most notebooks.
    "course_lib.cuda.magic",
    "IPython.core.magics.extension",
)
STANDBY_SECONDS = "COURSE_STANDBY_SECONDS"  # how long to stand by for the next
_HELD_BACK: list[dict[str, Callable]] = []
_register_at_fork = getattr(os, "register_at_fork", None)  # Windows has no forks
LOOK = 3.0  # seconds between looks at whether the socket's file is still there


def serve(requests: socket.socket) -> None:
    """Fork as asked until the other side is gone."""
    _get_ready()
    waiting = requests.makefile("rb")
    _fork_as_asked(requests, waiting, json.loads(waiting.readline()))


def stand_by(listener: socket.socket) -> None:
    """Serve each that connects in a process of its own, until nobody has come for a while.

    What they have imported, later ones find imported. Ends also when the socket's file is another's or gone.
    """
    _get_ready()
    for requests in _callers(listener, float(os.environ[STANDBY_SECONDS])):
        with requests, requests.makefile("rb") as waiting:
            requests.settimeout(LOOK)  # a process that says nothing keeps no other waiting
            asked = _first_questions(waiting)
            if asked and os.fork() == 0:
                listener.close()
                requests.settimeout(None)
                _fork_as_asked(requests, waiting, *asked)
                os._exit(0)


def _callers(listener: socket.socket, seconds: float) -> Iterator[socket.socket]:
    """Those that connect, until none has for `seconds`."""
    path = listener.getsockname()
    mine, until = _number(path), time.monotonic() + seconds
    listener.settimeout(min(seconds, LOOK))
    while True:
        try:
            yield listener.accept()[0]
            until = time.monotonic() + seconds
        except TimeoutError:
            if mine is None or _number(path) != mine:
                break
            if time.monotonic() > until:
                os.unlink(path)
                break
    listener.settimeout(0)  # nobody can come now, but some may have come before
    with contextlib.suppress(BlockingIOError):
        while True:
            yield listener.accept()[0]


def _number(path: str) -> int | None:
    """The inode's number of the file of that name, if there is one."""
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return None


def _first_questions(waiting) -> list:
    """Import what is asked for; returns the first line and the first question of another kind, or [].

    Nothing comes of whoever leaves before, or says something else.
    """
    try:
        first = json.loads(waiting.readline())
        for question in map(json.loads, waiting):
            if question[0] != "import":
                return [first, question]
            _import(question[1:])
    except (OSError, ValueError, LookupError, TypeError):
        pass
    return []


def _get_ready() -> None:
    os.register_at_fork = _hold_back
    _import(ALWAYS)
    from course_lib.examination.shell import prepare
    from course_lib.examination.warm_up import run_cells

    run_cells(prepare())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks


def _hold_back(**hooks: Callable) -> None:
    """In place of os.register_at_fork: what modules want to be called around a fork is kept for later.

    A process that does the work is the third that is forked in a row; in those before it, which have no
    thread and hold no lock, the hooks of threading, logging and torch would take a third of their time.
    """
    _HELD_BACK.append(hooks)


def _put_hooks_right() -> None:
    """In a process that does the work: the hooks are called once, and from now on at each fork."""
    os.register_at_fork = _register_at_fork
    for hooks in _HELD_BACK:
        if after := hooks.get("after_in_child"):
            after()
        os.register_at_fork(**hooks)


def _fork_as_asked(requests: socket.socket, waiting, first: list, *questions: list) -> None:
    """Answer `questions`, then those that `waiting` reads from `requests`, until the other side is gone."""
    guard, limits, carry, place = first
    if place:
        environment, folder = place
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
    run = importlib.import_module(guard).guard(limits)
    carried = {Path(path).name: Path(path).read_bytes() for path in carry}
    for kind, *details in itertools.chain(questions, map(json.loads, waiting)):
        if kind == "import":
            _import(details)
        else:
            ours, theirs = socket.socketpair()
            status, report = os.pipe()
            pid = os.fork()
            if pid == 0:
                waiting.close()
                for file in (requests.fileno(), ours.fileno(), status):
                    os.close(file)
                main = _main(kind, details, theirs, carried)
                _guarded(functools.partial(run, main, theirs.fileno()), report)
            socket.send_fds(requests, [str(pid).encode()], [ours.fileno(), status])
            for file in (ours, theirs):
                file.close()
            os.close(status)
            os.close(report)


def _import(modules: Sequence[str]) -> None:
    had_torch = "torch" in sys.modules
    for module in modules:
        with contextlib.suppress(Exception):  # the notebook's own import of it will tell
            importlib.import_module(module)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
        if not had_torch:
            from course_lib.examination.warm_up import train

            with contextlib.suppress(Exception):  # other notebooks need no torch
                train()
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page it looks at


def _main(kind: str, details: list, stream: socket.socket, carried: dict[str, bytes]) -> Callable[[], None]:
    """What a process of this kind does once it is guarded."""
    from course_lib.cuda.cache import cache_folder
    from course_lib.examination import candidate, examiner, kernels
    from course_lib.examination.shell import Shell

    channel = Channel(stream)

    def main() -> None:
        _put_hooks_right()
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


def _guarded(run: Callable[[], str], report: int) -> None:
    """In a process just forked: `run` what it is for under guard, report how it ended, never return."""
    said = ""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        said = run()
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"
    finally:
        os.write(report, said.encode()[:1000])
        os._exit(0)


if __name__ == "__main__":
    _, how, number = sys.argv
    {"serve": serve, "stand-by": stand_by}[how](socket.socket(fileno=int(number)))
    os._exit(0)  # nothing is left to do, and unloading torch takes a while

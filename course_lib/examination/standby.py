"""A warm process that stands by for some minutes after a command, for the same user's next one.

Starting it takes seconds, most of them for importing torch. With COURSE_STANDBY_SECONDS=0, or where its
socket cannot have a private folder, each command has a warm process of its own.
"""

import contextlib
import hashlib
import os
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from course_lib.errors import UserError
from course_lib.examination.result import CannotGrade
from course_lib.examination.warm import OwnWarm, Warm, launch
from course_lib.examination.warm_process import STANDBY_SECONDS
from course_lib.paths import ROOT

SECONDS = "300"
# Variables that Python, torch and this library may read when they are imported begin like this.
READ_AT_IMPORT = ("COURSE_", "CUDA", "CUPY_", "KMP_", "LANG", "LC_", "LD_", "MKL_", "NBGRADER_", "OMP_",
                  "PLOTLY_", "PYTHON", "TORCH")  # fmt: skip


def warm(guard: str, environment: dict[str, str], folder: Path) -> Warm:
    """A warm process, the one that stands by or a new one; what it forks has that environment and folder.

    One that has imported other files than those that are here now, or in another environment, is not used:
    it ends, and a new one takes its place. Raises UserError for seconds that are not a number.
    """
    environment = {STANDBY_SECONDS: SECONDS} | environment
    connection = None
    if _is_wanted(environment):
        with contextlib.suppress(OSError):
            path = _path(environment)
            connection = _connected(path) or _start(path, environment)
    if connection is None:
        return OwnWarm(guard, {}, environment, folder)
    return Warm(connection, guard, {}, place=(environment, folder))


def keep(environment: dict[str, str], modules: Sequence[str]) -> None:
    """Have the one that stands by, if one does, import `modules` before the next command."""
    environment = {STANDBY_SECONDS: SECONDS} | environment
    with contextlib.suppress(OSError, CannotGrade):
        if modules and _is_wanted(environment) and (connection := _connected(_path(environment))):
            with Warm(connection, "", {}) as warm:
                warm.bring(modules)


def _is_wanted(environment: dict[str, str]) -> bool:
    said = environment[STANDBY_SECONDS]
    try:
        return float(said) > 0
    except ValueError:
        raise UserError(f"{STANDBY_SECONDS} must be a number of seconds, not {said!r}.") from None


def _path(environment: dict[str, str]) -> Path:
    """Where one listens that is not out of date."""
    return _private_folder() / f"{_digest(str(ROOT))}-{_digest(_state(environment))}"


def _connected(path: Path) -> socket.socket | None:
    """A connection to the process that listens there, if there is one."""
    found = socket.socket(socket.AF_UNIX)
    try:
        found.connect(str(path))
    except OSError:
        found.close()
        return None
    return found


def _start(path: Path, environment: dict[str, str]) -> socket.socket | None:
    """Start one that listens there, and end others of this course: they look for their socket's file."""
    for other in path.parent.glob(path.name.split("-")[0] + "-*"):
        with contextlib.suppress(FileNotFoundError):
            other.unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        # Whoever started it does not wait for it: it holds neither their terminal nor their pipes.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        launch("stand-by", listener, environment, ROOT, **quiet).returncode = 0
    return _connected(path)


def _private_folder() -> Path:
    """A folder in which nobody else can make or use a socket. Raises OSError when it is not ours alone."""
    folder = Path(tempfile.gettempdir()) / f"course-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not a private folder")
    return folder


def _state(environment: dict[str, str]) -> str:
    """What a warm process has imported, from where and in which environment: changes when any of it does."""
    files = [*sorted((ROOT / "course_lib").rglob("*.py")), Path(sysconfig.get_path("purelib"))]
    times = [(str(file), file.stat().st_mtime_ns) for file in files]
    read = sorted(item for item in environment.items() if item[0].startswith(READ_AT_IMPORT))
    return repr([sys.executable, sys.version, times, read])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]

"""A machine of several accounts inside this one: real users and homes, seen only by what is started in it.

A mount namespace has its own /etc/passwd and lets the accounts reach the Python of the tests, wherever that
lies. Nothing of it is left on the machine of the tests but a folder below /tmp, which its end removes.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# No account of a real machine has these numbers, nor another test that runs now.
ACCOUNTS = {name: 1_000_000 + 4 * os.getpid() + place for place, name in enumerate(("ada", "ben", "grace"))}
WAITS = "echo ready; exec sleep 3600"


def is_possible() -> bool:
    """Whether this process may make such a machine: as root, where mounts are allowed."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


class Machine:
    """`folder` is its disk. `run` and `start` run a program there as an account, or as root."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="course_hub_", dir="/tmp"))
        self.folder.chmod(0o755)
        for name, number in ACCOUNTS.items():
            self.home(name).mkdir(parents=True)
            os.chown(self.home(name), number, number)
            self.home(name).chmod(0o700)
        for table, line in (("passwd", "{0}:x:{1}:{1}::{2}:/bin/bash"), ("group", "{0}:x:{1}:")):
            known = Path("/etc", table).read_text()
            lines = [line.format(name, number, self.home(name)) for name, number in ACCOUNTS.items()]
            (self.folder / table).write_text(known + "\n".join(lines) + "\n")
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", self._mounts()]
        self._holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout.readline() == "ready\n"
        self._files = os.readlink(f"/proc/{self._holder.pid}/ns/mnt")

    def _mounts(self) -> str:
        """The shell's words that make the machine: its accounts, and the way to Python and the course."""
        lines = [f"mount --bind {self.folder}/{table} /etc/{table}" for table in ("passwd", "group")]
        kept, covered = [], set()
        for path in (Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT):
            closed = [each for each in [*reversed(path.parents), path] if not each.stat().st_mode & 0o001]
            if not closed:
                continue
            covered.add(closed[0])
            # A folder that is closed itself is made anew around what lies in it.
            kept += sorted(path.iterdir()) if path in closed else [path]
        for number, path in enumerate(kept):
            place = self.folder / "kept" / str(number)
            make = f"mkdir -p {place}" if path.is_dir() else f"mkdir -p {place.parent}; touch {place}"
            lines.append(f"{make}; mount --bind '{path}' {place}")
        lines += [f"mount -t tmpfs -o mode=755 tmpfs '{path}'" for path in covered]
        for number, path in enumerate(kept):
            make = f"mkdir -p '{path}'" if path.is_dir() else f"mkdir -p '{path.parent}'; touch '{path}'"
            lines.append(f"{make}; mount --bind {self.folder / 'kept' / str(number)} '{path}'")
        return "\n".join([*lines, WAITS])

    def home(self, name: str) -> Path:
        return self.folder / "home" / name

    def start(self, account: str, command: list, umask: int = 0o022, **options) -> subprocess.Popen:
        """A program there. `environment` in `options` is added to what an account has after login."""
        added: Mapping = options.pop("environment", {})
        home = Path("/root") if account == "root" else self.home(account)
        environment = {
            "HOME": str(home), "USER": account, "LOGNAME": account, "SHELL": "/bin/bash", "LANG": "C.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1",
            **added,
        }  # fmt: skip
        enter = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt"]
        if account != "root":
            number = ACCOUNTS[account]
            enter += ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups", "--"]
        # nsenter goes to the root of that machine's files; the folder is entered there.
        where = options.pop("cwd", home)
        enter += ["sh", "-c", f'umask {umask:04o}; cd "$0" && exec "$@"', str(where)]
        return subprocess.Popen(
            [*enter, *map(str, command)],
            env={name: str(value) for name, value in environment.items()},
            **options,
        )

    def run(self, account: str, command: list, **options) -> subprocess.CompletedProcess:
        """The same, to its end: status, and the text of both streams in `stdout`."""
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        process = self.start(account, command, text=True, **streams, **options)
        said, _ = process.communicate(timeout=600)
        return subprocess.CompletedProcess(command, process.returncode, said)

    def did(self, account: str, command: list, **options) -> str:
        """What a program said that must end well."""
        done = self.run(account, command, **options)
        assert done.returncode == 0, f"{account}: {' '.join(map(str, command))}\n{done.stdout}"
        return done.stdout

    def close(self) -> None:
        """End what runs there, and remove the folder; mounts go with the last process in them."""
        until = time.monotonic() + 30
        while (running := self._running()) and time.monotonic() < until:
            for number in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            time.sleep(0.1)
        self._holder.wait()
        self._holder.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _running(self) -> list[int]:
        """The processes that see this machine's files. One that has ended sees none."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.readlink(path / "ns" / "mnt") == self._files:
                    found.append(int(path.name))
        return found

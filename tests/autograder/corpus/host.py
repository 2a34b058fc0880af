"""The grading machine as an attacker meets it, watched: folders, services, processes."""

import contextlib
import hashlib
import os
import shutil
import socket
import sqlite3
import stat
from pathlib import Path

from tests.autograder.corpus import assignment

PASSWORD = "COURSE_TEST_PASSWORD"  # an environment variable of the grader that holds a canary
# Places outside the watched folders that cases try to write to.
ELSEWHERE = (
    "/etc/cron.d/mine",
    "/etc/profile.d/mine.sh",
    "/etc/ld.so.preload",
    "/var/spool/cron/root",
    "~/.config/systemd/user/mine.service",
    "~/.ipython/profile_default/startup/mine.py",
    "/tmp/left_behind.py",
    "/var/tmp/left_behind.py",
    "/dev/shm/left_behind.py",
    "/dev/shm/left_behind",
    "/tmp/new_shell",
    "/tmp/seen.txt",
    "/tmp/filled",
    "/dev/shm/filled",
)


class Host:
    """A course folder and a home folder with secrets, and services on loopback, in the folder `root`.

    `places` fills the placeholders of cases. Use as a context manager: it ends the services.
    """

    def __init__(self, root: Path):
        self.course, self.home = root / "course", root / "home"
        self._number = 0
        self._services = contextlib.ExitStack()
        self._fill()
        self._listen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._services.close()

    def places(self) -> dict[str, object]:
        """Values of the placeholders; each call gives another mark to know processes by."""
        self._number += 1
        mark = 860_000_000 + os.getpid() % 10_000 * 1000 + self._number
        return {"course": self.course, "home": self.home, "port": self.port, "mark": mark}

    def _fill(self) -> None:
        secret = f"secret {assignment.CANARIES[0]}"
        for path, data in {
            self.course / "notebooks" / "q00_corpus" / "corpus.ipynb": assignment.source(kernel=True),
            self.course / "submitted" / "other" / "q00_corpus" / "corpus.ipynb": assignment.source(),
            self.course / "nbgrader_config.py": b"# " + secret.encode(),
            self.home / ".ssh" / "id_ed25519": secret.encode(),
            self.home / ".ssh" / "authorized_keys": b"",
            self.home / ".bashrc": b"# " + secret.encode(),
        }.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with contextlib.closing(sqlite3.connect(self.course / "gradebook.db")) as database:
            database.execute("CREATE TABLE grade (student, auto_score, manual_score, note)")
            database.execute("INSERT INTO grade VALUES ('other', 1.0, NULL, ?)", [secret])
            database.commit()

    def _listen(self) -> None:
        tcp = socket.create_server(("127.0.0.1", 0))
        self.port = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", self.port))
        abstract, named = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        abstract.bind(f"\0course-{self.port}")
        # A bound path may have 107 bytes; pytest's folders can be longer.
        self._socket_folder = Path(f"/tmp/course-{self.port}")
        self._socket_folder.mkdir()
        named.bind(str(self._socket_folder / "socket"))
        (self.home / "socket").symlink_to(self._socket_folder / "socket")
        self._listening = [tcp, abstract, named]
        for service in (*self._listening, udp):
            service.setblocking(False)
            self._services.callback(service.close)
        for service in self._listening[1:]:
            service.listen()
        self._services.callback(shutil.rmtree, self._socket_folder, ignore_errors=True)
        self._udp = udp

    def reached(self) -> list[str]:
        """Connections and packets that arrived since the last call."""
        found = []
        for service in self._listening:
            with contextlib.suppress(BlockingIOError):
                connection, _ = service.accept()
                connection.close()
                found.append(f"connection to {service.getsockname()!r}")
        with contextlib.suppress(BlockingIOError):
            found.append(f"packet {self._udp.recv(64)!r}")
        return found

    def files(self) -> dict[str, str]:
        """Path -> kind, mode and SHA-256 of everything that must not change."""
        found = {}
        watched = [self.course, self.home, self.course.with_name("course.mine")]
        for path in (p for folder in watched for p in [folder, *folder.rglob("*")]):
            if os.path.lexists(path):
                found[str(path)] = _description(path)
        for name in ELSEWHERE:
            path = Path(name).expanduser()
            if os.path.lexists(path):
                found[str(path)] = _description(path)
        return found


def _description(path: Path) -> str:
    status = path.lstat()
    kind = stat.filemode(status.st_mode)
    if stat.S_ISREG(status.st_mode):
        return f"{kind} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return f"{kind} {os.readlink(path) if path.is_symlink() else ''}"


def processes_named(mark: int) -> list[str]:
    """Command lines and names of processes on this machine that hold the number `mark`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            name = (folder / "cmdline").read_bytes() + (folder / "comm").read_bytes()
            if str(mark).encode() in name and int(folder.name) != os.getpid():
                found.append(f"{folder.name}: {name!r}")
    return found

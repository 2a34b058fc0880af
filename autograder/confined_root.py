"""The files that a confined process sees: a root in memory, read-only except for its scratch folders."""

import ctypes
import functools
import os
import sys
import sysconfig
from dataclasses import dataclass, field

from course_lib.paths import ROOT

HOME = "/home/student"
USER = 1000  # inside; outside it is the grader's own id, or nobody's when the grader is root

NEWNS = 0x00020000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
ATTR_READ_ONLY = 1 | 2 | 4  # MOUNT_ATTR_RDONLY, _NOSUID, _NODEV
MNT_DETACH, AT_FDCWD, AT_RECURSIVE = 2, -100, 0x8000
SYS_MOUNT_SETATTR = 442  # the same on every architecture

libc = ctypes.CDLL(None, use_errno=True)


class CannotConfine(RuntimeError):
    """This machine does not let us confine a process; the message says what was refused."""


def call(name: str, answer: int) -> None:
    """Raises CannotConfine where the C library's `answer` says that the kernel refused."""
    if answer != 0:
        code = ctypes.get_errno()
        raise CannotConfine(f"{name}: {os.strerror(code)}")


def write(path: str, text: str) -> None:
    """`text` in a file, new or there already, by one call: a file of /proc takes it whole or not at all."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def python_environment() -> tuple[str, ...]:
    """The folders with this Python, what is installed for it, and what a notebook imports of the course."""
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}
    course = {str(ROOT / part) for part in ("course_lib", "kernels", "data")}
    real = {os.path.realpath(folder) for folder in folders}
    return tuple(sorted(folder for folder in folders | real | course if os.path.isdir(folder)))


@dataclass(frozen=True)
class View:
    """What a confined process can read besides its own empty scratch folders."""

    system: tuple[str, ...] = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache",
                               "/etc/ld.so.conf", "/etc/alternatives", "/etc/localtime")  # fmt: skip
    python: tuple[str, ...] = field(default_factory=python_environment)

    @functools.cached_property
    def mounts(self) -> tuple[str, ...]:
        """What of it is there and no link, outermost."""
        paths = _outermost(self.system + self.python)
        return tuple(path for path in paths if os.path.exists(path) and not os.path.islink(path))

    @functools.cached_property
    def links(self) -> dict[str, str]:
        """What of the system is a link: where it leads."""
        return {path: os.readlink(path) for path in self.system if os.path.islink(path)}

    def find(self) -> None:
        """Look for both now, so that no process that is forked later needs to."""
        _ = self.mounts, self.links


def make_root(view: View, scratch: int) -> None:
    """An in-memory root with read-only copies of `view`, /proc of this namespace, and scratch folders.

    scratch: bytes in each of home, /tmp and /dev/shm. Raises CannotConfine.
    """
    call("unshare", libc.unshare(NEWNS))
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    # Any folder serves as the mount point if nothing that is needed lies in it.
    sources = {path: os.open(path, os.O_PATH) for path in view.mounts}
    devices = {
        name: os.open(f"/dev/{name}", os.O_PATH) for name in ("null", "zero", "full", "random", "urandom")
    }
    root = "/sys"
    _mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,mode=755")
    for path in (HOME, "/tmp", "/dev/shm"):
        os.makedirs(root + path, exist_ok=True)
        options = f"size={scratch},nr_inodes=20000,mode=1777"
        _mount("tmpfs", root + path, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for path, file in sources.items():
        _make_target(root + path, os.path.isdir(path))
        _mount(f"/proc/self/fd/{file}", root + path, None, MS_BIND | MS_REC)
        _read_only(root + path, recursive=True)
    for path, target in view.links.items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        os.symlink(target, root + path)
    for name, file in devices.items():
        _make_target(f"{root}/dev/{name}", False)
        _mount(f"/proc/self/fd/{file}", f"{root}/dev/{name}", None, MS_BIND)
    for name, target in {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
        os.symlink(target, f"{root}/dev/{name}")
    os.makedirs(root + "/proc")
    _mount("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV)
    os.makedirs(root + "/etc", exist_ok=True)
    write(root + "/etc/passwd", f"student:x:{USER}:{USER}::{HOME}:/bin/sh\n")
    write(root + "/etc/group", f"student:x:{USER}:\n")
    write(root + "/etc/hosts", "127.0.0.1 localhost notebook\n")
    os.chdir(root)
    call("pivot_root", libc.syscall(_pivot_root_number(), b".", b"."))
    call("umount2", libc.umount2(b".", MNT_DETACH))
    os.chdir("/")
    _read_only("/", recursive=False)
    for file in (*sources.values(), *devices.values()):
        os.close(file)
    os.chdir(HOME)


def _outermost(paths) -> list[str]:
    """`paths` without those that lie in another of them."""
    kept: list[str] = []
    for path in sorted({os.path.normpath(path) for path in paths}):
        if not any(path.startswith(other + "/") for other in kept):
            kept.append(path)
    return kept


def _make_target(path: str, folder: bool) -> None:
    if folder:
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, "")


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
    answer = libc.mount(
        source and source.encode(),
        target.encode(),
        kind and kind.encode(),
        ctypes.c_ulong(flags),
        options.encode(),
    )
    call(f"mount {target}", answer)


def _read_only(target: str, recursive: bool) -> None:
    attributes = (ctypes.c_uint64 * 4)(ATTR_READ_ONLY, 0, 0, 0)
    flags = AT_RECURSIVE if recursive else 0
    answer = libc.syscall(
        SYS_MOUNT_SETATTR, AT_FDCWD, target.encode(), flags, attributes, ctypes.c_size_t(32)
    )
    call(f"mount_setattr {target}", answer)


def _pivot_root_number() -> int:
    numbers = {"x86_64": 155, "aarch64": 41}
    if os.uname().machine not in numbers:
        raise CannotConfine(f"pivot_root has no known number on {os.uname().machine}")
    return numbers[os.uname().machine]

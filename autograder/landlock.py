"""A second wall for files: what a process does not need it may not open, whatever is mounted (Landlock).

Constants are those of include/uapi/linux/landlock.h in Linux 6.12.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
VERSION, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
MAKE_CHAR, MAKE_BLOCK, REFER, TRUNCATE, IOCTL_DEV = 1 << 6, 1 << 11, 1 << 13, 1 << 14, 1 << 15
FIRST_RIGHTS = (1 << 13) - 1
LATER_RIGHTS = ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV))  # first version that knows them
SCOPES, SCOPED_FROM = 1 | 2, 6  # abstract sockets and signals stay among the processes that are confined

_libc = ctypes.CDLL(None, use_errno=True)


class NoLandlock(OSError):
    """This kernel has no Landlock, or it is switched off."""


def version() -> int:
    """The version of Landlock's interface that this kernel has; 0 for none."""
    return max(0, _libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION))


def restrict(readable: str, writable: Iterable[str], devices: str) -> None:
    """From now on this process and all that it starts read and run what is below `readable` only, write what
    is below `writable` too, where no device can be made, and write to the files below `devices`.

    There is no way back. Needs no privilege, but no_new_privs. Raises NoLandlock where it cannot be done.
    """
    known = version()
    if not known:
        raise NoLandlock(errno.ENOSYS, "this kernel has no Landlock")
    rights = FIRST_RIGHTS | sum(right for first, right in LATER_RIGHTS if known >= first)
    attributes = struct.pack("=QQQ", rights, 0, SCOPES if known >= SCOPED_FROM else 0)
    size = 24 if known >= SCOPED_FROM else 8
    rules = _checked(_libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(size), 0))
    try:
        _allow(rules, readable, rights & (EXECUTE | READ_FILE | READ_DIR))
        _allow(rules, devices, rights & (READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | IOCTL_DEV))
        for path in writable:
            _allow(rules, path, rights & ~(MAKE_CHAR | MAKE_BLOCK))
        _checked(_libc.syscall(RESTRICT_SELF, rules, 0))
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    below = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        # struct landlock_path_beneath_attr, which is packed
        rule = struct.pack("=Qi", rights, below)
        _checked(_libc.syscall(ADD_RULE, rules, PATH_BENEATH, rule, 0))
    finally:
        os.close(below)


def _checked(answer: int) -> int:
    if answer < 0:
        error = ctypes.get_errno()
        raise NoLandlock(error, os.strerror(error))
    return answer

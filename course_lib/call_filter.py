"""Filters of system calls (seccomp): what a process and all that it starts may no longer ask of the kernel.

A filter is a small program that the kernel runs for each call; its instructions are those of
include/uapi/linux/filter.h in Linux 6.12. Standard library only.
"""

import ctypes
import errno
import os
import struct

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of a table, AUDIT_ARCH_*
X32 = 0x40000000  # numbers from here on are those of another ABI of the same processor

LOAD, JUMP_IF_EQUAL, JUMP_IF_GREATER_EQUAL, JUMP_IF_ANY, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
PR_SET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 21, 22, 2


class NoFilter(OSError):
    """This kernel or this processor has no such filter."""


def argument(place: int) -> int:
    """The offset in struct seccomp_data of the lower half of a call's argument, counted from 0."""
    return 16 + 8 * place


def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction; jumps count the instructions that are passed over."""
    return struct.pack("<HBBI", code, if_true, if_false, value)


def column(machine: str) -> int:
    """Where a table (number on x86-64, on 64-bit Arm) has the numbers of this processor. Raises NoFilter."""
    if machine not in ARCHITECTURES:
        raise NoFilter(errno.ENOSYS, f"no numbers of system calls are known for {machine}")
    return ARCHITECTURES[machine][0]


def beginning(machine: str) -> list[bytes]:
    """The first steps of every filter: the number of the call is loaded, that of another ABI goes no further.

    Raises NoFilter for an unknown processor.
    """
    is_x86 = column(machine) == 0
    steps = [
        step(LOAD, ARCHITECTURE),
        step(JUMP_IF_EQUAL, ARCHITECTURES[machine][1], 1, 0),
        step(RETURN, KILL),  # a program of another ABI, where the numbers mean something else
        step(LOAD, NUMBER),
    ]
    if is_x86:
        steps += [step(JUMP_IF_GREATER_EQUAL, X32, 0, 1), step(RETURN, ERROR | errno.EPERM)]
    return steps


def is_here() -> bool:
    """Whether this machine can filter system calls."""
    libc = ctypes.CDLL(None, use_errno=True)
    return (
        hasattr(os, "uname")
        and os.uname().machine in ARCHITECTURES
        and os.uname().sysname == "Linux"
        and libc.prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0
    )


def install(steps: bytes) -> None:
    """From now on this process and all that it starts are held to the filter. There is no way back.

    Needs no privilege, but no_new_privs. Raises NoFilter where it cannot be done.
    """
    code = ctypes.create_string_buffer(steps, len(steps))
    # struct sock_fprog: the number of instructions, and where they are
    filters = struct.pack("@HP", len(steps) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filters, 0, 0):
        error = ctypes.get_errno()
        raise NoFilter(error, os.strerror(error))

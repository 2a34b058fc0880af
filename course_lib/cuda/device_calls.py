"""What the process that runs one compiled kernel may ask of the kernel of Linux: little, and all for itself.

Whatever a kernel's machine code may come to do, it opens no file for writing, starts no program, reaches no
other process and no network; it writes to the files that were open before. Numbers are those of
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h in Linux 6.12.
"""

import errno

from course_lib.call_filter import (
    ALLOW,
    ERROR,
    JUMP_IF_ANY,
    JUMP_IF_EQUAL,
    LOAD,
    RETURN,
    argument,
    beginning,
    column,
    step,
)

# name -> (number on x86-64, on 64-bit Arm); None where there is no such call.
ALLOWED = {
    # files that are open, and what lies where
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "lseek": (8, 62), "pread64": (17, 67),
    "writev": (20, 66), "fstat": (5, 80), "stat": (4, None), "lstat": (6, None), "newfstatat": (262, 79),
    "statx": (332, 291), "readlink": (89, None), "readlinkat": (267, 78), "access": (21, None),
    "faccessat": (269, 48), "getcwd": (79, 17), "getdents64": (217, 61),
    # memory
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "mremap": (25, 216), "madvise": (28, 233),
    "brk": (12, 214),
    # threads of its own, their signals and their end
    "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293), "gettid": (186, 178),
    "getpid": (39, 172), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132), "exit": (60, 93), "exit_group": (231, 94),
    # clocks and chance
    "clock_gettime": (228, 113), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "getrandom": (318, 278),
}  # fmt: skip
OPEN, OPENAT, CLONE, CLONE3 = (2, None), (257, 56), (56, 220), (435, 435)
TO_WRITE = (
    0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000
)  # O_WRONLY, _RDWR, _CREAT, _TRUNC, _APPEND, __O_TMPFILE
CLONE_THREAD = 0x10000


def program(machine: str) -> bytes:
    """The filter for processors of this name (os.uname().machine). Raises NoFilter for an unknown one."""
    here = column(machine)
    steps = beginning(machine)
    for numbers in ALLOWED.values():
        if numbers[here] is not None:
            steps += [step(JUMP_IF_EQUAL, numbers[here], 0, 1), step(RETURN, ALLOW)]
    for numbers, place in ((OPEN, 1), (OPENAT, 2)):
        if numbers[here] is not None:
            steps += [
                step(JUMP_IF_EQUAL, numbers[here], 0, 4),
                step(LOAD, argument(place)),
                step(JUMP_IF_ANY, TO_WRITE, 0, 1),
                step(RETURN, ERROR | errno.EPERM),
                step(RETURN, ALLOW),
            ]
    steps += [
        # The C library starts threads by clone where clone3, whose flags lie in memory, is unknown.
        step(JUMP_IF_EQUAL, CLONE3[here], 0, 1),
        step(RETURN, ERROR | errno.ENOSYS),
        step(JUMP_IF_EQUAL, CLONE[here], 0, 3),
        step(LOAD, argument(0)),
        step(JUMP_IF_ANY, CLONE_THREAD, 0, 1),
        step(RETURN, ALLOW),
        step(RETURN, ERROR | errno.EPERM),
    ]
    return b"".join(steps)

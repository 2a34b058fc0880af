"""A second wall behind the namespaces: system calls that a confined process may not make (seccomp).

What is refused fails with EPERM, as on a machine whose administrator has forbidden it. Numbers are those of
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h in Linux 6.12.
"""

import contextlib
import errno
import functools
import os

from course_lib.call_filter import (
    ALLOW,
    ERROR,
    JUMP_IF_ANY,
    JUMP_IF_EQUAL,
    LOAD,
    NUMBER,
    RETURN,
    NoFilter,
    argument,
    beginning,
    column,
    install,
    step,
)

# name -> (number on x86-64, on 64-bit Arm); None where there is no such call.
REFUSED = {
    # other processes: to trace them, read their memory, or take their files
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    # what outlives a process, or is counted for the user and not for the process
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186),
    "semget": (64, 190), "mq_open": (240, 180),
    # large and young parts of the kernel
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_setup": (206, 0), "fanotify_init": (300, 262), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "lookup_dcookie": (212, 18), "modify_ldt": (154, None),
    "map_shadow_stack": (453, 453), "lsm_set_self_attr": (460, 460),
    # namespaces, mounts, roots
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "open_tree": (428, 428), "move_mount": (429, 429),
    "mount_setattr": (442, 442), "quotactl": (179, 60), "quotactl_fd": (443, 443), "swapon": (167, 224),
    "swapoff": (168, 225),
    # the machine
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142), "acct": (163, 89),
    "syslog": (103, 116), "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "clock_adjtime": (305, 266), "sethostname": (170, 161), "setdomainname": (171, 162),
    "vhangup": (153, 58), "personality": (135, 92), "iopl": (172, None), "ioperm": (173, None),
    "mbind": (237, 235), "set_mempolicy": (238, 237), "migrate_pages": (256, 238), "move_pages": (279, 239),
}  # fmt: skip
# Does nothing and says that it did: the kernel shares the processor by sessions, and a submission has one.
PRETENDED = {"setsid": (112, 157)}
CLONE, CLONE3, SOCKET = (56, 220), (435, 435), (41, 198)
CLONE_FILES, CLONE_THREAD = 0x400, 0x10000  # the threads of a process have one table of open files
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET, _NEWTIME
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}  # of sockets; no others


@functools.cache
def program(machine: str) -> bytes:
    """The filter for processors of this name (os.uname().machine). Raises NoFilter for an unknown one."""
    here = column(machine)
    steps = beginning(machine)
    # The C library starts threads by clone where clone3, whose flags lie in memory, is unknown.
    steps += [step(JUMP_IF_EQUAL, CLONE3[here], 0, 1), step(RETURN, ERROR | errno.ENOSYS)]
    for number in sorted(numbers[here] for numbers in REFUSED.values() if numbers[here] is not None):
        steps += [step(JUMP_IF_EQUAL, number, 0, 1), step(RETURN, ERROR | errno.EPERM)]
    for numbers in PRETENDED.values():
        steps += [step(JUMP_IF_EQUAL, numbers[here], 0, 1), step(RETURN, ERROR | 0)]
    steps += [
        step(JUMP_IF_EQUAL, CLONE[here], 0, 6),
        step(LOAD, argument(0)),
        step(JUMP_IF_ANY, NEW_NAMESPACES, 2, 0),
        step(JUMP_IF_ANY, CLONE_THREAD, 0, 2),
        step(JUMP_IF_ANY, CLONE_FILES, 1, 0),
        step(RETURN, ERROR | errno.EPERM),
        step(LOAD, NUMBER),
        step(JUMP_IF_EQUAL, SOCKET[here], 0, 2 + len(FAMILIES)),
        step(LOAD, argument(0)),
    ]
    for left, family in zip(range(len(FAMILIES), 0, -1), FAMILIES.values(), strict=True):
        steps.append(step(JUMP_IF_EQUAL, family, left, 0))
    return b"".join([*steps, step(RETURN, ERROR | errno.EAFNOSUPPORT), step(RETURN, ALLOW)])


def prepare() -> None:
    """Make this machine's filter now, so that no process that is forked later needs to."""
    with contextlib.suppress(NoFilter):
        program(os.uname().machine)


def refuse() -> None:
    """From now on this process and all that it starts may not make them. There is no way back.

    Needs no privilege, but no_new_privs. Raises NoFilter where it cannot be done.
    """
    install(program(os.uname().machine))

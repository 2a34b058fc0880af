"""Behind the namespaces: system calls are refused, and files cannot be opened, whatever is mounted."""

import ctypes
import errno
import os
import re
from pathlib import Path

import pytest

from autograder import control_group, landlock, system_calls, walls
from autograder.system_calls import CLONE, CLONE3, FAMILIES, PRETENDED, REFUSED, SOCKET, program
from course_lib import call_filter
from course_lib.call_filter import ARCHITECTURES, KILL, NoFilter
from course_lib.cuda import device_calls
from course_lib.paths import ROOT
from tests.autograder.test_sandbox import confined
from tests.call_filters import verdict as filtered

needs_sandbox = pytest.mark.needs("sandbox")
ALLOWED, REFUSED_BY = 0x7FFF0000, 0x00050000


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    return filtered(program(machine), architecture or ARCHITECTURES[machine][1], number, *arguments)


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_every_call_of_the_list_is_refused_and_every_other_one_allowed(machine):
    column = ARCHITECTURES[machine][0]
    listed = {numbers[column] for numbers in REFUSED.values()} - {None}
    for number in range(600):
        if number in {numbers[column] for numbers in PRETENDED.values()}:
            assert verdict(machine, number) == REFUSED_BY, "error 0: done, it seems"
        elif number == CLONE3[column]:
            assert verdict(machine, number) == REFUSED_BY | errno.ENOSYS
        elif number != SOCKET[column]:
            expected = REFUSED_BY | errno.EPERM if number in listed else ALLOWED
            assert verdict(machine, number) == expected, number


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_clone_makes_threads_and_processes_but_no_namespace(machine):
    number = CLONE[ARCHITECTURES[machine][0]]
    threads = 0x003D0F00  # as the C library starts one
    assert verdict(machine, number, threads) == ALLOWED
    assert verdict(machine, number, 17) == ALLOWED, "fork"
    assert verdict(machine, number, threads & ~0x400) == REFUSED_BY | errno.EPERM, "one with files of its own"
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x80):
        assert verdict(machine, number, flag | 17) == REFUSED_BY | errno.EPERM


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_sockets_of_known_families_only(machine):
    number = SOCKET[ARCHITECTURES[machine][0]]
    for family in range(64):
        refused = family not in FAMILIES.values()
        assert verdict(machine, number, family) == (REFUSED_BY | errno.EAFNOSUPPORT if refused else ALLOWED)


def test_a_program_of_another_abi_is_ended_or_refused():
    assert verdict("x86_64", 1, architecture=0x40000003) == KILL
    assert verdict("x86_64", 0x40000000 + 1) == REFUSED_BY | errno.EPERM


def test_a_processor_whose_numbers_are_not_known_has_no_filter():
    with pytest.raises(NoFilter):
        program("riscv64")


@pytest.mark.needs("compiler")
def test_the_numbers_are_those_of_this_machines_headers():
    """Where the kernel's headers are installed, as beside every compiler."""
    headers = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"
    if os.uname().machine != "x86_64" or not os.path.exists(headers):
        headers = "/usr/include/asm-generic/unistd.h"
    lines = Path(headers).read_text().splitlines()
    words = [line.split() for line in lines if line.startswith("#define __NR")]
    known = {w[1].removeprefix("__NR_").removeprefix("__NR3264_"): w[2] for w in words if len(w) > 2}
    column = 0 if "x86_64" in headers else 1
    checked = 0
    for name, numbers in {**REFUSED, "clone": CLONE, "clone3": CLONE3, "socket": SOCKET}.items():
        if name in known and known[name].isdigit():
            assert int(known[name]) == numbers[column], name
            checked += 1
    assert checked > 60


CALLS = """
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    found = {}
    for name, number in NUMBERS.items():
        found[name] = ctypes.get_errno() if libc.syscall(number, 0, 0, 0, 0, 0) == -1 else 0
"""


@needs_sandbox
def test_a_confined_process_gets_eperm_for_every_call_of_the_list():
    column = ARCHITECTURES[os.uname().machine][0]
    numbers = {name: n[column] for name, n in REFUSED.items() if n[column] is not None}
    found, ending = confined(CALLS.replace("NUMBERS", repr(numbers)))
    assert found == dict.fromkeys(numbers, errno.EPERM), ending


@needs_sandbox
def test_threads_processes_shared_memory_and_loopback_work_as_before():
    found, ending = confined(
        """
        import mmap, multiprocessing, os, socket, subprocess, threading
        said = []
        thread = threading.Thread(target=said.append, args=("thread",))
        thread.start(); thread.join()
        said.append(subprocess.run(["echo", "program"], capture_output=True, text=True).stdout.strip())
        queue = multiprocessing.get_context("fork").Queue()
        process = multiprocessing.get_context("fork").Process(target=queue.put, args=("process",))
        process.start(); said.append(queue.get()); process.join()
        with open("/dev/shm/shared", "w+b") as file:
            file.truncate(4096)
            with mmap.mmap(file.fileno(), 4096) as memory:
                if os.fork() == 0:
                    memory[0] = 7
                    os._exit(0)
                os.wait()
                said.append(memory[0])
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()
        found = [*said, "loopback"]
        """
    )
    assert found == ["thread", "program", "process", 7, "loopback"], ending


@needs_sandbox
@pytest.mark.needs("landlock")
def test_all_of_the_second_wall_stands_here():
    assert not any(wall.mend for wall in walls.walls() if wall.name != "Control group")


@needs_sandbox
@pytest.mark.needs("landlock")
def test_files_are_written_in_the_scratch_folders_only_even_if_something_else_were_mounted_writable():
    found, _ = confined(
        """
        import os
        found = {}
        scratch = ["/home/student/a", "/tmp/a", "/dev/shm/a", "/dev/null"]
        for path in [*scratch, "/a", "/etc/a", "/proc/self/comm"]:
            try:
                open(path, "w").close()
                found[path] = True
            except OSError:
                found[path] = False
        os.mkdir("/tmp/folder")
        os.rename("/tmp/a", "/tmp/folder/b")
        try:
            os.mkfifo("/tmp/pipe")
            os.mknod("/tmp/device", 0o20666, os.makedev(1, 3))
            found["device"] = True
        except OSError:
            found["device"] = False
        """
    )
    writable = {"/home/student/a", "/tmp/a", "/dev/shm/a", "/dev/null"}
    assert {path for path, allowed in found.items() if allowed} == writable


def test_without_landlock_a_kernel_says_so(monkeypatch):
    monkeypatch.setattr(landlock, "version", lambda: 0)
    with pytest.raises(landlock.NoLandlock):
        landlock.restrict("/", (), "/dev")
    monkeypatch.setattr(call_filter, "is_here", lambda: False)
    monkeypatch.setattr(control_group, "parent", lambda: None)
    assert all(wall.mend and wall.missing for wall in walls.walls())
    assert "Landlock" in walls.notes()[1]


@pytest.mark.parametrize(("shared", "said"), [(True, "autogroup"), (False, "by processes")])
def test_what_stands_in_for_a_control_group_is_said(monkeypatch, shared, said):
    monkeypatch.setattr(control_group, "parent", lambda: None)
    monkeypatch.setattr(control_group, "sessions_share", lambda: shared)
    wall = walls.walls()[-1]
    assert said in wall.found
    assert said in wall.missing
    assert wall.mend.startswith("systemd-run --user --scope -p Delegate=yes ./course grade")
    assert ("sched_autogroup_enabled" in wall.mend) is not shared


def test_walls_that_stand_need_no_note(monkeypatch, tmp_path):
    monkeypatch.setattr(landlock, "version", lambda: 6)
    monkeypatch.setattr(call_filter, "is_here", lambda: True)
    monkeypatch.setattr(control_group, "parent", lambda: tmp_path)
    assert walls.notes() == []
    assert str(tmp_path) in walls.walls()[-1].found


def test_no_privilege_is_needed_but_no_new_privs_is():
    child = os.fork()
    if child == 0:
        try:
            ctypes.CDLL(None).setuid(65534)
            system_calls.refuse()
        except NoFilter:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_the_security_page_names_every_call_of_the_lists():
    page = (ROOT / "docs" / "grading_security.md").read_text()
    listing = set(re.findall(r"\w+", page.split("## System calls")[1].split("\n## ")[0]))
    assert listing >= REFUSED.keys() | device_calls.ALLOWED.keys()

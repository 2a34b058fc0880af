"""A confined process sees, reaches and uses only what it may; each test runs one."""

import contextlib
import json
import os
import signal
import socket
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import sandbox
from autograder.sandbox import Limits, View, run_confined

pytestmark = pytest.mark.needs("sandbox")
USUAL = Limits(wall_seconds=20)


def confined(code: str, limits: Limits = USUAL):
    """(what `code` leaves in `found`, how it ended), from a confined process."""
    ours, theirs = socket.socketpair()
    ready, report = os.pipe()
    guardian = os.fork()
    if guardian == 0:
        try:

            def main():
                names = {"channel": theirs}
                exec(textwrap.dedent(code), names)
                theirs.sendall(json.dumps(names.get("found")).encode())

            os.write(report, str(run_confined(main, theirs.fileno(), limits, View())).encode())
        except BaseException as error:
            os.write(report, repr(error).encode())
        finally:
            os._exit(0)
    theirs.close()
    os.close(report)
    answer = b""
    with ours:
        ours.settimeout(30)
        while part := ours.recv(1 << 16):
            answer += part
        ending = os.read(ready, 4096).decode()
    os.close(ready)
    os.waitpid(guardian, 0)
    return json.loads(answer) if answer else None, ending


def test_a_process_that_ends_well_says_so():
    assert confined("found = 6 * 7") == (42, "it ended with exit status 0")


def test_it_has_no_privilege_and_cannot_get_one():
    found, _ = confined(
        """
        import ctypes, os
        status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
        libc = ctypes.CDLL(None, use_errno=True)
        found = [os.getuid(), status["CapEff"], status["CapBnd"], status["NoNewPrivs"],
                 libc.unshare(0x10000000), libc.unshare(0x00020000),
                 libc.mount(b"t", b"/tmp", b"tmpfs", 0, b"")]
        """
    )
    assert found == [1000, "0" * 16, "0" * 16, "1", -1, -1, -1]


def test_where_namespaces_are_refused_nothing_is_run_and_the_reason_is_told():
    found, _ = confined(
        """
        import socket
        from autograder.sandbox import CannotConfine, Limits, View, run_confined
        _, theirs = socket.socketpair()
        try:
            run_confined(lambda: None, theirs.fileno(), Limits(), View())
        except CannotConfine as error:
            found = str(error)
        """
    )
    assert found.startswith("unshare: ")


def test_it_finds_no_file_of_the_course_and_none_of_the_user(tmp_path):
    (tmp_path / "gradebook.db").write_text("secret")
    wanted = [str(tmp_path), str(sandbox.ROOT / "tests"), str(sandbox.ROOT / "notebooks"),
              str(sandbox.ROOT / "autograder"), "/etc/shadow", "/var", "/run", "/root/.ssh"]  # fmt: skip
    found, _ = confined(f"import os; found = [path for path in {wanted!r} if os.path.exists(path)]")
    assert found == []


def test_it_can_write_into_its_scratch_folders_only():
    found, _ = confined(
        f"""
        import os
        found = []
        for folder in ("/", "/usr", "/etc", "/proc/sys/kernel", "/dev", {str(sandbox.ROOT / "course_lib")!r},
                       {os.path.dirname(json.__file__)!r}, "/home/student", "/tmp", "/dev/shm"):
            try:
                open(folder + "/x", "w").close()
                found.append(folder)
            except OSError:
                pass
        """
    )
    assert found == ["/home/student", "/tmp", "/dev/shm"]


def test_it_reaches_its_own_loopback_and_nothing_of_the_host():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found, _ = confined(
            f"""
            import socket
            with socket.create_server(("127.0.0.1", 0)) as own:
                socket.create_connection(own.getsockname(), 1).close()
            found = []
            for address in (("127.0.0.1", {port}), ("192.0.2.1", 80)):
                try:
                    socket.create_connection(address, 1)
                    found.append(address)
                except OSError:
                    pass
            """
        )
    assert found == []


def test_the_environment_and_the_open_files_stay_outside(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    with open(tmp_path / "open", "w"):
        found, _ = confined("import os; found = [dict(os.environ), sorted(os.listdir('/proc/self/fd'))]")
    environment, files = found
    assert "SECRET_TOKEN" not in environment
    assert len(files) == 5  # three to nowhere, the channel, and the listing itself


def test_it_sees_only_its_own_processes():
    found, _ = confined("import os; found = [name for name in os.listdir('/proc') if name.isdigit()]")
    assert found == ["1", "2"]


def test_every_process_it_started_is_dead_at_the_end():
    name = f"orphan_{os.getpid()}_{time.monotonic_ns()}"
    found, _ = confined(
        f"""
        import os, sys, subprocess
        for _ in range(5):
            code = "import time; time.sleep(300)"
            subprocess.Popen([sys.executable, "-c", code, {name!r}], start_new_session=True)
        found = True
        """
    )
    assert found
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):  # it ended meanwhile
            assert name.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.parametrize(
    ("code", "limits", "said"),
    [
        ("import time; time.sleep(60)", replace(USUAL, wall_seconds=0.5), "limit of 0.5 seconds"),
        ("while True: pass", replace(USUAL, cpu_seconds=1), "SIGKILL"),
        (
            "x = [bytearray(b'x' * (64 << 20)) for _ in range(100)]\nimport time; time.sleep(60)",
            replace(USUAL, memory=1200 << 20, addresses=16 << 30),
            "MB of memory",
        ),
        ("import os; os._exit(7)", USUAL, "exit status 7"),
        ("import ctypes; ctypes.string_at(0)", USUAL, "SIGSEGV"),
    ],
    ids=["wall", "cpu", "memory", "exit", "crash"],
)
def test_how_it_ended_is_told(code, limits, said):
    found, ending = confined(code, limits)
    assert found is None
    assert said in ending


def test_what_waits_in_sockets_is_memory_too():
    """No process holds it, so it is counted by their number: as much as may wait in each."""
    most = 2 * int(Path("/proc/sys/net/core/wmem_max").read_text())
    code = """
        import os, socket, time
        kept = [socket.socketpair() for _ in range({pairs})]
        time.sleep({seconds})
        found = len(kept)
        """
    limits = replace(USUAL, memory=200 * most)
    assert confined(code.format(pairs=150, seconds=20), limits)[1].endswith("MB of memory")
    assert confined(code.format(pairs=10, seconds=0.5), limits)[0] == 10


def test_of_several_processes_the_one_that_takes_too_much_memory_dies_alone():
    found, ending = confined(
        """
        import os, time
        small, large = os.fork(), None
        if small == 0:
            time.sleep(60)
            os._exit(0)
        large = os.fork()
        if large == 0:
            held = [bytearray(b"x" * (64 << 20)) for _ in range(40)]
            time.sleep(60)
            os._exit(0)
        _, status = os.waitpid(large, 0)
        found = [os.waitstatus_to_exitcode(status), os.waitpid(small, os.WNOHANG)[0]]
        """,
        replace(USUAL, memory=1200 << 20, addresses=16 << 30),
    )
    assert found == [-signal.SIGKILL, 0]
    assert ending == "it ended with exit status 0"


def test_a_large_allocation_fails_inside_and_a_large_file_too():
    found, ending = confined(
        """
        import os, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        found = []
        try:
            bytearray(64 << 30)
        except MemoryError:
            found.append("memory")
        try:
            with open("/tmp/large", "wb") as file:
                for _ in range(100):
                    file.write(bytes(1 << 20))
        except OSError:
            found.append("file")
        """,
        replace(USUAL, file_size=8 << 20),
    )
    assert found == ["memory", "file"], ending


def test_processes_are_counted():
    found, _ = confined(
        """
        import os, time
        found = 0
        try:
            while found < 500:
                if os.fork() == 0:
                    time.sleep(60)
                    os._exit(0)
                found += 1
        except OSError:
            pass
        """,
        replace(USUAL, processes=40),
    )
    assert 30 <= found < 40


def test_it_ends_when_nobody_listens_any_more():
    ours, theirs = socket.socketpair()
    guardian = os.fork()
    if guardian == 0:
        ours.close()
        run_confined(lambda: time.sleep(60), theirs.fileno(), USUAL, View())
        os._exit(0)
    theirs.close()
    time.sleep(0.2)
    ours.close()
    for _ in range(100):
        if os.waitpid(guardian, os.WNOHANG)[0]:
            return
        time.sleep(0.1)
    os.kill(guardian, signal.SIGKILL)
    os.waitpid(guardian, 0)
    pytest.fail("it went on for ten seconds")

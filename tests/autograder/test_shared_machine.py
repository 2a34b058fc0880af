"""What one submission takes of the machine leaves the others theirs, and is gone when it ends."""

import contextlib
import json
import os
import socket
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import control_group, sandbox
from autograder.sandbox import Limits, View, run_confined
from autograder.warm import Warm
from tests.autograder.test_sandbox import USUAL, confined

pytestmark = pytest.mark.needs("sandbox")


@contextlib.contextmanager
def beside(code: str, limits: Limits = USUAL) -> Iterator[object]:
    """Another confined process, at work once it has set `found`, which is yielded; it ends with the block."""
    ours, theirs = socket.socketpair()
    guardian = os.fork()
    if guardian == 0:
        try:
            ours.close()

            def main():
                names = {"channel": theirs}
                exec(textwrap.dedent(code), names)
                theirs.sendall(json.dumps(names["found"]).encode() + b"\n")
                theirs.recv(1)

            run_confined(main, theirs.fileno(), limits, View())
        finally:
            os._exit(0)
    theirs.close()
    with ours, ours.makefile("rb") as file:
        ours.settimeout(30)
        yield json.loads(file.readline())
    os.waitpid(guardian, 0)


SPIN = """
    import os
    wait, begin = os.pipe()
    for _ in range(150):
        if os.fork() == 0:
            os.close(begin)
            os.setsid()  # each would get a share of its own
            os.read(wait, 1)
            while True:
                pass
    os.close(begin)
    found = "spinning"
"""
OWN_SHARE = """
    import time
    started, used = time.monotonic(), time.process_time()
    while time.monotonic() < started + 1.5:
        pass
    found = (time.process_time() - used) / 1.5
"""


@pytest.mark.slow
@pytest.mark.needs("processor_share")
def test_150_processes_that_spin_leave_another_submission_its_share():
    limits = Limits(wall_seconds=60, group=str(control_group.parent() or ""))
    with beside(SPIN, limits):
        share, ending = confined(OWN_SHARE, limits)
    # By heads it would be a hundredth of a core or two.
    assert share > 0.1, ending


def test_a_session_of_its_own_is_not_to_be_had_and_nothing_breaks_that_asks_for_one():
    found, ending = confined(
        """
        import os, subprocess
        before = os.getsid(0)
        said = subprocess.run(["echo", "program"], start_new_session=True, capture_output=True, text=True)
        if os.fork() == 0:
            os.setsid()
            os._exit(os.getsid(0) == before)
        found = [said.stdout, os.wait()[1] >> 8]
        """
    )
    assert found == ["program\n", 1], ending


def test_descriptors_of_all_its_processes_are_counted_together():
    _, ending = confined(
        """
        import os, time
        for _ in range(6):
            if os.fork() == 0:
                kept = [os.pipe() for _ in range(450)]
                time.sleep(60)
        time.sleep(60)
        """,
        Limits(wall_seconds=20),
    )
    assert ending == "it hit the limit of 4096 open files"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give each submission an account of its own")
def test_descriptors_that_one_submission_has_on_their_way_do_not_keep_another_from_passing_one():
    in_flight = """
        import socket
        kept = []
        try:
            while True:
                left, right = socket.socketpair()
                kept.append(right)
                for _ in range(4):
                    socket.send_fds(left, [b"x"], [left.fileno()] * 250)
                left.close()
        except OSError as error:
            found = str(error)
    """
    with beside(in_flight) as refusal:
        found, ending = confined(
            """
            import os, socket
            left, right = socket.socketpair()
            socket.send_fds(left, [b"x"], [left.fileno()])
            found = len(socket.recv_fds(right, 1, 1)[1])
            """
        )
    assert "Too many references" in refusal
    assert found == 1, ending


def test_a_connection_may_hold_half_a_megabyte_and_no_more():
    found, _ = confined("found = [open(f'/proc/sys/net/ipv4/tcp_{n}mem').read().split()[2] for n in 'rw']")
    assert found == [str(512 << 10)] * 2


@pytest.mark.needs("control_group")
def test_files_in_memory_count_as_memory():
    limits = Limits(wall_seconds=20, memory=128 << 20, group=str(control_group.parent()))
    found, ending = confined(
        """
        with open("/tmp/large", "wb") as file:
            for _ in range(200):
                file.write(bytes(1 << 20))
        found = "written"
        """,
        limits,
    )
    assert found is None
    assert ending == "it hit the limit of 128 MB of memory"


@pytest.mark.needs("control_group")
def test_no_group_is_left_behind():
    parent = control_group.parent()
    confined("import os\nos.fork()\nfound = 1", Limits(wall_seconds=20, group=str(parent)))
    assert [path.name for path in parent.iterdir() if path.name.isdigit()] == []


def test_where_no_group_can_be_made_the_others_walls_hold():
    found, ending = confined("found = 1", Limits(wall_seconds=20, group="/nowhere"))
    assert (found, ending) == (1, "it ended with exit status 0")


def test_the_grader_gives_its_group_to_what_it_forks(monkeypatch, tmp_path):
    monkeypatch.setattr(control_group, "parent", lambda: tmp_path / "groups")
    asked = []
    monkeypatch.setattr(Warm, "_ask", lambda self, question: asked.append(question))
    with Warm():
        assert asked[0][1]["group"] == str(tmp_path / "groups")


# A machine's files, as far as they are read: (mountinfo, membership, folders with their files).
V2 = "30 23 0:26 / TOP rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "30 23 0:26 / TOP rw,nosuid shared:4 - cgroup cgroup rw,cpu\n"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """machine(mounts, membership, **files) lays them out and has the module read them."""

    def make(mounts: str, membership: str, autogroup: str = "1", **files: str) -> Path:
        top = tmp_path / "top"
        for name, text in files.items():
            path = top / name.replace("__", "/").replace("cgroup_", "cgroup.").replace("cpu_", "cpu.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for name, text in {"MOUNTS": mounts, "MEMBERSHIP": membership, "AUTOGROUP": autogroup}.items():
            (tmp_path / name).write_text(text.replace("TOP", str(top)))
            monkeypatch.setattr(control_group, name, tmp_path / name)
        return top

    return make


ALL = "cpuset cpu io memory pids"


def test_root_has_groups_at_the_top(machine, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    files = {"course_grader__cgroup_controllers": ALL, "course_grader__cgroup_subtree_control": ""}
    top = machine(V2, "0::/\n", cgroup_controllers=ALL, cgroup_subtree_control="cpu", **files)
    assert control_group.parent() == top / "course_grader"
    assert (top / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (top / "course_grader" / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"


def test_others_have_them_where_a_group_was_handed_to_them_and_move_out_of_the_way(machine, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    top = machine(V2, "0::/user/run.scope\n", **{
        "user__run.scope__graders__cgroup_procs": "",
        "user__run.scope__cgroup_controllers": ALL, "user__run.scope__cgroup_subtree_control": "",
        "user__run.scope__cgroup_procs": "17\n"})  # fmt: skip
    own = top / "user" / "run.scope"
    assert control_group.parent() == own
    assert (own / "graders" / "cgroup.procs").read_text() == "17"
    control_group.MEMBERSHIP.write_text("0::/user/run.scope/graders\n")
    assert control_group.parent() == own, "a second time, from the place that it moved to"


@pytest.mark.parametrize(("mounts", "files"), [
    (V1, {}),
    (V2, {"cgroup_controllers": "hugetlb", "cgroup_subtree_control": ""}),
    (V2, {"cgroup_controllers": ALL}),
])  # fmt: skip
def test_a_machine_with_groups_of_another_kind_has_none_for_us(machine, monkeypatch, mounts, files):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    machine(mounts, "0::/\n", **files)
    assert control_group.parent() is None


@pytest.mark.parametrize(("autogroup", "membership", "files", "shares"), [
    ("1", "4:cpu,cpuacct:/\n0::/a\n", {}, True),
    ("0", "4:cpu,cpuacct:/\n0::/a\n", {}, False),
    ("1", "4:cpu,cpuacct:/batch\n0::/\n", {}, False),
    ("1", "0::/user/1000\n", {}, True),
    ("1", "0::/user/1000\n", {"user__cpu_weight": "100"}, False),
])  # fmt: skip
def test_sessions_share_the_processor_where_no_group_of_it_stands_between(
    machine, autogroup, membership, files, shares
):
    machine(V2, membership, autogroup, **files)
    assert control_group.sessions_share() is shares


@pytest.mark.skipif(
    os.geteuid() != 0 or control_group._mounted() is None, reason="makes a real group: root, version 2"
)
def test_a_real_group_takes_a_process_in_and_goes_with_it(monkeypatch):
    """Also where the groups of version 2 count nothing, because those of version 1 do."""
    monkeypatch.setattr(control_group, "NEEDED", frozenset())
    parent = control_group.parent()
    stale = parent / str(2**22 + 1)  # higher than any process's number
    stale.mkdir()
    child = os.fork()
    if child == 0:
        group = control_group.Group(parent, 1 << 30, 16)
        left = os.fork()
        if left == 0:
            group.enter()
            os.execvp("sleep", ["sleep", "60"])
        while str(left) not in (parent / str(os.getpid()) / "cgroup.procs").read_text().split():
            pass
        group.remove()
        os._exit(os.waitpid(left, 0)[1])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == sandbox.signal.SIGKILL
    assert not (parent / str(child)).exists()
    control_group.parent()
    assert not stale.exists()
    parent.rmdir()

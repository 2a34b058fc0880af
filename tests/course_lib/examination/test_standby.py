"""The warm process that stands by: the next command finds it, and finds none that is out of date."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from course_lib.errors import UserError
from course_lib.examination import standby, warm, warm_process
from course_lib.examination.warm import OwnWarm
from course_lib.paths import ROOT

GUARD = "course_lib.examination.unconfined"
PATIENCE = 60.0


@pytest.fixture
def place(monkeypatch, tmp_path):  # pytest chooses its own folders before
    """A folder for sockets that nobody else uses; short, as the name of a socket must be."""
    folder = Path(tempfile.mkdtemp(prefix="by"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    for process in standing_by(folder):
        with contextlib.suppress(psutil.NoSuchProcess):  # it ends when the one above it does
            process.kill()
    shutil.rmtree(folder)


def standing_by(place: Path) -> list[psutil.Process]:
    """The processes that stand by with a socket there, and what they forked."""
    return [process for process in psutil.process_iter(["environ"])
            if (process.info["environ"] or {}).get("MARK") == str(place)]  # fmt: skip


def environment(place: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "MARK": str(place), "COURSE_STANDBY_SECONDS": "60", **more}


def asked(found: warm.Warm, source: str) -> str:
    """What a cell prints in a candidate that the warm process forks."""
    process = found.start("candidate")
    try:
        process.channel.send("run", source, 20.0)
        outputs = process.channel.receive(PATIENCE)[1]
        return "".join(output.get("text", output.get("evalue", "")) for output in outputs)
    finally:
        process.end()


def parent(found: warm.Warm) -> int:
    """The process that stands by, if there is one: the parent of whom it forked for `found`."""
    # A candidate's parent is its guard, the guard's is the server, and that one's is the process standing by.
    return int(asked(found, "import psutil; print(psutil.Process().parents()[2].pid)"))


def eventually(condition) -> bool:
    """Whether it becomes true in a minute."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def has_ended(number: int) -> bool:
    """A process that has ended stays in the table while its parent, here the tests, has not asked for it."""
    try:
        return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def stands_by(place: Path, folder: Path, **more: str) -> int:
    with standby.warm(GUARD, environment(place, **more), folder) as found:
        assert not isinstance(found, OwnWarm)
        return parent(found)


def test_the_next_command_finds_it_with_what_the_first_one_imported(place, tmp_path):
    with standby.warm(GUARD, environment(place), tmp_path) as found:
        found.bring(["wave"])
        first = parent(found)
    with standby.warm(GUARD, environment(place), tmp_path) as found:
        assert asked(found, "import sys; print('wave' in sys.modules)") == "True\n"
        assert parent(found) == first


def test_what_it_forks_has_the_environment_and_the_folder_of_who_asks(place, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        with standby.warm(GUARD, environment(place, MINE=folder.name), folder) as found:
            said = asked(found, "import os; print(os.getcwd(), os.environ['MINE'], os.environ['PATH'])")
            assert said == f"{folder} {folder.name} {os.environ['PATH']}\n"


def test_what_the_tests_imported_is_there_for_the_next_command(place, tmp_path):
    first = stands_by(place, tmp_path)
    standby.keep(environment(place), ["no.such.module", "wave"])
    with standby.warm(GUARD, environment(place), tmp_path) as found:
        assert asked(found, "import sys; print('wave' in sys.modules)") == "True\n"
        assert parent(found) == first


def test_keeping_modules_starts_nothing(place):
    standby.keep(environment(place), ["wave"])
    assert not standing_by(place)


def test_two_commands_at_once_are_served_by_the_same_one(place, tmp_path):
    with (
        standby.warm(GUARD, environment(place), tmp_path) as one,
        standby.warm(GUARD, environment(place), tmp_path) as other,
    ):
        assert parent(one) == parent(other)


def test_one_that_is_out_of_date_ends_and_another_takes_its_place(place, tmp_path):
    first = stands_by(place, tmp_path)
    second = stands_by(place, tmp_path, PYTHONHASHSEED="5")
    assert second != first
    assert eventually(lambda: has_ended(first))
    assert not has_ended(second)


def test_a_changed_file_of_the_course_or_another_package_makes_it_out_of_date(tmp_path, monkeypatch):
    course, packages = tmp_path / "course_lib" / "deep", tmp_path / "site-packages"
    for folder in (course, packages):
        folder.mkdir(parents=True)
    (course / "a.py").write_text("1")
    monkeypatch.setattr(standby, "ROOT", tmp_path)
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(packages))
    seen = [standby._state({})]
    for changed in (course / "a.py", packages):
        os.utime(changed, ns=(1, 1))
        seen.append(standby._state({}))
    (course / "b.py").write_text("1")
    seen += [standby._state({}), standby._state({"OMP_NUM_THREADS": "2"})]
    assert len(set(seen)) == 5
    assert standby._state({"TERM": "vt100"}) == seen[3]


def test_it_ends_when_nobody_comes(place, tmp_path):
    process = stands_by(place, tmp_path, COURSE_STANDBY_SECONDS="0.5")
    assert eventually(lambda: has_ended(process))
    assert not list(place.glob("*/*"))


def test_who_came_before_its_end_is_served_and_nobody_comes_after(place):
    path = str(place / "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        callers = warm_process._callers(listener, 0.05)
        early, late = (socket.socket(socket.AF_UNIX) for _ in range(2))
        with early, late:
            early.connect(path)
            os.unlink(path)
            late.settimeout(5)
            with pytest.raises(FileNotFoundError):
                late.connect(path)
            served = list(callers)
        assert len(served) == 1
        served[0].close()


@pytest.mark.parametrize("end", ["killed", "socket removed"])
def test_one_that_is_gone_is_replaced(place, tmp_path, end):
    first = stands_by(place, tmp_path)
    if end == "killed":
        psutil.Process(first).kill()
        eventually(lambda: has_ended(first))
    else:
        next(place.glob("*/*")).unlink()
    assert stands_by(place, tmp_path) != first


@pytest.mark.parametrize(
    "said", [b"", b"nonsense\n", b"[1, {}, [], null]\n7\n", b'["a", {}, [], null]\n["import"]\n']
)
def test_who_connects_and_leaves_or_talks_nonsense_does_not_end_it(place, tmp_path, said):
    first = stands_by(place, tmp_path)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(next(place.glob("*/*"))))
        stranger.sendall(said)
    assert stands_by(place, tmp_path) == first


def test_a_folder_that_others_may_write_to_is_not_used(place, tmp_path):
    (place / f"course-{os.getuid()}").mkdir(mode=0o777)
    (place / f"course-{os.getuid()}").chmod(0o777)
    with standby.warm(GUARD, environment(place), tmp_path) as found:
        assert isinstance(found, OwnWarm)
        assert asked(found, "print(1)") == "1\n"


def test_none_stands_by_where_that_is_not_wanted(place, tmp_path):
    with standby.warm(GUARD, environment(place, COURSE_STANDBY_SECONDS="0"), tmp_path) as found:
        assert isinstance(found, OwnWarm)
    assert not list(place.iterdir())


def test_seconds_that_are_no_number_are_one_clear_line(place, tmp_path):
    with pytest.raises(UserError, match="COURSE_STANDBY_SECONDS must be a number of seconds, not 'long'"):
        standby.warm(GUARD, environment(place, COURSE_STANDBY_SECONDS="long"), tmp_path)


def test_it_does_not_hold_the_pipes_of_who_started_it(place, tmp_path):
    program = (
        "import os, tempfile; from pathlib import Path; from course_lib.examination import standby\n"
        f"with standby.warm({GUARD!r}, dict(os.environ), Path({str(tmp_path)!r})) as found:\n"
        "    found.start('candidate').end()"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    more = {"TMPDIR": str(place), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=environment(place, **more), capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert standing_by(place)

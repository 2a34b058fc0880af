"""Grading that is killed, stopped or run twice at once: the same scores, each result recorded once."""

import contextlib
import functools
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from autograder import journal
from autograder.course import Course
from autograder.release import release
from course_lib.paths import ROOT
from tests.autograder.forked import Forked, get_ready
from tests.autograder.killing import POINTS, kill_at
from tests.autograder.small_course import hand_in, make_course, points_by_cell, solved
from tests.autograder.started import NAMED
from tests.autograder.test_rows import rows

pytestmark = pytest.mark.needs("sandbox")
ASSIGNMENT = "q00_doubling"
WRONG = "def double(values):\n    return list(values)"
FAIR = {"ada": 7, "bob": 4, "eve": 0, "dan": 7}


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory, empty_gradebook, starter) -> Path:
    """A released assignment and a class that was not graded yet."""
    course = make_course(tmp_path_factory.mktemp("class") / "course", empty_gradebook)
    release(course, ASSIGNMENT)
    hand_in(course, "ada", solved(starter))
    hand_in(course, "bob", solved(starter, q00_double=WRONG))
    hand_in(course, "eve", starter)
    hand_in(course, "dan", solved(starter, q00_explain="It is exact."))
    return course.root


@pytest.fixture
def handed_in(class_folder, tmp_path) -> Course:
    """A copy of the class for one test."""
    shutil.copytree(class_folder, tmp_path / "copy")
    return Course(tmp_path / "copy")


@pytest.fixture(scope="module")
def run_of_its_own(class_folder, tmp_path_factory) -> tuple[dict[str, list], float]:
    """The rows of the gradebook after a run that nothing disturbed, and how many seconds it took."""
    get_ready()
    folder = tmp_path_factory.mktemp("undisturbed") / "course"
    shutil.copytree(class_folder, folder)
    started = time.monotonic()
    process = grading(Course(folder))
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    return rows(Course(folder)), time.monotonic() - started


@pytest.fixture
def undisturbed(run_of_its_own) -> dict[str, list]:
    """The rows of that run."""
    return run_of_its_own[0]


@pytest.fixture
def any_moment(run_of_its_own, seed) -> float:
    """Seconds after its start at which a run is disturbed: any at which one goes on."""
    return random.Random(seed).uniform(0, run_of_its_own[1])


def environment(course) -> dict[str, str]:
    return {**os.environ, "COURSE_ROOT": str(course.root), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def typed(course, *words: str) -> subprocess.Popen:
    """The command as a program that is started anew."""
    command = [sys.executable, "-m", "course_lib", "grade", ASSIGNMENT, *(words or ("--workers", "2"))]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=environment(course), **options)


def grading(course, *words: str, first=None) -> Forked:
    """The command in a process that need not import anything."""
    return Forked(["grade", ASSIGNMENT, *(words or ("--workers", "2"))], environment(course), first)


def finish(course) -> str:
    """Type the same command again; what it said."""
    process = grading(course, "--workers", "1")
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    return said


def assert_whole(course, undisturbed) -> None:
    """Equal scores and rows, each result in the journal once, each executed notebook in its place."""
    found = {student: sum(filter(None, points_by_cell(course, student).values())) for student in FAIR}
    assert found == FAIR
    assert rows(course) == undisturbed
    entries = journal.read(course, ASSIGNMENT)
    assert Counter(entry.key[0] for entry in entries) == dict.fromkeys(FAIR, 1)
    for student in FAIR:
        assert course.notebook("autograded", student, ASSIGNMENT).is_file()
    assert not any(journal.folder(course, ASSIGNMENT).glob("executed/*"))


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def programs(pid: int, name: str) -> list[int]:
    """Processes below `pid` that run the program `name`, without those that these forked."""
    found, named = {}, []
    for number in descendants(pid):
        with contextlib.suppress(OSError):
            found[number] = Path(f"/proc/{number}/comm").read_text().rstrip("\n")
    for number, called in found.items():
        with contextlib.suppress(OSError):
            if called == name[:NAMED] and found.get(parent(number)) != called:
                named.append(number)
    return named


def descendants(pid: int) -> dict[int, str]:
    """Processes that `pid` started, and those that these started: number -> command line."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            parents[int(folder.name)] = parent(int(folder.name))
    found, waiting = {}, [pid]
    while waiting:
        one = waiting.pop()
        for child in [child for child, of in parents.items() if of == one]:
            waiting.append(child)
            with contextlib.suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
    return found


def gone(pids, seconds: float = 120) -> bool:
    """Whether all of these processes end within `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(Path(f"/proc/{pid}/exe").exists() for pid in pids):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_two_commands_at_once_share_the_work_and_record_each_submission_once(handed_in, undisturbed):
    processes = [typed(handed_in) for _ in range(2)]
    said = [process.communicate(timeout=600)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert any("Another command grades" in text for text in said)
    assert any(f"{len(FAIR)} unchanged" in text for text in said), said
    assert_whole(handed_in, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("point", POINTS)
def test_a_command_killed_around_any_write_and_typed_again_gives_the_same_rows(
    handed_in, undisturbed, point, count
):
    process = grading(handed_in, "--workers", "1", first=functools.partial(kill_at, point, count))
    said, _ = process.communicate(timeout=600)
    assert process.returncode == -signal.SIGKILL, said
    finish(handed_in)
    assert_whole(handed_in, undisturbed)
    assert f"{len(FAIR)} unchanged" in finish(handed_in)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_command_killed_at_any_moment_and_typed_again_gives_the_same_rows(
    handed_in, undisturbed, any_moment
):
    process = grading(handed_in)
    time.sleep(any_moment)
    started = descendants(process.pid)
    process.kill()
    process.communicate()
    assert gone(started), "a process outlives the command that started it"
    finish(handed_in)
    assert_whole(handed_in, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("victim", ["autograder.workers", "course_lib.examination.warm_process"])
def test_a_killed_worker_or_warm_process_costs_nothing(handed_in, undisturbed, victim, any_moment):
    end = time.monotonic() + any_moment
    process = grading(handed_in)
    victims = []
    while not victims and process.poll() is None:
        time.sleep(0.05)
        victims = programs(process.pid, victim)
    assert victims, "there never was such a process"
    time.sleep(max(0.0, end - time.monotonic()))
    victims = programs(process.pid, victim)
    if victims:  # else it was done before
        with contextlib.suppress(ProcessLookupError):
            os.kill(random.Random(any_moment).choice(victims), signal.SIGKILL)
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    assert_whole(handed_in, undisturbed)


@pytest.mark.slow
def test_ctrl_c_records_what_is_in_work_and_leaves_no_process(handed_in, undisturbed):
    process = typed(handed_in, "--workers", "1")
    file = journal.path(handed_in, ASSIGNMENT)
    while not file.exists() and process.poll() is None:
        time.sleep(0.01)
    started = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=600)
    assert gone(started)
    if process.returncode != 0:  # 0: it was done before
        assert process.returncode == 130
        assert "the same command goes on with the others" in said
        assert "Traceback" not in said
    finish(handed_in)
    assert_whole(handed_in, undisturbed)

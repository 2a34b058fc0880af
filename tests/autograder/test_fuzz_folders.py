"""Whatever lies in submitted/, and whatever becomes of it while it is read: only right work counts.

Each student's folder is made at random of folders, links, pipes, sockets, devices, large files and rights.
"""

import collections
import contextlib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder import batch, engine
from autograder.course import Course
from autograder.grade import grade
from autograder.release import release
from tests.autograder.corpus.folders import NAME, ROOT_IS_HERE, TIMESTAMP, bind, device, sparse
from tests.autograder.small_course import hand_in, make_course, solved
from tests.autograder.test_corpus import no_hang
from tests.autograder.test_folders import ASSIGNMENT, SECRET, quick

CLASS = 50  # folders that one command grades
CLASSES = int(os.environ.get("COURSE_FUZZ_CLASSES", "4"))
LETTERS = (
    "aZ09 .,-_~$%&'\"`*?[]{}()<>|;:=+#@!^\\\t\n\r\x1b\x07\x7f\x85\u00e9\u0301\u202e\u2028\ud7ff\U0001f4a5"
)
# Takes an entry away and puts another kind there, again and again, until it is ended.
RESTLESS = """
import os, random, sys
folder, other = sys.argv[1:]
choose = random.Random(0)
while True:
    name = choose.choice(os.listdir(folder))
    place = os.path.join(folder, name, "q00_doubling", "doubling.ipynb")
    place = choose.choice((place, os.path.dirname(place)))
    try:
        os.rename(place, place + ".aside")
        choose.choice((os.symlink, lambda _, to: os.mkfifo(to), lambda _, to: os.mkdir(to)))(other, place)
        os.rmdir(place) if os.path.isdir(place) and not os.path.islink(place) else os.unlink(place)
    except OSError:
        pass
    try:
        os.rename(place + ".aside", place)
    except OSError:
        pass
"""


def name_of(choose: random.Random, number: int) -> str:
    """A name that a folder can have, another one each time."""
    return f"{number}" + "".join(choose.choices(LETTERS, k=choose.randrange(30)))


def something(path: Path, choose: random.Random, other: Path) -> None:
    """Anything but a right notebook in a folder of its own."""
    targets = (
        other,
        other.parent,
        other / NAME,
        ".",
        "..",
        path.name,
        "nothing",
        "/",
        "/dev/zero",
        "/proc/self/mem",
    )
    kinds = [
        lambda: path.symlink_to(choose.choice(targets)),
        lambda: os.mkfifo(path),
        lambda: bind(path),
        lambda: path.write_bytes(choose.randbytes(choose.randrange(300))),
        lambda: sparse(path, choose.choice((0, 1, 70 << 20, 1 << 40))),
        lambda: [
            path.mkdir(),
            *(something(path / str(i), choose, other) for i in range(choose.randrange(3))),
        ],
        lambda: None,
    ]
    if ROOT_IS_HERE:
        kinds.append(lambda: device(path))
    with contextlib.suppress(OSError):  # a name that this kind cannot have
        choose.choice(kinds)()


def hand_in_anything(student: Path, choose: random.Random, right: bytes, other: Path) -> bool:
    """Make one student's folder; whether a right notebook lies in it, in folders and not in links."""
    place = student / ASSIGNMENT
    fate = choose.randrange(10)
    if fate == 0:
        something(student, choose, other)
        return False
    student.mkdir()
    if fate == 1:
        something(place, choose, other)
        return False
    place.mkdir()
    is_right = fate < 8
    if is_right:
        (place / NAME).write_bytes(right)
    else:
        something(place / NAME, choose, other)
    for name in choose.sample(
        [TIMESTAMP, "receipt.json", "data.csv", "\udcff", "x" * 255, ".hidden", "link"], 3
    ):
        something(place / name, choose, other)
    if choose.random() < 0.2:
        (place / TIMESTAMP).unlink(missing_ok=True) if not (place / TIMESTAMP).is_dir() else None
    if choose.random() < 0.2 and ROOT_IS_HERE:  # root reads it all the same
        choose.choice((student, place)).chmod(choose.choice((0, 0o111, 0o444)))
    return is_right


@pytest.fixture(scope="module")
def course(tmp_path_factory, empty_gradebook):
    course = make_course(tmp_path_factory.mktemp("fuzzed") / "course", empty_gradebook)
    release(course, ASSIGNMENT)
    return course


def graded_class(course: Course, starter, seed: int, restless: bool) -> collections.Counter:
    """Grade a class of random folders beside an honest student; how many ended how."""
    choose = random.Random(seed)
    submitted = course.root / "submitted"
    hand_in(course, "honest", solved(starter, q00_explain=SECRET))
    other, right = submitted / "honest" / ASSIGNMENT, nbformat.writes(solved(starter)).encode()
    moving = submitted.with_name("moving") if restless else submitted
    names = [name_of(choose, CLASS * seed + i) for i in range(CLASS)]
    fair = {name: hand_in_anything(submitted / name, choose, right, other) for name in names}
    fair = {
        name: is_right for name, is_right in fair.items() if os.path.lexists(submitted / name / ASSIGNMENT)
    }
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack, no_hang():
        patch.setattr(engine, "grade_submission", quick)
        patch.setattr(batch.Grader, "_warm_process", lambda self: None)
        if restless:
            stack.enter_context(changing(submitted, moving, names, other))
        outcomes = {outcome.student: outcome for outcome in grade(course, ASSIGNMENT, [])}
    assert outcomes["honest"].auto_points == 7
    found = collections.Counter()
    for name in names:
        if name not in outcomes:  # or it had been taken away when the folders were listed
            assert restless or name not in fair
            found["nothing handed in"] += 1
            continue
        outcome = outcomes[name]
        assert outcome.auto_points in (None, 7)
        assert (outcome.auto_points is None) == bool(outcome.reason)
        if not restless:
            assert (outcome.auto_points == 7) == fair[name], (seed, name, outcome)
        elif not fair.get(name):
            assert outcome.auto_points is None, (seed, name, outcome)
        executed = course.notebook("autograded", name, ASSIGNMENT)
        assert not (executed.exists() and SECRET in executed.read_text("utf-8"))
        found["graded" if outcome.auto_points else outcome.reason.partition(": ")[2][:24]] += 1
    for name in names:
        for path in (submitted / name, submitted / name / ASSIGNMENT):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
    shutil.rmtree(submitted)
    return found


@contextlib.contextmanager
def changing(submitted: Path, moving: Path, names: list[str], other: Path):
    """Meanwhile half of the folders change, by another process."""
    moving.mkdir()
    for name in names[::2]:
        if os.path.lexists(submitted / name):
            (moving / str(len(os.listdir(moving)))).symlink_to(submitted / name)
    process = subprocess.Popen([sys.executable, "-c", RESTLESS, str(moving), str(other)])
    try:
        yield
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(moving)


def test_a_class_of_random_folders_is_graded_as_is_fair(course, starter):
    assert graded_class(course, starter, 0, restless=False).total() == CLASS


@pytest.mark.slow
def test_classes_of_random_folders_are_graded_as_is_fair(course, starter):
    found = sum(
        (graded_class(course, starter, seed, False) for seed in range(1, CLASSES)), collections.Counter()
    )
    print(dict(found))  # pytest -s
    assert found.total() == CLASS * (CLASSES - 1)


@pytest.mark.slow
def test_folders_that_change_while_they_are_read_give_nobody_points_for_nothing(course, starter):
    found = sum(
        (graded_class(course, starter, seed, True) for seed in range(1000, 1000 + CLASSES)),
        collections.Counter(),
    )
    print(dict(found))
    assert found.total() == CLASS * CLASSES
    assert found["graded"] > 0

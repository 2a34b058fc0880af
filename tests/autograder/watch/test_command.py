"""`./course watch` as it is typed: processes of its own, here and on a cluster."""

import os
import subprocess
import sys

import pytest

from autograder import journal
from autograder.release import release
from course_lib.commands import slips
from course_lib.commands.cli import main
from course_lib.paths import ROOT
from tests.autograder.small_course import solved
from tests.autograder.test_cluster import QUIET, Cluster
from tests.autograder.watch.arriving import ASSIGNMENT, attempt, drop, slip, zipped


def typed(course, *words: str) -> subprocess.CompletedProcess:
    outside = {name: text for name, text in os.environ.items() if not name.startswith("COURSE_DROP")}
    environment = outside | QUIET | {"COURSE_ROOT": str(course.root), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "course_lib", "watch", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


def test_an_assignment_that_is_none_is_one_line(course, capsys):
    assert main(["watch", "q00_dubling"]) == 2
    assert "did you mean q00_doubling?" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.needs("sandbox")
def test_what_is_graded_has_a_line_and_what_is_not_in_order_makes_status_1(course, starter):
    release(course, ASSIGNMENT)
    packed = zipped(solved(starter), "ada")
    drop(course, "ada.zip", packed)
    drop(course, "junk.zip", b"junk")
    done = typed(course, "--once", "--workers", "1")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"back: ada, {ASSIGNMENT}, 7 of 7 by tests" in done.stdout
    assert "junk.zip: not a zip that can be read" in done.stdout
    assert slip(course, packed).state == slips.BACK


@pytest.mark.slow
@pytest.mark.needs("sandbox", "dask")
def test_on_a_cluster_each_is_graded_once_and_comes_back(course, starter, tmp_path):
    release(course, ASSIGNMENT)
    zips = {name: zipped(attempt(starter, name), name) for name in ("ada", "bob", "eve")}
    for name, packed in zips.items():
        drop(course, f"{name}.zip", packed)
    with Cluster(tmp_path) as cluster:
        done = typed(course, "--once", "--workers", "2", "--scheduler", cluster.address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {slip(course, packed).state for packed in zips.values()} == {slips.BACK}
    assert sorted(entry.student for entry in journal.read(course, ASSIGNMENT)) == sorted(zips)

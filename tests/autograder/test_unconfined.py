"""--unconfined grades trusted submissions without namespaces, from the command line to the gradebook."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbgrader.api import MissingEntry

from autograder.engine import UNCONFINED, Assignment, Times, grade_submission
from autograder.release import release
from autograder.warm import Warm
from course_lib.paths import ROOT
from tests.autograder.small_course import hand_in, points_by_cell, solved, source_notebook
from tests.autograder.test_interrupted import gone

TIMES = Times(cell=3, call=2, test=10)
ENDLESS = "def double(values):\n    while True:\n        pass"
EXITING = "import os\n\ndef double(values):\n    os._exit(0)"


@pytest.fixture(scope="module")
def small() -> Assignment:
    return Assignment.from_source(nbformat.writes(source_notebook()).encode())


@pytest.fixture(scope="module")
def unconfined():
    with Warm(confined=False) as warm:
        yield warm


@pytest.mark.parametrize(
    ("solution", "fair"),
    [({}, 7), ({"q00_double": ENDLESS}, 4), ({"q00_double": EXITING}, 4)],
    ids=["right", "endless", "exits"],
)
def test_points_are_those_of_a_confined_run(starter, small, unconfined, solution, fair):
    data = nbformat.writes(solved(starter, **solution)).encode()
    result = grade_submission(data, small, warm=unconfined, times=TIMES)
    assert (result.reason, result.auto_points) == ("", fair)


SPY = """\
import gc

def double(values):
    word = "can" + "ary"  # or this source, which Python keeps, would be found
    seen = [thing for thing in gc.get_objects() if isinstance(thing, dict) and word in str(thing)[:999]]
    raise ValueError(f"found {len(seen)}")"""


def test_tests_stay_in_a_process_of_their_own(starter, small, unconfined):
    data = nbformat.writes(solved(starter, q00_double=SPY)).encode()
    result = grade_submission(data, small, warm=unconfined, times=TIMES)
    assert "found 0" in result.messages["q00_double_test"]


def test_what_a_submission_started_is_ended_with_it(starter, small, unconfined):
    number = str(870_000_000 + os.getpid())
    left = f"import subprocess\nsubprocess.Popen(['sleep', '{number}'])\n"
    notebook = solved(starter)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(left))
    grade_submission(nbformat.writes(notebook).encode(), small, warm=unconfined, times=TIMES)
    found = subprocess.run(["pgrep", "-f", f"sleep {number}"], capture_output=True, text=True)
    assert gone(found.stdout.split(), 10)  # what is killed takes a moment to end


# In a user namespace that allows no further ones, as on machines that forbid them.
FORBIDDEN = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'


@pytest.mark.slow
@pytest.mark.needs("sandbox")
def test_where_nothing_can_be_confined_the_command_refuses_until_it_is_told_that_all_are_trusted(
    course, starter
):
    release(course, "q00_doubling")
    hand_in(course, "ada", solved(starter))

    def grade(*options: str) -> subprocess.CompletedProcess:
        environment = {name: value for name, value in os.environ.items() if name != UNCONFINED}
        return subprocess.run(
            ["unshare", "--user", "--map-root-user", "sh", "-c", FORBIDDEN, "sh",
             sys.executable, "-m", "course_lib", "grade", "q00_doubling", *options],
            cwd=ROOT, env={**environment, "COURSE_ROOT": str(course.root)},
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    refused = grade()
    assert refused.returncode == 2
    assert "--unconfined" in refused.stderr
    with pytest.raises(MissingEntry):
        points_by_cell(course, "ada")
    done = grade("--unconfined")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(filter(None, points_by_cell(course, "ada").values())) == 7

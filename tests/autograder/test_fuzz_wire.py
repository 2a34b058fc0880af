"""Whatever a candidate that was taken over says on the wire, it ends with earned points or with a reason.

The fuzzed submission answers one task wrongly and one rightly, so points of the first would be forged ones.
"""

import collections
import os
import random
from multiprocessing.pool import ThreadPool

import pytest

from autograder.engine import Assignment, Times, grade_submission
from autograder.sandbox import Limits
from autograder.warm import Warm
from course_lib.paths import ROOT
from tests.autograder.corpus import assignment
from tests.autograder.corpus.case import Case
from tests.autograder.corpus.judge import leaked, unfair
from tests.autograder.test_corpus import no_hang

pytestmark = pytest.mark.needs("sandbox")
TRIALS = int(os.environ.get("COURSE_FUZZ_TRIALS", "20"))  # of each of the three slow tests
AT_ONCE = 4  # most of their time goes by until a limit ends them, on no processor
TIMES = Times(cell=2.0, call=0.5, launch=1.0, test=4.0, submission=12.0, grace=0.5, restarts=1)
LYING = (ROOT / "tests" / "autograder" / "lying.py").read_text("utf-8")
WRONG = "def mean_square(values):\n    return -1.0"


@pytest.fixture(scope="module")
def graded() -> Assignment:
    return Assignment.from_source(assignment.source())


@pytest.fixture(scope="module")
def warm():
    with Warm(limits=Limits(wall_seconds=30, cpu_seconds=20, memory=2 << 30, processes=64)) as warm:
        yield warm


def trial(seed: int, graded: Assignment, warm) -> str:
    """Grade one submission whose process lies; how it ended, in a word."""
    choose = random.Random(seed)
    rate = choose.choice((0.05, 0.2, 0.6, 1.0))
    cell = f"{LYING}\n\nlie({seed}, {rate})"
    case = Case(
        "lying",
        "messages are changed",
        mean_square=WRONG,
        **{choose.choice(("before", "before", "after")): (cell,)},
    )
    result = grade_submission(case.submission(), graded, warm=warm, times=TIMES)
    assert leaked(result) == [], seed
    assert "\n" not in result.reason
    if result.reason:
        assert not any(result.points.values())
        return "a reason"
    assert result.points["q00_mean_square_test"] == result.points["q00_mean_square_hidden"] == 0, seed
    for kind, full in zip(("test", "hidden"), assignment.FULL["softmax"], strict=True):
        assert 0 <= result.points[f"q00_softmax_{kind}"] <= full
    earned = result.points["q00_softmax_test"] + result.points["q00_softmax_hidden"]
    if earned == 3:
        return "flagged, all that is right earned" if result.flags else "all that is right earned"
    return "flagged, points lost" if result.flags else "points lost"


def trials(seeds: range, graded: Assignment, warm) -> None:
    with ThreadPool(AT_ONCE) as pool, no_hang():  # its threads are waited for by nobody, should one hang
        found = collections.Counter(pool.map(lambda seed: trial(seed, graded, warm), seeds, chunksize=1))
    print(dict(found))  # pytest -s
    assert found.total() == len(seeds)
    right = Case("right", "a right submission")
    assert unfair(right, grade_submission(right.submission(), graded, warm=warm, times=TIMES)) == []


def test_three_candidates_that_lie_gain_nothing(graded, warm):
    trials(range(3), graded, warm)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(3))  # so that several workers share them
def test_each_candidate_that_lies_gains_nothing(part, graded, warm):
    trials(range(part * 10_000, part * 10_000 + TRIALS), graded, warm)

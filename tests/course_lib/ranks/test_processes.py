"""Ranks carry out orders together, and none outlives who started it."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from course_lib.paths import ROOT
from course_lib.ranks.processes import RankEnded, Ranks

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts bytes and /proc")
ORDERS = Path(__file__).with_name("orders.py")


@pytest.fixture(autouse=True, scope="module")
def _orders_can_be_imported():
    """By the ranks, which search where this process says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ORDERS.parent))
        yield


@pytest.fixture(scope="module")
def ranks(_orders_can_be_imported):
    with Ranks(3, progress=False) as started:
        yield started


class Bar:
    """Counts what a progress bar is told."""

    steps = 0

    def update(self):
        self.steps += 1


def test_an_order_is_carried_out_by_every_rank_and_answered_rank_by_rank(ranks):
    bar = Bar()
    assert ranks.order("orders:rank_and_size") == [(0, 3), (1, 3), (2, 3)]
    assert ranks.order("orders:sum_of", [1.5, 2.0], bar=bar) == [[4.5, 6.0]] * 3
    assert bar.steps == 3, "each rank told once"


@pytest.mark.parametrize("function", ["print", "os.system", "a:b:c", "os:", ":getpid", "os:get pid"])
def test_an_order_that_names_no_function_of_a_module_is_refused_and_harms_nobody(ranks, function):
    with pytest.raises(ValueError, match="module:function"):
        ranks.order(function)
    assert ranks.order("orders:rank_and_size") == [(0, 3), (1, 3), (2, 3)]


@pytest.mark.parametrize(
    ("function", "line"),
    [
        ("orders:raises", r"rank [01] ended: ValueError: no such number"),
        ("orders:nowhere", r"rank [01] ended: AttributeError: [^\n]*'nowhere'"),
        ("no_such_module:f", r"rank [01] ended: ModuleNotFoundError: [^\n]*'no_such_module'"),
        ("orders:one_exits", r"rank 1 ended: [^\n]+"),
        ("orders:answers_what_cannot_travel", r"rank [01] ended: [^\n]+"),
    ],
)
def test_an_order_that_fails_in_a_rank_ends_all_with_one_line(function, line):
    ranks = Ranks(2, progress=False)
    pids = ranks.pids
    with pytest.raises(RankEnded, match=rf"^{line}$"):
        ranks.order(function)
    assert gone(pids)


def test_no_ranks_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Ranks(0)


def gone(pids, seconds=20.0):
    """Whether all processes have ended (a zombie has), within some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(map(alive, pids)):
            return True
        time.sleep(0.05)
    return False


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@LINUX
def test_a_rank_that_is_killed_ends_all_with_one_line():
    ranks = Ranks(2, progress=False)
    pids = ranks.pids
    os.kill(pids[1], signal.SIGKILL)
    with pytest.raises(RankEnded, match=r"^rank \d ended: [^\n]+$"):
        ranks.order("orders:sums_for_long")
    assert gone(pids)
    with pytest.raises(RankEnded, match="start new ones"):
        ranks.order("orders:rank_and_size")


SCRIPT = """
    from course_lib.ranks.processes import Ranks

    ranks = Ranks(2, progress=False)
    print(*ranks.pids, flush=True)
    try:
        ranks.order("orders:sums_for_long")
    except KeyboardInterrupt:
        print("interrupted", ranks.pids, flush=True)
"""


@LINUX
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_rank_outlives_an_interrupt_or_the_death_of_who_started_it(how):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        pids = [int(pid) for pid in process.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(alive, pids))
        time.sleep(0.5)  # let them be in the middle of it
        process.send_signal(how)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert gone(pids)
    assert said == ("interrupted []\n" if how == signal.SIGINT else "")

"""Ranks carry out orders together, and none outlives who started it."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist

from course_lib.paths import ROOT
from course_lib.ranks import forks
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


def whose_number(number, of):
    return number, of, dist.get_rank(), float(torch.ones(2).sum() + np.ones(1)[0])


def divides_by_its_rank(numerator):
    value = torch.tensor([numerator])
    if dist.get_rank() == 1:
        numerator / (dist.get_rank() - 1)
    dist.all_reduce(value)
    return value


def waits_for_what_nobody_sends():
    if dist.get_rank() == 1:
        dist.recv(torch.empty(1), 0)


def counts_for_ever():
    number = 0
    while True:
        number += 1


class Answer:
    """Known to nobody but the rank."""

    def __init__(self):
        self.number = 3


def answers_with_a_class_of_its_own():
    return Answer()


def test_a_function_is_carried_out_by_its_text(ranks):
    assert ranks.call(whose_number, 5, "x") == [(5, "x", rank, 3.0) for rank in range(3)]


def draws():
    return float(np.random.random())


def test_ranks_draw_different_random_numbers_though_they_are_forks_of_one_process(ranks):
    assert len(set(ranks.call(draws))) == 3


def parent_of(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


@LINUX
def test_ranks_that_start_later_are_forks_of_the_same_process_but_see_the_variables_of_now(monkeypatch):
    origins = set()
    for value in ("old", "new"):
        monkeypatch.setenv("COURSE_TOLD", value)
        with Ranks(2, progress=False) as ranks:
            origins |= set(map(parent_of, ranks.pids))
            assert ranks.order("orders:variable", "COURSE_TOLD") == [value] * 2
    monkeypatch.delenv("COURSE_TOLD")
    with Ranks(2, progress=False) as first, Ranks(3, progress=False) as second:
        origins |= {parent_of(pid) for ranks in (first, second) for pid in ranks.pids}
        assert second.order("orders:variable", "COURSE_TOLD") == [None] * 3
        first.close()
        assert not any(map(alive, first.pids))
        assert second.order("orders:rank_and_size") == [(0, 3), (1, 3), (2, 3)]
    assert len(origins) == 1
    assert all(map(alive, origins))


@LINUX
def test_the_process_that_forks_ranks_ends_when_none_was_started_for_a_while(monkeypatch):
    monkeypatch.setattr(forks, "KEPT", 0.1)
    monkeypatch.setattr(forks, "_kept", None)  # it keeps that of other tests' ranks
    with Ranks(2, progress=False) as ranks:
        origin = parent_of(ranks.pids[0])
        time.sleep(0.5)
        assert alive(origin)
    assert gone([origin])
    with Ranks(2, progress=False) as ranks:
        assert ranks.order("orders:rank_and_size") == [(0, 2), (1, 2)]


@LINUX
def test_a_rank_that_starts_when_the_others_have_ended_is_not_ended_by_their_process(monkeypatch, tmp_path):
    monkeypatch.setattr(forks, "KEPT", 0.5)
    monkeypatch.setattr(forks, "_kept", None)
    starting = forks.start(2, tmp_path, True)
    first = next(starting)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    second = next(starting)
    time.sleep(1.5)
    assert alive(second.pid)
    second.kill()
    assert second.wait() == -signal.SIGKILL


@LINUX
def test_where_the_process_that_forks_ranks_was_killed_a_new_one_is_started(monkeypatch):
    monkeypatch.setattr(forks, "_kept", None)  # it harms no other test's ranks
    with Ranks(2, progress=False) as ranks:
        origin, pids = parent_of(ranks.pids[0]), ranks.pids
        os.kill(origin, signal.SIGKILL)
        assert gone([origin])
    assert gone(pids)
    with Ranks(2, progress=False) as ranks:
        assert ranks.order("orders:rank_and_size") == [(0, 2), (1, 2)]


def test_why_ranks_could_not_start_is_told_in_one_line(tmp_path, monkeypatch):
    tmp_path.joinpath("torch.py").write_text("raise ImportError('no torch here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RankEnded, match=r"^rank [01] ended: exit status 1, ImportError: no torch here$"):
        Ranks(2, progress=False)


def test_what_cannot_travel_is_refused_before_anything_is_sent(ranks):
    with pytest.raises(ValueError, match="the text of <lambda> cannot be found"):
        ranks.call(lambda: 1)
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        ranks.call(whose_number, 5, lambda: 1)
    with pytest.raises(ValueError, match="patience must be greater than 0"):
        ranks.call(whose_number, 5, "x", patience=0)
    assert ranks.order("orders:rank_and_size") == [(0, 3), (1, 3), (2, 3)]


@pytest.mark.parametrize(
    ("function", "arguments", "patience", "line"),
    [
        (
            divides_by_its_rank,
            (1.0,),
            5,
            r"rank 1 ended: ZeroDivisionError: [^\n]*, in line 4 of divides_by_its_rank: numerator / .*",
        ),
        (
            waits_for_what_nobody_sends,
            (),
            5,
            r"no word from rank 1 for 5 s, so all were stopped; rank 1 is in line 3 of "
            r"waits_for_what_nobody_sends: dist.recv\(torch.empty\(1\), 0\)",
        ),
        # It takes both ranks' processors as long as it is waited for.
        (
            counts_for_ever,
            (),
            2,
            r"no word from rank 0, 1 for 2 s.*rank 1 is in line [34] of counts_for_ever.*",
        ),
        (answers_with_a_class_of_its_own, (), 5, r"rank [01] ended: its answer is no plain data: [^\n]+"),
    ],
)
def test_a_function_that_goes_wrong_ends_all_with_one_line_that_says_where(
    function, arguments, patience, line
):
    ranks = Ranks(2, progress=False)
    pids = ranks.pids
    with pytest.raises(RankEnded, match=rf"^{line}$"):
        ranks.call(function, *arguments, patience=patience)
    assert gone(pids)


@LINUX
@pytest.mark.parametrize("victim", [0, 2])
def test_a_rank_that_is_killed_ends_all_with_one_line_that_names_it(victim):
    ranks = Ranks(3, progress=False)
    pids = ranks.pids
    # In the middle of an all-reduce, so that the others lose their connection to it.
    killer = threading.Timer(1.0, os.kill, (pids[victim], signal.SIGKILL))
    killer.start()
    with pytest.raises(RankEnded, match=rf"^rank {victim} ended: it was killed \(SIGKILL\)[^\n]*$"):
        ranks.order("orders:sums_for_long")
    assert gone(pids)
    with pytest.raises(RankEnded, match="start new ones"):
        ranks.order("orders:rank_and_size")


@LINUX
def test_a_rank_that_was_killed_before_an_order_is_named():
    ranks = Ranks(2, progress=False)
    pids = ranks.pids
    os.kill(pids[1], signal.SIGKILL)
    with pytest.raises(RankEnded, match=r"^rank 1 ended: it was killed \(SIGKILL\)[^\n]*$"):
        ranks.order("orders:sums_for_long")
    assert gone(pids)


def test_nccl_without_a_gpu_for_each_rank_is_refused():
    with pytest.raises(ValueError, match="nccl needs a GPU for each of 99 ranks"):
        Ranks(99, backend="nccl")
    with pytest.raises(ValueError, match="backend must be one of"):
        Ranks(2, backend="mpi")


SCRIPT = """
    from course_lib.ranks.processes import Ranks

    ranks = Ranks(2, progress=False)
    print(*ranks.pids, flush=True)
    try:
        ranks.order("orders:sums_for_long")
    except KeyboardInterrupt as interrupt:
        print(interrupt, ranks.pids, flush=True)
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
        pids += set(map(parent_of, pids))
        assert all(map(alive, pids))
        time.sleep(0.5)  # let them be in the middle of it
        process.send_signal(how)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert gone(pids)
    assert said == ("all 2 ranks were stopped []\n" if how == signal.SIGINT else "")


CHILD = """
    import os, sys
    from course_lib.ranks.processes import Ranks

    with Ranks(2, progress=False) as ranks:
        print(*ranks.order("orders:rank_and_size"), flush=True)
    if (child := os.fork()) == 0:
        with Ranks(2, progress=False) as ranks:
            print(*ranks.order("orders:rank_and_size"), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    with Ranks(3, progress=False) as ranks:
        print(*ranks.order("orders:rank_and_size"), flush=True)
"""


@LINUX
def test_a_process_and_its_fork_both_start_ranks():
    command = [sys.executable, "-c", textwrap.dedent(CHILD)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.stdout.splitlines() == ["(0, 2) (1, 2)", "(0, 2) (1, 2)", "(0, 3) (1, 3) (2, 3)"], run.stderr

"""Real ranks: every layout computes what one process computes, and none outlives who started it."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from types import SimpleNamespace

import pytest

from course_lib.costs import collectives
from course_lib.costs.layouts import Layout
from course_lib.parallelism.job import Job, largest_difference
from course_lib.parallelism.prediction import predict
from course_lib.paths import ROOT
from course_lib.ranks.processes import RankEnded, Ranks

SIZES = [(2,), (4,), (1, 2), (1, 4), (1, 1, 2), (1, 1, 4), (2, 2), (1, 2, 2), (2, 1, 2)]
LAYOUTS = [Layout(*sizes) for sizes in SIZES]
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts bytes and /proc")


@pytest.fixture(scope="module")
def ranks():
    with Ranks(4, progress=False) as started:
        yield started


@pytest.fixture(scope="module")
def one(ranks):
    return ranks.run(Job(users=7, layers=5), Layout())


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_layout_computes_what_one_process_computes(ranks, one, layout):
    run = ranks.run(one.job, layout)
    assert largest_difference(run, one) < 1e-5
    assert len(run.ranks) == layout.gpus
    assert 0 <= run.idle < 1
    # A copy's weights are cut, a second copy doubles them; only the biases of sums lie on one shard.
    held = sum(rank.weight_bytes for rank in run.ranks) / sum(rank.weight_bytes for rank in one.ranks)
    assert held == pytest.approx(layout.replicas, rel=0.01)


@LINUX
@pytest.mark.parametrize("size", [2, 4])
def test_a_ring_all_reduce_sends_what_its_formula_says(ranks, size):
    nbytes, _, sent = ranks.all_reduces(size, repeats=5)[-1]
    assert sent == pytest.approx(collectives.bytes_sent("all_reduce", nbytes, size), rel=0.01)


@LINUX
@pytest.mark.parametrize("layout", LAYOUTS[2:], ids=str)
def test_ranks_send_the_predicted_bytes_and_their_headers(ranks, layout):
    job = Job(width=512, layers=4, users=8, answer=2, prompt=16, layer_seconds=1e-6)
    networks = dict.fromkeys((2, 4), collectives.Network(0, 1))
    assert ranks.run(job, layout).sent_bytes == pytest.approx(
        predict(job, layout, networks).sent_bytes, rel=0.1
    )


def test_a_network_has_latency_and_bandwidth(ranks):
    network = ranks.network(2)
    assert 0 <= network.latency < 1
    assert 1e6 < network.bandwidth <= 1e12


def test_a_job_that_does_not_fit_is_refused_and_harms_nobody(ranks, one):
    with pytest.raises(ValueError, match="needs 8 ranks"):
        ranks.run(Job(users=8), Layout(replicas=8))
    with pytest.raises(ValueError, match="3 shards"):
        ranks.run(Job(), Layout(tensor=3))
    assert largest_difference(ranks.run(one.job, Layout()), one) == 0


def seconds_of(ranks, monkeypatch, *rounds):
    """What `fastest` chose of jobs that take `rounds`[round][job] seconds, after the runs of each job."""
    done = {index: [] for index in range(len(rounds[0]))}

    def run_all(plan):
        for index in plan:
            done[index].append(rounds[len(done[index])][index])
        return [SimpleNamespace(seconds=done[index][-1]) for index in plan]

    monkeypatch.setattr(ranks, "run_all", run_all)
    return done, [run.seconds for run in ranks.fastest(range(len(done)), agree=0.05, most=len(rounds))]


def test_a_job_is_repeated_until_its_two_fastest_runs_agree(ranks, monkeypatch):
    done, fastest = seconds_of(ranks, monkeypatch, (1.04, 3.0), (1.0, 2.0), (9.0, 1.0), (9.0, 1.01), (9, 9))
    assert [len(runs) for runs in done.values()] == [2, 4]
    assert fastest == [1.0, 1.0]


def test_the_fastest_run_counts_where_no_two_agree(ranks, monkeypatch):
    done, fastest = seconds_of(ranks, monkeypatch, (4.0,), (2.0,), (3.0,))
    assert len(done[0]) == 3
    assert fastest == [2.0]


def test_the_fastest_of_real_runs_computes_what_a_single_one_does(ranks, one):
    (run,) = ranks.fastest([(one.job, Layout(2))], agree=0.0, most=3)
    assert largest_difference(run, one) < 1e-5


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
        ranks.run(Job(answer=200, layer_seconds=0.01), Layout(tensor=2))
    assert gone(pids)
    with pytest.raises(RankEnded, match="start new ones"):
        ranks.run(Job(), Layout())


SCRIPT = """
    from course_lib.costs.layouts import Layout
    from course_lib.parallelism.job import Job
    from course_lib.ranks.processes import Ranks

    ranks = Ranks(2, progress=False)
    print(*ranks.pids, flush=True)
    try:
        ranks.run(Job(answer=10**5, layer_seconds=0.01), Layout(tensor=2))
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

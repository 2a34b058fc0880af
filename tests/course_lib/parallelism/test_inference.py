"""Real ranks: every layout computes what one process computes, and the fastest run is one of them."""

from types import SimpleNamespace

import pytest

from course_lib.costs import collectives
from course_lib.costs.layouts import Layout
from course_lib.parallelism import inference
from course_lib.parallelism.job import Job, largest_difference
from course_lib.parallelism.prediction import predict
from course_lib.ranks.processes import Ranks
from tests.course_lib.ranks.test_processes import LINUX

SIZES = [(2,), (4,), (1, 2), (1, 4), (1, 1, 2), (1, 1, 4), (2, 2), (1, 2, 2), (2, 1, 2)]
LAYOUTS = [Layout(*sizes) for sizes in SIZES]


@pytest.fixture(scope="module")
def ranks():
    with Ranks(4, progress=False) as started:
        yield started


@pytest.fixture(scope="module")
def one(ranks):
    return inference.run(ranks, Job(users=7, layers=5), Layout())


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_layout_computes_what_one_process_computes(ranks, one, layout):
    run = inference.run(ranks, one.job, layout)
    assert largest_difference(run, one) < 1e-5
    assert len(run.ranks) == layout.gpus
    assert 0 <= run.idle < 1
    # A copy's weights are cut, a second copy doubles them; only the biases of sums lie on one shard.
    held = sum(rank.weight_bytes for rank in run.ranks) / sum(rank.weight_bytes for rank in one.ranks)
    assert held == pytest.approx(layout.replicas, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_outputs_are_equal_for_three_seeds_as_question_6_asserts(ranks, seed):
    job = Job(width=128, layers=4, users=16, answer=8, seed=seed)
    one, *others = inference.run_all(ranks, [(job, layout) for layout in (Layout(), *LAYOUTS)])
    assert max(largest_difference(run, one) for run in others) < 1e-5


@LINUX
@pytest.mark.parametrize("layout", LAYOUTS[2:], ids=str)
def test_ranks_send_the_predicted_bytes_and_their_headers(ranks, layout):
    job = Job(width=512, layers=4, users=8, answer=2, prompt=16, layer_seconds=1e-6)
    networks = dict.fromkeys((2, 4), collectives.Network(0, 1))
    assert inference.run(ranks, job, layout).sent_bytes == pytest.approx(
        predict(job, layout, networks).sent_bytes, rel=0.1
    )


def test_a_job_that_does_not_fit_is_refused_and_harms_nobody(ranks, one):
    with pytest.raises(ValueError, match="needs 8 ranks"):
        inference.run(ranks, Job(users=8), Layout(replicas=8))
    with pytest.raises(ValueError, match="3 shards"):
        inference.run(ranks, Job(), Layout(tensor=3))
    assert largest_difference(inference.run(ranks, one.job, Layout()), one) == 0


def seconds_of(monkeypatch, *rounds):
    """What `fastest` chose of jobs that take `rounds`[round][job] seconds, after the runs of each job."""
    done = {index: [] for index in range(len(rounds[0]))}

    def run_all(ranks, plan):
        for index in plan:
            done[index].append(rounds[len(done[index])][index])
        return [SimpleNamespace(seconds=done[index][-1]) for index in plan]

    monkeypatch.setattr(inference, "run_all", run_all)
    return done, [
        run.seconds for run in inference.fastest(None, range(len(done)), agree=0.05, most=len(rounds))
    ]


def test_a_job_is_repeated_until_its_two_fastest_runs_agree(monkeypatch):
    rounds = (1.04, 3.0), (1.0, 2.0), (9.0, 1.0), (9.0, 1.01), (9, 9)
    done, fastest = seconds_of(monkeypatch, *rounds)
    assert [len(runs) for runs in done.values()] == [2, 4]
    assert fastest == [1.0, 1.0]


def test_the_fastest_run_counts_where_no_two_agree(monkeypatch):
    done, fastest = seconds_of(monkeypatch, (4.0,), (2.0,), (3.0,))
    assert len(done[0]) == 3
    assert fastest == [2.0]


def test_the_fastest_of_real_runs_computes_what_a_single_one_does(ranks, one):
    (run,) = inference.fastest(ranks, [(one.job, Layout(2))], agree=0.0, most=3)
    assert largest_difference(run, one) < 1e-5

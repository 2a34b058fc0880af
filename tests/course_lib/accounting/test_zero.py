"""ZeRO on real ranks: bytes held and sent are those of the formulas, and every stage learns the same."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib import shapes
from course_lib.accounting import zero
from course_lib.accounting.training import LEARNER
from course_lib.costs import collectives, memory
from course_lib.ranks.processes import RankEnded, Ranks

LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux counts bytes that were sent"
)
P = shapes.parameters(replace(LEARNER, tied=False))
STEPS, BATCH = 6, 16
FP32 = {"optimizer": 8, "number": 4}


@pytest.fixture(scope="module", params=[2, 4])
def ranks(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # where the orders are
        with Ranks(request.param, progress=False) as started:
            yield started


@pytest.fixture(scope="module")
def runs(ranks):
    """A training at each stage."""
    return [zero.train(ranks, stage, steps=STEPS, batch=BATCH) for stage in range(4)]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_ring_adds_and_gathers(ranks, dtype):
    n, count = 8, ranks.count
    answers = ranks.order("orders:scatter_and_gather", 5 * n * count, dtype)
    sums = [count * (i % 7) + sum(range(count)) for i in range(5 * n * count)]
    assert [x for part, _ in answers for x in part] == sums
    assert all(whole == [(i % 7) + rank for rank in range(count) for i in range(5)] for _, whole in answers)


@LINUX
def test_the_ring_sends_what_its_formula_says_and_gloo_as_much_as_an_all_reduce(ranks):
    n = 2**18
    for ours, gloos in ranks.order("orders:bytes_of", n):
        assert ours == pytest.approx(collectives.bytes_sent("reduce_scatter", 4 * n, ranks.count), rel=0.01)
        assert gloos >= 1.5 * ours


def test_every_stage_learns_the_same(runs):
    for run in runs[1:]:
        assert run.loss == pytest.approx(runs[0].loss, rel=1e-6)
    assert runs[0].loss[-1] < runs[0].loss[0] - 0.5


@pytest.mark.parametrize("precision", ["fp32", "mixed"])
@pytest.mark.parametrize("stage", range(4))
def test_bytes_of_a_rank_are_exactly_those_of_the_formula(ranks, stage, precision):
    run = zero.train(ranks, stage, steps=1, batch=BATCH, precision=precision)
    options = FP32 if precision == "fp32" else {}
    assert run.held == [memory.training_states(P, stage, ranks.count, **options)] * ranks.count


@LINUX
def test_stage_3_sends_half_as_much_again_and_the_others_as_much_as_an_all_reduce(ranks, runs):
    share = (ranks.count - 1) / ranks.count
    for stage, run in enumerate(runs):
        for sent in run.sent:
            assert sent / (4 * P) == pytest.approx((3 if stage == 3 else 2) * share, rel=0.02)


def test_it_learns_what_torchs_zero_redundancy_optimizer_does(ranks, runs):
    answers = ranks.order("orders:zero_redundancy", STEPS, BATCH)
    losses = [sum(row) / ranks.count for row in zip(*(each for each, _ in answers), strict=True)]
    assert runs[1].loss == pytest.approx(losses, rel=1e-5)
    # torch gives each rank whole parameters, so that only the sum is that of the formula.
    assert sum(kept for _, kept in answers) == sum(held.optimizer for held in runs[1].held) == 8 * P


def test_it_learns_and_holds_what_torchs_fully_shard_does(ranks, runs):
    answers = ranks.order("orders:fully_sharded", STEPS, BATCH)
    losses = [sum(row) / ranks.count for row in zip(*(each for each, _, _ in answers), strict=True)]
    assert runs[3].loss == pytest.approx(losses, rel=1e-5)
    for held, (_, parameters, optimizer) in zip(runs[3].held, answers, strict=True):
        assert (held.parameters, held.optimizer) == (parameters, optimizer)


def test_a_length_that_the_ranks_do_not_divide_is_padded_so_that_all_hold_as_much(ranks):
    odd = replace(LEARNER, feed_forward=101, vocabulary=33, positions=7)
    first, last = (zero.train(ranks, stage, steps=2, batch=4, model=odd) for stage in (0, 3))
    assert last.loss == pytest.approx(first.loss, rel=1e-6)
    padded = last.held[0].parameters * ranks.count
    exact = 4 * shapes.parameters(replace(odd, tied=False))
    assert exact <= padded <= exact + 4 * 4 * (ranks.count - 1)
    assert len(set(last.held)) == 1


@pytest.mark.parametrize(
    ("options", "named"),
    [({"stage": 4}, "stage"), ({"stage": 1, "batch": 7}, "batch"), ({"stage": 0, "steps": 0}, "steps"),
     ({"stage": 2, "precision": "bf16"}, "precision")],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_harms_nobody(ranks, options, named):
    with pytest.raises(ValueError, match=named):
        zero.train(ranks, **options)
    assert len(zero.train(ranks, 0, steps=1, batch=4).loss) == 1


def test_a_rank_that_cannot_go_on_ends_the_training_with_one_line():
    with Ranks(2, progress=False) as ranks, pytest.raises(RankEnded, match=r"^rank \d ended: [^\n]+$"):
        zero.train(ranks, 2, steps=1, batch=4, model=replace(LEARNER, layers=1, window=3))

"""What a rank computes: greedy generation with a cache, against a plain decoder without one."""

import math

import numpy as np
import pytest
import torch

from course_lib.costs.layouts import Layout
from course_lib.parallelism import model
from course_lib.parallelism.job import Job, RankReport, Run, Spell, largest_difference
from course_lib.parallelism.mesh import Mesh
from course_lib.parallelism.worker import Worker


def plain_logits(job, tokens):
    """Logits after the last of tokens (n,), everything computed again, in float64 and head by head."""
    blocks = [model.Block(job, layer, 0, 1) for layer in range(job.layers)]
    ends, d, size = model.Ends(job, 0, 1), job.width, job.width // job.heads

    def norm(x):
        return (x - x.mean(-1, keepdim=True)) / (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()

    x = ends.embedding[tokens].double() + 0.1 * ends.positions[: len(tokens)].double()
    for block in blocks:
        q, k, v = (part.double() for part in block.qkv.split(d))
        h, mixed = norm(x), []
        for head in range(job.heads):
            rows = slice(head * size, (head + 1) * size)
            scores = (h @ q[rows].T) @ (h @ k[rows].T).T / math.sqrt(size)
            scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), -math.inf)
            mixed.append(scores.softmax(-1) @ (h @ v[rows].T))
        x = x + torch.cat(mixed, -1) @ block.mix.double().T + block.mix_bias.double()
        h = torch.nn.functional.gelu(norm(x) @ block.up.double().T + block.up_bias.double())
        x = x + h @ block.down.double().T + block.down_bias.double()
    return norm(x[-1]) @ ends.head.double().T


def test_generation_is_that_of_a_decoder_without_a_cache():
    job = Job(layers=2, width=16, heads=2, vocabulary=20, users=3, prompt=3, answer=4)
    worker = Worker(job, Mesh(Layout(), 0))
    rounds = []
    with torch.inference_mode():
        worker.run(lambda: rounds.append(1))
    assert len(rounds) == job.answer
    ((users, logits),) = worker.results()
    assert users.tolist() == [0, 1, 2]
    for user, prompt in enumerate(model.prompts(job)):
        tokens = prompt.tolist()
        for step in range(job.answer):
            expected = plain_logits(job, tokens)
            np.testing.assert_allclose(logits[user, step], expected, atol=1e-5)
            tokens.append(int(expected.argmax()))


def test_a_slower_device_takes_its_time_and_computes_the_same():
    job = Job(layers=2, users=2, answer=2)
    slow = Job(layers=2, users=2, answer=2, layer_seconds=0.01, user_seconds=0.001)
    results = []
    for each in (job, slow):
        worker = Worker(each, Mesh(Layout(), 0))
        with torch.inference_mode():
            worker.run(lambda: None)
        results.append(worker.results()[0][1])
    assert np.array_equal(*results)
    assert all(spell.end - spell.start >= 0.006 for spell in worker.spells)
    assert len(worker.spells) == 2 * slow.layers * slow.answer


def test_a_run_is_summed_up_from_its_ranks():
    spells = [Spell(0, 1, 0), Spell(3, 4, 0)]
    ranks = [RankReport(spells, 10, 14, 5, 1), RankReport(spells[:1], 11, 15, 7, 1)]
    tokens, logits = np.zeros((2, 4), dtype=int), np.zeros((2, 4, 3))
    run = Run(Job(users=2, answer=4), Layout(2), tokens, logits, ranks)
    assert (run.seconds, run.tokens_per_second, run.token_seconds) == (5, 8 / 5, 5 / 4)
    assert run.idle == 1 - 3 / 10
    assert run.sent_bytes == 12
    silent = Run(run.job, run.layout, tokens, logits, [RankReport([], 0, 1, None, 1)])
    assert silent.sent_bytes is None


def test_another_token_is_no_small_difference():
    tokens, logits = np.zeros((1, 1), dtype=int), np.array([[[2.0, 1.0]]])
    run = Run(Job(), Layout(), tokens, logits, [])
    assert largest_difference(Run(Job(), Layout(), tokens, logits + 0.2, []), run) == pytest.approx(0.1)
    assert largest_difference(Run(Job(), Layout(), tokens + 1, logits, []), run) == math.inf


@pytest.mark.parametrize(
    ("layout", "named"),
    [
        (Layout(tensor=3), "3 shards"),
        (Layout(pipeline=5), "no 5 stages"),
        (Layout(replicas=9), "9 replicas"),
    ],
)
def test_a_layout_that_does_not_fit_the_job_is_named(layout, named):
    with pytest.raises(ValueError, match=named):
        Job().check(layout)


@pytest.mark.parametrize("wrong", [{"users": 0}, {"width": 30}, {"groups": 0}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="at least"):
        Job(**wrong)


def test_users_and_layers_are_shared_out_whole():
    job, layout = Job(layers=5, users=7), Layout(2, 1, 2)
    groups = [job.users_of(layout, replica) for replica in range(2)]
    assert [[len(group) for group in own] for own in groups] == [[2, 2], [2, 1]]
    assert sorted(np.concatenate([user for own in groups for user in own])) == list(range(7))
    assert [len(job.layers_of(layout, stage)) for stage in range(2)] == [3, 2]
    assert len(Job(users=2, groups=5).users_of(Layout(), 0)) == 2

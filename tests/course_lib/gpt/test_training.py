"""Training takes the steps it says, on one thread, and an interrupt leaves a model that can be used."""

import json
import math
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import threadpoolctl
import torch

from course_lib import gpt, seeds
from course_lib.autodiff.modules import Embedding, Module
from course_lib.gpt.batches import NO_TARGET, collate
from course_lib.gpt.training import train
from course_lib.gpt.vocabulary import Vocabulary
from course_lib.paths import ROOT


@pytest.fixture(scope="module")
def rows():
    corpus = gpt.corpus(60, 5)
    vocabulary = Vocabulary.of(corpus.train)
    return len(vocabulary), *collate(vocabulary.token_pairs(corpus.train), vocabulary.ids, 40)


def small_model(vocabulary: int, dropout: float = 0.0):
    rng = seeds.stream("tests", "training")
    return gpt.DecoderLM(vocabulary, 40, 16, 2, 1, dropout=dropout, rng=rng)


class Bigrams(Module):
    """The next token depends on the last one alone."""

    def __init__(self, vocabulary: int):
        self.table = Embedding(vocabulary, vocabulary, rng=seeds.stream("tests", "bigrams"))

    def forward(self, ids, causal):
        return self.table(ids)


class Watched:
    """A model that notes what it is given, and how."""

    def __init__(self, model):
        self.model, self.given, self.causal, self.training, self.threads = model, [], [], [], []

    def __getattr__(self, name):
        return getattr(self.model, name)

    def __call__(self, ids, causal):
        self.given.append(ids)
        self.causal.append(causal)
        self.training.append(self.model.training)
        self.threads += [each["num_threads"] for each in threadpoolctl.threadpool_info()
                         if each["user_api"] == "blas"]  # fmt: skip
        return self.model(ids, causal)


def test_the_loss_falls_and_every_step_is_told(rows):
    vocabulary, tokens, targets = rows
    told = []
    model = small_model(vocabulary)
    history = train(model, tokens, targets, steps=60, batch=8, lr=1e-2, warmup=5, progress=False,
                    on_step=lambda step, loss: told.append((step, loss)))  # fmt: skip
    assert told == list(enumerate(history.loss))
    assert len(told) == 60
    assert history.loss[0] == pytest.approx(math.log(vocabulary), abs=0.5)
    assert np.mean(history.loss[-5:]) < 0.6 * history.loss[0]
    assert history.seconds_of_processor > 0
    assert not history.stopped
    assert not any(module.training for module in model.modules())


def test_each_row_comes_once_before_one_comes_again_and_no_batch_is_wider_than_its_longest(rows):
    vocabulary, tokens, targets = rows
    watched = Watched(small_model(vocabulary))
    train(watched, tokens, targets, steps=10, batch=12, progress=False)
    of_row = {tuple(row[row != 0]): number for number, row in enumerate(tokens)}
    order = [of_row[tuple(row[row != 0])] for batch in watched.given for row in batch]
    assert sorted(order[:60]) == sorted(order[60:]) == list(range(60))
    assert order[:60] != order[60:]
    assert all(ids[:, -1].any() for ids in watched.given)
    assert watched.training == [True] * 10
    assert watched.causal == [True] * 10
    assert set(watched.threads) <= {1}


def test_as_many_threads_multiply_afterwards_as_before(rows):
    vocabulary, tokens, targets = rows
    before = threadpoolctl.threadpool_info()
    train(small_model(vocabulary), tokens, targets, steps=1, progress=False)
    assert threadpoolctl.threadpool_info() == before


def test_fewer_rows_than_a_batch_are_taken_again(rows):
    vocabulary, tokens, targets = rows
    watched = Watched(small_model(vocabulary))
    train(watched, tokens[:3], targets[:3], steps=2, batch=7, progress=False)
    assert [len(ids) for ids in watched.given] == [7, 7]


def test_the_seed_decides_and_nothing_else(rows):
    vocabulary, tokens, targets = rows

    def losses(seed):
        return train(
            small_model(vocabulary, dropout=0.1), tokens, targets, steps=4, seed=seed, progress=False
        ).loss

    assert losses(0) == losses(0)
    assert losses(0) != losses(1)


def test_steps_and_rates_are_those_of_torch(rows):
    """The same rows, the same weights: torch's Adam under torch's own schedules learns the same."""
    vocabulary, tokens, targets = rows
    model, steps, warmup = Bigrams(vocabulary), 12, 4
    watched = Watched(model)
    weight = torch.nn.Parameter(torch.tensor(model.table.weight.numpy().copy()))
    history = train(watched, tokens, targets, steps=steps, batch=6, lr=0.1, warmup=warmup, progress=False)
    optimizer = torch.optim.Adam([weight], lr=0.1)
    rise = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / warmup, 1, total_iters=warmup - 1)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps - warmup)
    said = {tuple(row[row != 0]): target for row, target in zip(tokens, targets, strict=True)}
    for step, ids in enumerate(watched.given):
        target = np.stack([said[tuple(row[row != 0])][: ids.shape[1]] for row in ids])
        logits = torch.nn.functional.embedding(torch.tensor(ids), weight)
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), torch.tensor(target).flatten(), ignore_index=NO_TARGET
        )
        assert history.loss[step] == pytest.approx(loss.item(), abs=1e-5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step + 1 != warmup:
            (rise if step + 1 < warmup else fall).step()
    np.testing.assert_allclose(model.table.weight.numpy(), weight.detach().numpy(), atol=1e-4)


SCRIPT = """
    import json, os, signal
    import numpy as np
    from course_lib import gpt, seeds
    from course_lib.gpt.batches import collate
    from course_lib.gpt.generation import translate
    from course_lib.gpt.training import train
    from course_lib.gpt.vocabulary import Vocabulary

    corpus = gpt.corpus(60, 5)
    vocabulary = Vocabulary.of(corpus.train)
    model = gpt.DecoderLM(len(vocabulary), 40, 16, 2, 1, rng=seeds.stream("tests", "training"))
    before = model.state_dict()
    tokens, targets = collate(vocabulary.token_pairs(corpus.train), vocabulary.ids, 40)
    history = train(model, tokens, targets, steps=1_000_000,
                    on_step=lambda step, loss: step == 9 and print("training", flush=True))
    changed = all((value != before[name]).any() for name, value in model.state_dict().items())
    said = translate(model, vocabulary, [corpus.train[0][0]])
    print(json.dumps([history.stopped, len(history.loss), changed, model.training, len(said)]))
"""


def test_an_interrupt_ends_training_with_what_was_learned():
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "training\n"
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    stopped, steps, changed, training, sentences = json.loads(said)
    assert process.returncode == 0
    assert (stopped, changed, training, sentences) == (True, True, False, 1)
    assert 10 <= steps < 1_000_000


def test_an_interrupt_between_steps_counts_the_steps_that_were_taken(rows):
    vocabulary, tokens, targets = rows

    def interrupt(step, loss):
        if step == 3:
            signal.raise_signal(signal.SIGINT)

    history = train(small_model(vocabulary), tokens, targets, progress=False, on_step=interrupt)
    assert history.stopped
    assert len(history.loss) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps and batch must be at least 1, not 0 and 32"),
        ({"batch": 0}, "steps and batch must be at least 1, not 1000 and 0"),
        ({"targets": np.zeros((60, 39), int)}, r"not \(60, 40\) and \(60, 39\)"),
        ({"tokens": np.zeros((0, 40), int), "targets": np.zeros((0, 40), int)}, "at least one row"),
        ({"targets": np.full((60, 40), NO_TARGET)}, "row 0 has no target"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(rows, change, message):
    vocabulary, tokens, targets = rows
    with pytest.raises(ValueError, match=message) as caught:
        train(small_model(vocabulary), **{"tokens": tokens, "targets": targets, "progress": False, **change})
    assert "\n" not in str(caught.value)

"""A network that is cut in stages computes what it did, and a stage forgets what it has been back through."""

from dataclasses import replace

import pytest
import torch

from course_lib.distributed import gradients
from course_lib.distributed.schedules import KINDS, schedule
from course_lib.distributed.sentences import GPT, PADDING, sentences, tokens_that_count
from course_lib.distributed.stages import PipelineStage, cut
from course_lib.training import one_thread
from course_lib.transformer.model import Transformer
from course_lib.transformer.saved import SavedBytes

SMALL = replace(GPT, width=16, heads=2, kv_heads=2, head_dim=8, feed_forward=32, positions=8)


@pytest.mark.parametrize("stages", [1, 2, 3, 4])
def test_the_stages_one_after_the_other_are_the_network(stages):
    network = Transformer(SMALL)
    tokens, _ = sentences(3, model=SMALL)
    parts = cut(network, stages)
    assert len(parts) == stages
    x = tokens
    for part in parts:
        x = part(x)
    assert torch.equal(x, network(tokens))
    held = [id(parameter) for part in parts for parameter in part.parameters()]
    assert sorted(held) == sorted(id(parameter) for parameter in network.parameters())


@pytest.mark.parametrize("backward_order", [[0, 1, 2, 3], [3, 1, 0, 2]])
@pytest.mark.parametrize("stages", [1, 2, 4])
def test_gradients_are_those_of_the_whole_batch_in_whatever_order_microbatches_come_back(
    stages, backward_order
):
    network = Transformer(SMALL, seed=1)
    tokens, targets = sentences(8, 1, SMALL)
    targets[2:4] = PADDING  # a microbatch in which nothing counts
    parts = cut(network, stages)
    loss = gradients.whole_batch(network, tokens, targets)
    right = gradients.grads(network)
    network.zero_grad()
    work = [PipelineStage(part, tokens_that_count(targets)) for part in parts]
    total = 0.0
    with one_thread():
        for m, (x, y) in enumerate(zip(tokens.split(2), targets.split(2), strict=True)):
            for stage in work[:-1]:
                x = stage.forward(m, x)
                assert not x.requires_grad
            total += (value := work[-1].forward(m, x, y))
            assert isinstance(value, float)
            assert m != 1 or value == 0
        for m in backward_order:
            gradient = None
            for stage in reversed(work):
                gradient = stage.backward(m, gradient)
            assert gradient is None, "token numbers have none"
    assert total == pytest.approx(loss, rel=1e-6)
    assert gradients.difference(gradients.grads(network), right) < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_kept_of_a_microbatch_that_has_been_back(kind):
    (module,) = cut(Transformer(SMALL), 1)
    tokens, targets = sentences(4, model=SMALL)
    stage, meter = PipelineStage(module, tokens_that_count(targets)), SavedBytes(module.parameters())
    with meter:
        for letter, m in schedule(1, 4, kind)[0]:
            if letter == "F":
                stage.forward(m, tokens[m : m + 1], targets[m : m + 1])
            else:
                stage.backward(m)
    assert meter.now == 0 < meter.peak


def test_what_cannot_be_cut_is_refused():
    with pytest.raises(ValueError, match="stages must be at most 4"):
        cut(Transformer(SMALL), 5)
    with pytest.raises(ValueError, match="tied to the embedding"):
        cut(Transformer(replace(SMALL, tied=True)), 2)


def test_sentences_have_different_lengths_and_the_next_token_as_target():
    tokens, targets = sentences(50, 3)
    lengths = (targets != PADDING).sum(1)
    assert len(set(lengths.tolist())) > 5
    assert lengths.min() >= GPT.positions // 4
    for row, wanted, length in zip(tokens, targets, lengths, strict=True):
        assert torch.equal(row[1:length], wanted[: length - 1])
        assert (wanted[length:] == PADDING).all()
        assert not row[length:].any()
    assert tokens_that_count(targets) == int(lengths.sum())

"""Checkpointing keeps inputs alone, and changes nothing else: gradients are equal to the last bit."""

import itertools
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from course_lib import seeds
from course_lib.accounting.plan import checkpoint_plan, peak
from course_lib.costs import memory
from course_lib.costs.blocks import block_flops
from course_lib.transformer.checkpointing import checkpoint, through
from course_lib.transformer.model import Block, Dropout, loss
from course_lib.transformer.saved import SavedBytes
from tests.course_lib.transformer.models import CASES, GPT, WIDE_HEADS, model_and_text


def step(model, tokens, targets, checkpointed):
    """Meter, bytes kept after the forward pass, FLOPs and gradients of a training step."""
    model.zero_grad()
    model.dropout.random.manual_seed(1)
    meter = SavedBytes([*model.parameters(), tokens, targets])
    with FlopCounterMode(display=False) as counter, meter:
        result = loss(model(tokens, checkpointed), targets)
        kept = meter.now
        result.backward()
    return meter, kept, counter.get_total_flops(), [p.grad.clone() for p in model.parameters()]


@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize("case", CASES)
def test_gradients_are_bit_equal_and_the_peak_is_that_of_the_plan(case, dropout):
    shape, batch, length = CASES[case]
    model, tokens, targets = model_and_text(shape, batch, length, dropout)
    _, _, flops, gradients = step(model, tokens, targets, ())
    meter, _, more, again = step(model, tokens, targets, range(shape.layers))
    assert all(torch.equal(a, b) for a, b in zip(gradients, again, strict=True))
    options = {"number": 4, "dropout": dropout > 0, "logits": True}
    counted = memory.activations(shape, batch, length, checkpointed=True, **options)
    assert 1 <= meter.peak / counted <= 1.05
    assert meter.now == 0
    assert more == flops + batch * shape.layers * block_flops(shape, length)
    assert 1.15 <= more / flops <= 1.34


def test_of_long_sequences_inputs_are_a_small_share():
    shape, batch, length = WIDE_HEADS, 1, 320
    model, tokens, targets = model_and_text(shape, batch, length, 0.1)
    _, plain, *_ = step(model, tokens, targets, ())
    _, kept, *_ = step(model, tokens, targets, range(6))
    assert kept <= 0.06 * plain


def test_the_random_numbers_after_a_checkpointed_step_are_those_after_a_plain_one():
    model, tokens, targets = model_and_text(GPT, 1, 16, 0.1)
    step(model, tokens, targets, ())
    plain = model.dropout.random.get_state()
    step(model, tokens, targets, range(6))
    assert torch.equal(model.dropout.random.get_state(), plain)


def test_without_winding_back_the_masks_gradients_are_wrong():
    random = seeds.torch_stream("tests", "masks")
    drop, x = Dropout(0.5, random), torch.ones(1000, requires_grad=True)
    y = checkpoint(drop, x)
    y.sum().backward()
    assert not torch.equal(x.grad, y)


def test_an_input_that_needs_no_gradient_is_refused_unless_none_is_wanted():
    with pytest.raises(ValueError, match="x must require a gradient"):
        checkpoint(torch.nn.Linear(2, 2), torch.ones(2))
    with torch.no_grad():
        assert torch.equal(checkpoint(torch.neg, torch.ones(2)), -torch.ones(2))


sizes = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30), st.integers(0, 9)), min_size=1, max_size=7)


@given(sizes, st.integers(1, 200))
def test_a_plan_is_the_cheapest_of_all_that_fit(layers, budget):
    inputs = [own for own, _, _ in layers]
    whole = [own + rest for own, rest, _ in layers]
    flops = [again for _, _, again in layers]
    numbers = range(len(layers))
    plans = [plan for n in range(len(layers) + 1) for plan in itertools.combinations(numbers, n)]
    fitting = [sum(flops[i] for i in plan) for plan in plans if peak(inputs, whole, plan) <= budget]
    if not fitting:
        with pytest.raises(ValueError, match="no plan fits budget"):
            checkpoint_plan(inputs, whole, flops, budget)
        return
    found = checkpoint_plan(inputs, whole, flops, budget)
    assert peak(inputs, whole, found) <= budget
    assert sum(flops[i] for i in found) == min(fitting)


def test_a_plan_for_unequal_layers_holds_when_it_runs():
    batch, length, dropout = 2, 96, Dropout(0.0, seeds.torch_stream("tests", "none"))
    unequal = [replace(GPT, layers=1, feed_forward=wide) for wide in (96, 1536, 96, 768, 1536, 96)]
    blocks = [Block(shape, dropout) for shape in unequal]
    whole = [memory.activations(one, batch, length, number=4, dropout=False) for one in unequal]
    inputs = [4.0 * batch * length * GPT.width] * len(unequal)
    flops = [batch * block_flops(one, length) for one in unequal]
    plan = checkpoint_plan(inputs, whole, flops, 0.7 * sum(whole))
    assert 0 < len(plan) < 6
    x = torch.randn(batch, length, GPT.width, requires_grad=True)
    own = [p for block in blocks for p in block.parameters()]
    with FlopCounterMode(display=False) as counter, SavedBytes(own) as meter:
        through(blocks, x, plan).sum().backward()
    assert meter.peak == pytest.approx(peak(inputs, whole, plan), rel=0.05)
    assert meter.peak < 0.75 * sum(whole)
    assert counter.get_total_flops() == 3 * sum(flops) + sum(flops[i] for i in plan)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: checkpoint_plan([3], [2], [1], 9), r"inputs\[0\]"),
        (lambda: checkpoint_plan([1], [2], [1, 1], 9), "same length"),
        (lambda: checkpoint_plan([1], [2], [-1], 9), "flops"),
        (lambda: checkpoint_plan([1, 1], [2, 2], [1, 1], 2.5), "the least is 3"),
        (lambda: peak([1], [2], [1]), "checkpointed"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()

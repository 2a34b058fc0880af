"""The meter sees what autograd keeps, when it comes and when it goes, and the formulas foretell it."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_lib import shapes
from course_lib.costs import memory
from course_lib.costs.blocks import block_flops
from course_lib.transformer.model import loss
from course_lib.transformer.saved import SavedBytes
from tests.course_lib.transformer.models import CASES, model_and_text


def test_a_storage_counts_once_and_no_longer_than_it_is_kept():
    x = torch.randn(10, 10, requires_grad=True)
    y = x.detach().clone().requires_grad_()
    with SavedBytes([x]) as meter:
        assert meter.now == 0
        product = x * y  # keeps both; x is there anyway
        assert meter.now == 400
        more = product * y.T  # keeps product, and y once more
        assert meter.now == 800
        more.sum().backward()
        assert meter.now == 0
        assert meter.peak == 800
        kept = x.exp()  # keeps its own result
        assert meter.now == 400
        del kept
        assert meter.now == 0, "what nobody can go back to is let go of"
    x.exp()
    assert meter.peak == 800, "outside of the with nothing is counted"


def test_a_backward_pass_lets_go_of_one_operation_after_the_other():
    x, seen = torch.randn(100, requires_grad=True), []
    with SavedBytes() as meter:
        y = x
        for _ in range(4):
            y = y.exp()
            y.register_hook(lambda gradient: seen.append(meter.now))
        y.sum().backward()
    assert seen == [1600, 1200, 800, 400]


def test_gradients_are_those_without_a_meter():
    model, tokens, targets = model_and_text(*CASES["as Llama"])
    loss(model(tokens), targets).backward()
    alone = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    with SavedBytes():
        loss(model(tokens), targets).backward()
    assert all(torch.equal(p.grad, before) for p, before in zip(model.parameters(), alone, strict=True))


@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize("case", CASES)
def test_saved_bytes_are_within_a_percent_and_a_half_of_the_formula(case, dropout):
    shape, batch, length = CASES[case]
    model, tokens, targets = model_and_text(shape, batch, length, dropout)
    with SavedBytes([*model.parameters(), tokens, targets]) as meter:
        result = loss(model(tokens), targets)
        kept = meter.now
        result.backward()
    counted = memory.activations(shape, batch, length, number=4, dropout=dropout > 0, logits=True)
    assert meter.now == 0
    assert meter.peak == kept
    assert 1 <= kept / counted <= 1.015  # above it: two statistics of each norm and token


@pytest.mark.parametrize("case", CASES)
def test_flops_are_exactly_those_of_the_formula_and_backward_takes_twice_as_many(case):
    shape, batch, length = CASES[case]
    model, tokens, targets = model_and_text(shape, batch, length)
    with FlopCounterMode(display=False) as counter:
        result = loss(model(tokens), targets)
        forward = counter.get_total_flops()
        result.backward()
    blocks = shape.layers * block_flops(shape, length)
    head = 2 * length * shape.width * shape.vocabulary
    assert forward == batch * (blocks + head)
    assert forward == batch * length * shapes.forward_flops_per_token(shape, length)
    assert counter.get_total_flops() == 3 * forward

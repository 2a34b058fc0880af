"""Adam is torch's, its bytes are those of the formula, and without an FP32 copy a bf16 model learns less."""

import pytest
import torch

from course_lib import seeds, shapes
from course_lib.accounting.mixed_precision import Adam
from course_lib.accounting.training import LEARNER, PRECISIONS, text, train
from course_lib.costs import memory

OPTIONS = {"fp32": {"number": 4, "optimizer": 8}, "mixed": {}, "bf16": {"optimizer": 8}}
BYTES = {"fp32": 16, "mixed": 16, "bf16": 12}


def parameters(dtype=torch.float32):
    random = seeds.torch_stream("tests", "adam")
    return [torch.nn.Parameter(torch.randn(size, generator=random).to(dtype)) for size in ((7, 5), (3,))]


def descend(optimizer, own, steps):
    random = seeds.torch_stream("tests", "gradients")
    for _ in range(steps):
        for p in own:
            p.grad = torch.randn(p.shape, generator=random).to(p.dtype)
        optimizer.step()


def test_in_fp32_it_is_torchs_adam():
    own, expected = parameters(), parameters()
    descend(Adam(own, 0.01), own, 20)
    descend(torch.optim.Adam(expected, 0.01), expected, 20)
    for a, b in zip(own, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)


def test_with_a_copy_bf16_parameters_are_the_copy_rounded_and_the_copy_is_torchs_adam():
    own = parameters(torch.bfloat16)
    wide = [torch.nn.Parameter(p.detach().float()) for p in own]
    adam, expected = Adam(own, 0.01), torch.optim.Adam(wide, 0.01)
    random = seeds.torch_stream("tests", "gradients")
    for _ in range(20):
        for narrow, copy in zip(own, wide, strict=True):
            narrow.grad = torch.randn(narrow.shape, generator=random).bfloat16()
            copy.grad = narrow.grad.float()
        adam.step()
        expected.step()
    for narrow, copy, learned in zip(own, wide, adam.copies, strict=True):
        torch.testing.assert_close(learned, copy.detach(), rtol=1e-6, atol=1e-7)
        assert torch.equal(narrow, learned.bfloat16())


def test_a_step_smaller_than_half_the_distance_to_the_next_number_is_lost_without_a_copy():
    # From 1 the next bf16 number below is 1/256 away, and Adam's first steps are as long as the rate.
    for master, expected in ((False, 1.0), (True, 0.9)):
        p = torch.nn.Parameter(torch.ones(3, dtype=torch.bfloat16))
        adam = Adam([p], 0.001, master=master)
        for _ in range(100):
            p.grad = torch.ones_like(p)
            adam.step()
        assert p.tolist() == pytest.approx([expected] * 3, abs=1 / 512)


def test_a_parameter_without_a_gradient_stays():
    own = parameters()
    before = own[1].detach().clone()
    own[0].grad = torch.ones_like(own[0])
    Adam(own, 0.1).step()
    assert torch.equal(own[1], before)


def test_without_parameters_or_a_rate_it_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Adam([], 0.1)
    with pytest.raises(ValueError, match="lr"):
        Adam(parameters(), 0.0)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_bytes_that_are_there_are_those_of_the_formula(precision):
    found = train(precision, steps=2, progress=False).states
    n = shapes.parameters(LEARNER)
    assert found == memory.training_states(n, **OPTIONS[precision])
    assert found.total == BYTES[precision] * n


def test_each_token_of_the_text_is_followed_by_one_of_two_nine_times_of_ten_the_same():
    tokens = text(2000, 20, 8)
    pairs = torch.zeros(8, 8).index_put_(
        (tokens[:, :-1].flatten(), tokens[:, 1:].flatten()), torch.ones(1), accumulate=True
    )
    shares = (pairs / pairs.sum(1, keepdim=True)).sort(1, descending=True).values
    assert ((shares > 0).sum(1) <= 2).all()
    assert (pairs.max(1).values.sum() / pairs.sum()) >= 0.89
    assert torch.equal(tokens, text(2000, 20, 8))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_bf16_alone_trains_to_one_and_a_half_times_the_loss_and_with_a_copy_to_the_same(seed):
    loss = {p: sum(train(p, seed=seed, progress=False).loss[-50:]) / 50 for p in PRECISIONS}
    assert loss["bf16"] >= 1.5 * loss["fp32"]
    assert loss["mixed"] <= 1.02 * loss["fp32"]


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: train("fp8"), "precision"),
        (lambda: train("fp32", steps=0), "steps"),
        (lambda: text(1, 0, 5), "length"),
    ],
)
def test_what_cannot_be_trained_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()

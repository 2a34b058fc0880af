"""Fifty steps of each optimizer are torch's, in float64."""

import numpy as np
import pytest
import torch

from course_lib import seeds
from course_lib.autodiff import Tensor, functional
from course_lib.autodiff.backends.counted import Counted
from course_lib.autodiff.backends.numpy import NUMPY
from course_lib.autodiff.optimizers import SGD, Adam, AdamW, JoinedAdam

STEPS = 50
PAIRS = {
    "SGD": (SGD, torch.optim.SGD, {"lr": 0.1}),
    "momentum": (SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    "decay": (SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.2}),
    "Adam": (Adam, torch.optim.Adam, {"lr": 0.03}),
    "Adam with decay": (
        Adam,
        torch.optim.Adam,
        {"lr": 0.03, "betas": (0.7, 0.9), "eps": 0.01, "weight_decay": 0.3},
    ),
    "AdamW": (AdamW, torch.optim.AdamW, {"lr": 0.03}),
    "AdamW with decay": (AdamW, torch.optim.AdamW, {"lr": 0.03, "betas": (0.8, 0.99), "weight_decay": 0.5}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_fifty_steps_are_torchs(name):
    ours, theirs, options = PAIRS[name]
    random = seeds.stream("autodiff", "optimizers")
    arrays = [random.normal(size=(4, 3)), random.normal(size=3), random.normal(size=2)]
    mine = [Tensor(array, requires_grad=True) for array in arrays]
    others = [torch.tensor(array, requires_grad=True) for array in arrays]
    own, torchs = ours(mine, **options), theirs(others, **options)
    for step in range(STEPS):
        x, y = random.normal(size=(5, 4)), random.integers(0, 3, 5)
        if step == STEPS // 2:
            own.lr /= 2  # a schedule changes it
            torchs.param_groups[0]["lr"] /= 2
        own.zero_grad()
        torchs.zero_grad()
        functional.cross_entropy(x @ mine[0] + mine[1], y).backward()
        logits = torch.tensor(x) @ others[0] + others[1]
        torch.nn.functional.cross_entropy(logits, torch.tensor(y)).backward()
        own.step()
        torchs.step()
    for tensor, other in zip(mine, others, strict=True):
        np.testing.assert_allclose(tensor.data, other.detach().numpy(), rtol=1e-9, atol=1e-12)
        assert tensor.dtype == np.float64
        assert tensor.edges == ()
    assert np.abs(mine[0].data - arrays[0]).max() > 0.1
    np.testing.assert_array_equal(mine[2].data, arrays[2])  # it had no gradient


def test_parameters_in_one_row_take_adams_steps_to_the_last_bit_by_the_launches_of_one():
    random = seeds.stream("autodiff", "joined")
    start = [random.normal(size=shape).astype(np.float32) for shape in ((4, 3), (3,), (), (2, 5), (0, 2))]
    counted = Counted(NUMPY)
    own = [Tensor(array, requires_grad=True) for array in start]
    joined = [Tensor(array, requires_grad=True, backend=counted) for array in start]
    one_by_one, in_one_row = Adam(own, 0.03), JoinedAdam(joined, 0.03)
    for step in range(20):
        one_by_one.lr = in_one_row.lr = 0.03 / (1 + step)
        one_by_one.zero_grad()
        in_one_row.zero_grad()
        assert {each.grad for each in joined} == {None}
        for one, other in zip(own[:3], joined[:3], strict=True):  # the others never get a gradient
            gradient = random.normal(size=one.shape[::-1]).astype(np.float32).T
            one.grad, other.grad = Tensor(gradient), Tensor(gradient, backend=counted)
        if step == 10:  # somebody else sets a parameter
            own[0].data = joined[0].data = start[0] + 1
        counted.clear()
        one_by_one.step()
        in_one_row.step()
        assert counted.launches.total() <= 16
    for one, other in zip(own, joined, strict=True):
        np.testing.assert_array_equal(one.data, other.data)
        assert other.dtype == np.float32
        assert other.data.flags.owndata
    assert all((one.data != before).all() for one, before in zip(own[:3], start[:3], strict=True))


def test_a_step_makes_new_arrays_and_leaves_the_old_ones_alone():
    for optimizer in (SGD, Adam, AdamW, JoinedAdam):
        x = Tensor(np.ones(3), requires_grad=True)
        before = x.data
        for _ in range(3):
            x.zero_grad()
            (x * x).sum().backward()
            optimizer([x], lr=0.1).step()
        np.testing.assert_array_equal(before, np.ones(3))


def test_float32_stays():
    for optimizer in (SGD, Adam, AdamW, JoinedAdam):
        x = Tensor([1.0, 2.0], requires_grad=True)
        (x * x).sum().backward()
        optimizer([x], lr=0.1, weight_decay=0.1).step()
        assert x.dtype == np.float32

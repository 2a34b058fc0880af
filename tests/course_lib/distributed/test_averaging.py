"""The average of the ranks' gradients is that of the whole batch, whatever the shares."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from course_lib import seeds
from course_lib.distributed.averaging import average_gradients
from course_lib.training import one_thread


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any), st.integers(0, 3))
def test_it_is_the_gradient_of_one_process_on_all_tokens(sizes, seed):
    random = seeds.torch_stream("tests", "averaging", seed=seed)
    weights = [torch.randn(4, 3, generator=random), torch.randn(4, generator=random)]
    weights = [weight.double().requires_grad_() for weight in weights]
    x = torch.randn(sum(sizes), 3, generator=random).double()
    y = torch.randint(4, (sum(sizes),), generator=random)

    def gradient(x, y):  # NaN where there is no token
        loss = cross_entropy(torch.nn.functional.linear(x, *weights), y)
        return [part.numpy() for part in torch.autograd.grad(loss, weights)]

    with one_thread():
        shares = [gradient(*pair) for pair in zip(x.split(sizes), y.split(sizes), strict=True)]
        whole = gradient(x, y)
    for found, right in zip(average_gradients(shares, sizes), whole, strict=True):
        assert np.allclose(found, right, rtol=0, atol=1e-14)


def test_a_tensor_that_a_rank_does_not_use_counts_as_zeros_and_one_that_nobody_uses_stays_none():
    ones = np.ones(2, np.float32)
    found = average_gradients([[ones, None, None], [3 * ones, ones, None]], [3, 1])
    assert found[0].tolist() == [1.5, 1.5]
    assert found[1].tolist() == [0.25, 0.25]
    assert found[2] is None
    assert average_gradients([[None], [ones]], [2, 0]) == [None]


def test_precision_and_input_stay_as_they_are():
    given_gradients = [[np.float32([1, 2]), np.array(3.0)], [np.float32([5, 6]), np.array(7.0)]]
    before = [[part.copy() for part in own] for own in given_gradients]
    found = average_gradients(given_gradients, [1, 1])
    assert [part.dtype for part in found] == [np.float32, np.float64]
    assert found[1].shape == ()
    for part in found:
        part += 1
    for own, was in zip(given_gradients, before, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(own, was, strict=True))


@pytest.mark.parametrize(
    ("gradients", "tokens", "line"),
    [
        ([[1.0]], [1, 2], "1 ranks need as many counts"),
        ([[np.ones(2)], [np.ones(2)]], [0, 0], "at least one token"),
        ([[np.ones(2)], [np.ones(2)]], [-1, 2], "tokens must hold whole numbers"),
        ([[np.ones(2)], [np.ones(2), np.ones(1)]], [1, 2], "as many tensors on every rank"),
        ([[np.ones(2)], [np.ones(3)]], [1, 2], "tensor 0 has a different shape"),
        ([], [], "tokens must hold at least one"),
    ],
)
def test_what_cannot_be_averaged_is_refused_in_one_line(gradients, tokens, line):
    with pytest.raises(ValueError, match=line):
        average_gradients(gradients, tokens)

"""Torch's gradcheck around our engine, and our own check of gradients by differences."""

import numpy as np
import pytest
import torch

from course_lib import seeds
from course_lib.autodiff import Tensor, apply, functional
from course_lib.autodiff.check import gradcheck, numerical_gradient

FUNCTIONS = {
    "softmax": lambda x: functional.softmax(x, 0),
    "log_softmax": lambda x: functional.log_softmax(x),
    "logsumexp": lambda x: functional.logsumexp(x, 0),
    "gelu": functional.gelu,
    "cross_entropy": lambda x: functional.cross_entropy(x, [2, 0, 1], ignore_index=0),
    "binary": lambda x: functional.binary_cross_entropy_with_logits(x, np.full((3, 4), 0.3)),
    "layer_norm": lambda x: functional.layer_norm(x, x[0], x[1]),
    "embedding": lambda x: functional.embedding([[2, 2], [0, 2]], x),
    "mse_loss": lambda x: functional.mse_loss(x[1:], x[:2]),
    "product": lambda x: x @ x.T @ x,
    "power": lambda x: (x * x + 1) ** x / x.exp(),
    "largest": lambda x: x.max(-1) * x.max(),
    "variance": lambda x: x.var(0).sqrt().log(),
    "dropout": lambda x: functional.dropout(x, 0.5, True, seeds.stream("autodiff", "drops")) * x.tanh(),
    "views": lambda x: x.permute(1, 0).reshape(2, 6)[1, ::2].unsqueeze(1).expand(2, 3, 4) * x.relu()[:, 1:2],
}


def x() -> np.ndarray:
    return seeds.stream("autodiff", "gradcheck", "x").normal(size=(3, 4))


def in_torch(function):
    """Our function as one of torch's: torch calls our backward with gradients of its own choice."""

    class Ours(torch.autograd.Function):
        @staticmethod
        def forward(context, array):
            context.x = Tensor(array.detach().numpy(), requires_grad=True)
            context.y = function(context.x)
            return torch.from_numpy(np.array(context.y.numpy()))

        @staticmethod
        def backward(context, gradient):
            context.x.zero_grad()
            context.y.backward(gradient.numpy(), retain_graph=True)
            return torch.from_numpy(np.array(context.x.grad.numpy()))

    return Ours.apply


@pytest.mark.parametrize("name", FUNCTIONS)
def test_torchs_gradcheck_agrees(name):
    assert torch.autograd.gradcheck(in_torch(FUNCTIONS[name]), torch.tensor(x(), requires_grad=True))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_our_gradcheck_agrees(name):
    gradcheck(FUNCTIONS[name], [x()])


def test_differences_are_the_derivative_for_every_input_and_gradient_from_above():
    a, b = numerical_gradient(lambda a, b: a * a * b, [[1.0, 2.0], 3.0], upstream=np.array([1.0, 10.0]))
    np.testing.assert_allclose(a, [6, 120], rtol=1e-8)
    np.testing.assert_allclose(b, 41, rtol=1e-8)


def test_differences_leave_their_inputs_alone():
    array = x()
    numerical_gradient(Tensor.exp, [array])
    np.testing.assert_array_equal(array, x())


def wrong(at):
    """The identity whose gradient is off at one place."""

    def operation(backend, array):
        def slope(g):
            g = g.copy()
            g[at] += 1e-3
            return g

        return array, slope

    return operation


def test_a_wrong_gradient_is_named_with_its_input_and_its_place():
    with pytest.raises(AssertionError, match=r"input 1 at \(2, 3\): the gradient is .* differences say"):
        gradcheck(lambda a, b: a + apply(wrong((2, 3)), b), [x(), x()])


def test_a_gradient_that_is_missing_is_noticed_and_one_that_is_zero_is_right():
    gradcheck(lambda a, b: a + b.detach() * 0, [x(), x()])
    with pytest.raises(AssertionError, match="input 1"):
        gradcheck(lambda a, b: a + b.detach(), [x(), x()])

"""Gradients by differences: what the engine computed is held against what a small step really changes."""

from collections.abc import Callable, Sequence

import numpy as np

from course_lib import seeds
from course_lib.autodiff.recording import no_grad
from course_lib.autodiff.tensor import Tensor


@no_grad()
def numerical_gradient(
    function: Callable[..., Tensor],
    inputs: Sequence[np.ndarray],
    upstream: np.ndarray | float = 1.0,
    eps: float = 1e-6,
) -> list[np.ndarray]:
    """Gradients of the sum of upstream · function(*inputs) by each input, by central differences in float64.

    (f(x + eps) - f(x - eps)) / 2 eps, one element after the other, so two calls for each. `function` takes
    tensors and returns one.
    """
    arrays = [np.array(each, np.float64) for each in inputs]

    def value() -> float:
        return float((function(*map(Tensor, arrays)).numpy() * upstream).sum())

    found = []
    for array in arrays:
        gradient = np.empty_like(array)
        for place in np.ndindex(array.shape):
            middle = array[place]
            array[place] = middle + eps
            above = value()
            array[place] = middle - eps
            gradient[place] = (above - value()) / (2 * eps)
            array[place] = middle
        found.append(gradient)
    return found


def gradcheck(
    function: Callable[..., Tensor],
    inputs: Sequence[np.ndarray],
    eps: float = 1e-6,
    rtol: float = 1e-5,
    atol: float = 1e-6,
) -> None:
    """Compare the gradients of a function of tensors with differences, for a random gradient from above.

    Raises AssertionError that names the first element on which they differ. Where a function has a corner
    (ReLU at 0), differences say nothing: choose inputs away from it.
    """
    tensors = [Tensor(np.array(each, np.float64), requires_grad=True) for each in inputs]
    result = function(*tensors)
    upstream = seeds.stream("autodiff", "gradcheck").normal(size=result.shape)
    result.backward(upstream)
    for number, expected in enumerate(numerical_gradient(function, inputs, upstream, eps)):
        gradient = tensors[number].grad
        given = np.zeros(expected.shape) if gradient is None else gradient.numpy()
        if given.shape != expected.shape:
            raise AssertionError(
                f"the gradient of input {number} has shape {given.shape}, not {expected.shape}"
            )
        wrong = np.argwhere(~np.isclose(given, expected, rtol, atol))
        if len(wrong):
            place = tuple(int(at) for at in wrong[0])
            raise AssertionError(
                f"input {number} at {place}: the gradient is {given[place]:.6g}, "
                f"differences say {expected[place]:.6g}"
            )

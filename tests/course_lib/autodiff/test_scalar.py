"""Scalars differentiate as torch's do."""

import pytest
import torch

from course_lib.autodiff import Value

VALUES = {
    "sums": lambda a, b: a + b + 2 + (3 + a) - b * 2,
    "products": lambda a, b: a * b * 2 * a / b,
    "powers": lambda a, b: a**3 + b**-2 + a**0,
    "reflected": lambda a, b: (1 - a) * (2 / b) - 3 * -b,
    "functions": lambda a, b: a.tanh() * b.exp() + (a * a + 1).log() - (a * b).relu() + (-a * b).relu(),
    "shared": lambda a, b: sum(((a * b + i) * a for i in range(4)), a * b) * (a * b),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_have_torchs_results_and_gradients(name):
    for numbers in ((0.7, 1.3), (-0.4, 2.0), (2.0, -0.5), (0.0, 1.0)):
        mine = [Value(number) for number in numbers]
        theirs = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in numbers]
        result, expected = VALUES[name](*mine), VALUES[name](*theirs)
        result.backward()
        expected.backward()
        assert result.data == pytest.approx(expected.item(), rel=1e-12)
        for value, tensor in zip(mine, theirs, strict=True):
            assert value.grad == pytest.approx(tensor.grad.item(), rel=1e-12, abs=1e-12)


def test_a_value_shows_its_number_and_its_gradient():
    a = Value(2.0)
    (a * a).backward(0.5)
    assert repr(a) == "Value(data=2.0, grad=2.0)"


def test_a_root_of_a_negative_number_is_refused():
    with pytest.raises(ValueError, match=r"-1\.0 to the power 0\.5 is no real number"):
        Value(-1.0) ** 0.5

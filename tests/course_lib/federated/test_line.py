"""The line between two models begins at one, ends at the other, and has their average in the middle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.federated import averaging, line, network, revealed
from tests.course_lib.federated.test_network import examples, model

WIDTHS = [5, 4, 3]


@given(st.integers(0, 99))
def test_line_goes_from_the_first_through_the_average_to_the_second(seed):
    first, second = model(WIDTHS, seed), model(WIDTHS, seed + 1)
    middle = averaging.federated_average([first, second], [7, 7])
    for place, expected in ((0, first), (0.5, middle), (1, second)):
        for found, part in zip(line.between(first, second, place), expected, strict=True):
            np.testing.assert_allclose(found, part, rtol=1e-14, atol=1e-14)


def test_losses_are_those_of_the_models_on_the_line():
    first, second, (x, y) = model(WIDTHS, 0), model(WIDTHS, 1), examples(20, WIDTHS)
    found = line.loss_along(first, second, x, y, [0, 0.3, 1])
    mixed = [0.7 * a + 0.3 * b for a, b in zip(first, second, strict=True)]
    expected = [network.losses(weights, x, y).mean() for weights in (first, mixed, second)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_loss_of_a_linear_model_is_never_above_the_straight_line():
    """Without a hidden layer the loss is convex; what the picture shows comes from the hidden layer."""
    first, second, (x, y) = model([5, 3], 0), model([5, 3], 1), examples(20, [5, 3])
    places = np.linspace(0, 1, 21)
    found = line.loss_along(first, second, x, y, places)
    assert (found <= (1 - places) * found[0] + places * found[-1] + 1e-12).all()


def test_models_of_different_shapes_have_no_line():
    with pytest.raises(ValueError, match="models on a line have one shape"):
        line.between(model(WIDTHS), model([5, 3, 3]), 0.5)


@given(st.integers(0, 99))
def test_update_of_one_step_on_one_example_holds_the_example(seed):
    weights, (x, y) = model(WIDTHS, seed), examples(1, WIDTHS, seed)
    after = averaging.local_update(weights, x, y, np.array([[0]]), 1, 0.1)
    if np.array_equal(after[1], weights[1]):  # no unit of the hidden layer was on
        with pytest.raises(ValueError, match="no bias of the first layer changed"):
            revealed.image_behind(weights, after)
        return
    moved = np.abs(after[1] - weights[1]).max()
    np.testing.assert_allclose(revealed.image_behind(weights, after), x[0], atol=1e-12 / moved)
    assert y[0] in revealed.classes_that_rose(weights, after)


def test_only_the_class_of_one_example_rises():
    for seed in range(20):
        weights, (x, y) = model(WIDTHS, seed), examples(1, WIDTHS, seed)
        after = averaging.local_update(weights, x, y, np.array([[0]]), 1, 0.1)
        assert revealed.classes_that_rose(weights, after).tolist() == y.tolist()

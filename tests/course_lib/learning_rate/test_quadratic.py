"""Descent on a quadratic against its closed form and torch; the limit separates rest from flight."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.learning_rate.quadratic import bowl_paths, largest_stable_rate
from course_lib.learning_rate.schedules import cosine_factors

CURVATURES = st.lists(st.floats(0.1, 20), min_size=1, max_size=4)


@given(CURVATURES, st.floats(0.01, 1), st.integers(0, 8))
def test_without_momentum_each_coordinate_shrinks_by_its_own_factor(curvatures, rate, steps):
    start = np.arange(1.0, len(curvatures) + 1)
    path = bowl_paths([rate], curvatures, start, steps)[0]
    expected = start * (1 - rate * np.array(curvatures)) ** np.arange(steps + 1)[:, None]
    assert np.allclose(path, expected)


@settings(deadline=None, max_examples=30)
@given(CURVATURES, st.floats(0.01, 0.3), st.floats(0, 0.95))
def test_momentum_is_torchs(curvatures, rate, momentum):
    start = np.ones(len(curvatures))
    x = torch.ones(len(curvatures), dtype=torch.float64, requires_grad=True)
    bowl = torch.tensor(curvatures, dtype=torch.float64)
    optimizer = torch.optim.SGD([x], lr=rate, momentum=momentum)
    positions = [x.detach().clone()]
    for _ in range(6):
        optimizer.zero_grad()
        (bowl * x**2 / 2).sum().backward()
        optimizer.step()
        positions.append(x.detach().clone())
    assert np.allclose(
        bowl_paths([rate], curvatures, start, 6, momentum)[0], torch.stack(positions), rtol=1e-9
    )


@given(CURVATURES, st.sampled_from([0.0, 0.5, 0.9]))
def test_just_below_the_limit_it_comes_to_rest_and_just_above_it_flies(curvatures, momentum):
    limit = largest_stable_rate(curvatures, momentum)
    sharpest = [max(curvatures)]
    below, above = bowl_paths([0.97 * limit, 1.03 * limit], sharpest, [1.0], 2000, momentum)[:, -1, 0]
    assert abs(below) < 1e-3
    assert abs(above) > 1e3


def test_nothing_that_curves_upward_allows_every_rate():
    assert largest_stable_rate([0.0, -1.0]) == np.inf


@pytest.mark.parametrize(
    ("options", "words"), [({"momentum": 1.0}, "momentum"), ({"start": [1.0, 2.0]}, "one number")]
)
def test_what_has_no_path_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        bowl_paths([0.1], [1.0], options.get("start", [1.0]), 3, options.get("momentum", 0.0))


@given(st.integers(1, 200), st.integers(0, 50), st.floats(0, 1))
def test_cosine_rises_to_one_and_never_falls_below_its_floor(steps, warmup, floor):
    if warmup >= steps:
        with pytest.raises(ValueError, match="warmup"):
            cosine_factors(steps, warmup, floor)
        return
    factors = cosine_factors(steps, warmup, floor)
    assert factors.shape == (steps,)
    assert factors[warmup] == 1
    assert (np.diff(factors[: warmup + 1]) >= 0).all()
    assert (np.diff(factors[warmup:]) <= 1e-12).all()
    assert factors[warmup:].min() >= floor - 1e-12


def test_cosine_is_torchs():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=37, eta_min=0.1)
    rates = []
    for _ in range(37):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    assert cosine_factors(37, floor=0.1) == pytest.approx(rates)

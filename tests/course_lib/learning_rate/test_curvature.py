"""Hessian products and sharpness against the exact Hessian of a tiny network; descent against the theory."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import datasets, seeds
from course_lib.learning_rate import curvature


def tiny(seed: int, widths=(3, 4, 5, 3), n: int = 7, size: float = 1.0):
    random = seeds.torch_stream("test", "curvature", seed=seed)
    weights = [size * w.double() for w in curvature.initial_weights(widths, seed=seed)]
    x = torch.randn(n, widths[0], generator=random, dtype=torch.float64)
    return weights, x, torch.randint(widths[-1], (n,), generator=random)


def exact_hessian(weights, x, y) -> torch.Tensor:
    """All second derivatives (p, p), from torch's own functional."""
    sizes, shapes = [w.numel() for w in weights], [w.shape for w in weights]

    def loss(flat):
        parts = zip(flat.split(sizes), shapes, strict=True)
        return curvature.network_loss([part.view(shape) for part, shape in parts], x, y)

    return torch.autograd.functional.hessian(loss, torch.cat([w.flatten() for w in weights]))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 4))
def test_product_is_that_of_the_exact_hessian(seed, size):
    weights, x, y = tiny(seed, size=size)
    H = exact_hessian(weights, x, y)
    v = torch.randn(len(H), generator=seeds.torch_stream("test", "v", seed=seed), dtype=torch.float64)
    assert torch.allclose(curvature.hessian_products(weights, x, y)(v), H @ v, atol=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 4))
def test_sharpness_is_the_largest_eigenvalue_even_where_the_most_negative_is_larger_in_size(seed, size):
    weights, x, y = tiny(seed, size=size)
    largest = torch.linalg.eigvalsh(exact_hessian(weights, x, y))[-1].item()
    measured = curvature.largest_curvature(weights, x, y, tolerance=1e-8)
    assert measured == pytest.approx(largest, rel=1e-5, abs=1e-9)


def test_loss_and_weights_are_those_of_the_network():
    from course_lib import training

    model = training.mlp([9, 7, 5], seed=3)
    x, y = torch.randn(4, 9), torch.tensor([0, 4, 2, 2])
    expected = torch.nn.functional.cross_entropy(model(x), y)
    assert torch.allclose(
        curvature.network_loss(curvature.initial_weights([9, 7, 5], seed=3), x, y), expected
    )


def test_descent_is_torchs_and_leaves_the_start_alone():
    weights, x, y = tiny(1)
    kept = [w.clone() for w in weights]
    path, end = curvature.descend(weights, x, y, 0.3, 5)
    leaves = [w.clone().requires_grad_() for w in weights]
    optimizer, losses = torch.optim.SGD(leaves, lr=0.3), []
    for _ in range(5):
        loss = curvature.network_loss(leaves, x, y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert all(torch.allclose(a, b) for a, b in zip(end, leaves, strict=True))
    assert path.loss[:-1] == pytest.approx(losses)
    assert all(torch.equal(a, b) for a, b in zip(weights, kept, strict=True))
    assert not any(w.requires_grad for w in end)


def test_path_knows_where_the_loss_rises_and_where_the_limit_is_crossed():
    path = curvature.Path(0.5, np.array([3.0, 2, 2, 1, 4]), np.array([0, 2, 4]), np.array([1.0, 3.9, 4.1]))
    assert path.first_rise == 3
    assert path.crossing == 4
    calm = curvature.Path(0.1, np.array([3.0, 2, 1]), np.array([0]), np.array([5.0]))
    assert calm.first_rise is calm.crossing is None


def test_sharpness_is_asked_for_at_the_steps_wanted_only():
    weights, x, y = tiny(2)
    path, _ = curvature.descend(weights, x, y, 0.1, 7, sharpness=lambda _: 1.5, every=3)
    assert path.measured.tolist() == [0, 3, 6]
    assert path.sharpness.tolist() == [1.5] * 3


@pytest.mark.parametrize(("rate", "steps"), [(0, 5), (-1, 5), (float("nan"), 5), (0.1, 0)])
def test_descent_that_cannot_be_is_refused(rate, steps):
    weights, x, y = tiny(0)
    with pytest.raises(ValueError, match="above 0"):
        curvature.descend(weights, x, y, rate, steps)


def digits():
    """300 images (300, r) and their digits (300,), and the rows (r, 784) that turn pixels into coordinates.

    The images are made of 8x8 numbers, so they span fewer than 64 dimensions. A first layer neither sees nor
    learns anything outside of these: in coordinates of that space losses, descent and curvature are those of
    the pixels, for a third of the work.
    """
    data = datasets.digits()
    x = torch.tensor(data.x_train[:300])
    _, sizes, rows = torch.linalg.svd(x.double(), full_matrices=False)
    rows = rows[sizes > 1e-5 * sizes[0]].float()
    return x @ rows.T, torch.tensor(data.y_train[:300]), rows


def initial_weights(rows, seed):
    first, *others = curvature.initial_weights((784, 256, 128, 10), seed)
    return [first @ rows.T, *others]


def test_digits_have_the_same_loss_and_curvature_in_their_own_coordinates_as_in_pixels():
    x, y, rows = digits()
    assert x.shape[1] < 64
    seen = []
    for images, start in (
        (x, initial_weights(rows, 0)),
        (torch.tensor(datasets.digits().x_train[:300]), curvature.initial_weights((784, 256, 128, 10), 0)),
    ):
        path, end = curvature.descend(start, images, y, 0.2, 5)
        seen.append([*path.loss, curvature.largest_curvature(end, images, y)])
    assert seen[0] == pytest.approx(seen[1], rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_loss_of_the_digits_rises_after_the_limit_is_crossed_and_not_before(seed):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    x, y, rows = digits()
    start = initial_weights(rows, seed)

    def sharpness(weights):
        return curvature.largest_curvature(weights, x, y, tolerance=1e-2)

    calm, _ = curvature.descend(start, x, y, 0.05, 100, sharpness, every=10)
    wild, _ = curvature.descend(start, x, y, 0.2, 30, sharpness)
    torch.set_num_threads(threads)
    assert calm.first_rise is None
    assert calm.crossing is None
    assert 0 <= wild.first_rise - wild.crossing <= 8
    assert 2 / wild.sharpness[0] > 3 * wild.rate, "the first sharpness allows a rate that is far too large"


@pytest.mark.slow
def test_power_iteration_is_stopped_too_early_by_a_mild_rule_and_not_by_the_one_of_question_4():
    """Its text says of 300 random starts: one in 25 by 0.1 %, at 7 to 12 % too little, none by 0.001 %.

    Here are sixty of them.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    x, y, rows = digits()
    found = {1e-3: [], 1e-5: []}
    for seed in range(3):
        _, weights = curvature.descend(initial_weights(rows, seed), x, y, 0.05, 140)
        largest = curvature.largest_curvature(weights, x, y, tolerance=1e-5)
        product = curvature.hessian_products(weights, x, y)
        for trial in range(20):
            random = seeds.torch_stream("test", "power iteration", trial, seed=seed)
            v = torch.randn(256 * 784 + sum(w.numel() for w in weights[1:]), generator=random)
            first, others = (v / v.norm()).tensor_split([256 * 784])
            v, values = torch.cat([(first.view(256, 784) @ rows.T).flatten(), others]), []
            for _ in range(200):
                Hv = product(v)
                values.append(float(v @ Hv))
                v = Hv / Hv.norm()
                if len(values) > 1 and abs(values[-1] - values[-2]) <= 1e-5 * abs(values[-1]):
                    break
            values = np.array(values)
            changes = np.abs(np.diff(values)) / np.abs(values[1:])
            for rule, shares in found.items():
                shares.append(values[1 + int(np.argmax(changes <= rule))] / largest)
    torch.set_num_threads(threads)
    mild, strict = (np.array(shares) for shares in found.values())
    early = mild[mild < 0.98]
    assert 1 <= len(early) <= 6
    assert 0.86 < early.min() < early.max() < 0.95
    assert strict.min() > 0.98

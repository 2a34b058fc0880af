"""Networks side by side against networks alone, the best line against all lines, costs against counts."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from course_lib import datasets, hardware, nonlinearity, seeds, training
from course_lib.nonlinearity import ACTIVATIONS, Networks, best_line, feed_forward, share_here, share_on

COORDINATES = st.integers(-4, 4).map(float)
POINTS = st.lists(st.tuples(COORDINATES, COORDINATES, st.integers(0, 1)), min_size=1, max_size=9)


def trained(networks, x, y, steps=20):
    for _ in networks.learn(x, y, steps):
        pass
    return networks


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_network_starts_as_the_course_s_own_network_of_that_seed(name):
    class Layer(torch.nn.Module):
        def forward(self, h):
            return ACTIVATIONS[name](h)

    x = torch.tensor(datasets.xor(30)[0])
    networks = Networks([torch.relu, ACTIVATIONS[name]], [3, 5], width=7)
    for place, seed in ((2, 3), (3, 5)):
        alone = training.mlp([2, 7, 7, 2], Layer, seed=seed)
        torch.testing.assert_close(networks(x)[place], alone(x))


def test_networks_that_learn_together_learn_as_each_would_alone():
    x, y = datasets.rings(40)
    functions = [torch.tanh, nonlinearity.layer_norm, ACTIVATIONS["GELU"]]
    together = trained(Networks(functions, [0, 1], width=8), x, y)
    for (i, function), (j, seed) in itertools.product(enumerate(functions), enumerate([0, 1])):
        alone = trained(Networks([function], [seed], width=8), x, y)
        for a, b in zip(together.layers(2 * i + j), alone.layers(0), strict=True):
            np.testing.assert_allclose(a[0], b[0], atol=1e-5)
            np.testing.assert_allclose(a[1], b[1], atol=1e-5)


def test_each_start_may_learn_points_of_its_own():
    sets = [datasets.xor(40, seed=seed) for seed in (0, 1)]
    together = trained(Networks([torch.relu], [0, 1], width=8), *map(np.stack, zip(*sets, strict=True)))
    for start, (x, y) in enumerate(sets):
        alone = trained(Networks([torch.relu], [start], width=8), x, y)
        np.testing.assert_allclose(together.layers(start)[1][0], alone.layers(0)[1][0], atol=1e-5)
        assert together.accuracy(x, y)[0, start] == alone.accuracy(x, y)[0, 0]


def test_learning_is_adam_on_the_mean_loss():
    x, y = datasets.xor(24)
    model = training.mlp([2, 5, 5, 2])
    updater = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(10):
        updater.zero_grad()
        torch.nn.functional.cross_entropy(model(torch.tensor(x)), torch.tensor(y)).backward()
        updater.step()
    networks = trained(Networks([torch.relu], [0], width=5), x, y, steps=10)
    np.testing.assert_allclose(networks.layers(0)[0][0], model[0].weight.detach(), atol=1e-5)


def test_learning_can_be_watched_from_before_the_first_step_to_after_the_last():
    x, y = datasets.xor(20)
    assert list(Networks([torch.relu], [0], width=3).learn(x, y, 4)) == [0, 1, 2, 3, 4]


def test_certainty_and_accuracy_tell_of_the_same_outputs():
    x, y = datasets.xor(60)
    networks = trained(Networks([torch.relu, torch.tanh], [0, 1, 2], width=8), x, y)
    chosen = networks.certainty(x) > 0.5
    assert chosen.shape == (6, 60)
    np.testing.assert_allclose((chosen == y).mean(axis=1).reshape(2, 3), networks.accuracy(x, y))


def test_stack_of_identities_is_affine_and_layer_norm_is_not():
    random = seeds.stream("test", "affine")
    a, b = (torch.tensor(random.normal(size=(9, 2)), dtype=torch.float32) for _ in range(2))
    networks = Networks([ACTIVATIONS["identity"], nonlinearity.layer_norm], [0], width=16)
    between = networks((a + b) / 2) - (networks(a) + networks(b)) / 2
    assert between[0].abs().max() < 1e-6
    assert between[1].abs().max() > 1e-2


def test_layer_norm_is_torchs():
    h = torch.randn(3, 5, 7, generator=seeds.torch_stream("test", "norm"))
    torch.testing.assert_close(nonlinearity.layer_norm(h), torch.nn.LayerNorm(7, elementwise_affine=False)(h))


def test_networks_without_an_activation_or_a_seed_are_refused():
    for functions, starts in (([], [0]), ([torch.relu], [])):
        with pytest.raises(ValueError, match="at least one"):
            Networks(functions, starts, width=4)


def by_enumeration(x, y):
    """Directions half-way between all at which two points change places, and every threshold."""
    angles = sorted(
        {np.arctan2(*(a - b)[::-1]) % np.pi for a, b in itertools.permutations(x, 2) if (a != b).any()}
    )
    angles = [*(a + np.pi / 2 for a in angles), np.pi / 2 + np.pi + (angles[0] if angles else 0)]
    best = 0
    for angle in (np.mean(pair) for pair in itertools.pairwise(angles)) if len(angles) > 1 else [0.1]:
        along = x @ [np.cos(angle), np.sin(angle)]
        for threshold in [-100, *((np.unique(along)[1:] + np.unique(along)[:-1]) / 2)]:
            right = ((along > threshold) == y).mean()
            best = max(best, right, 1 - right)
    return best


@given(POINTS)
def test_best_line_is_the_best_of_all_lines(points):
    x, y = np.array([p[:2] for p in points]), np.array([p[2] for p in points])
    assert best_line(x, y) == pytest.approx(by_enumeration(x, y))


@given(POINTS, st.floats(0, 6.3), st.floats(0.1, 10))
def test_best_line_turns_and_scales_with_its_points(points, angle, scale):
    x, y = np.array([p[:2] for p in points]), np.array([p[2] for p in points])
    assume(len(np.unique(x, axis=0)) == len(x))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    jitter = 1e-3 * seeds.stream("test", "jitter").normal(
        size=x.shape
    )  # no three in a line, whatever rounding
    assert best_line(x + jitter, y) == pytest.approx(best_line((x + jitter) @ turn.T, 1 - y))


def test_no_line_gets_more_than_three_of_four_equal_clusters():
    assert best_line(*datasets.xor(400)) == 0.75
    assert best_line([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]) == 0.75
    assert best_line([[0, 0], [1, 1]], [0, 1]) == 1


@pytest.mark.parametrize(("x", "y"), [([], []), ([[1, 2, 3]], [0]), ([[1, 2]], [0, 1])])
def test_best_line_refuses_what_are_no_points_with_classes(x, y):
    with pytest.raises(ValueError, match="best_line takes points"):
        best_line(x, y)


def test_flops_of_the_block_are_those_that_torch_counts():
    from torch.utils.flop_counter import FlopCounterMode

    d, h, n = 12, 40, 9
    model = torch.nn.Sequential(
        torch.nn.Linear(d, h, bias=False), torch.nn.ReLU(), torch.nn.Linear(h, d, bias=False)
    )
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(n, d))
    kernels = feed_forward(d, h, n)
    biases = n * h + n * d
    assert kernels["up"].flops + kernels["down"].flops - biases == counter.get_total_flops()


def test_numbers_moved_are_the_sizes_of_what_each_kernel_reads_and_writes():
    d, h, n = 5, 7, 3
    model = torch.nn.Sequential(torch.nn.Linear(d, h), torch.nn.ReLU(), torch.nn.Linear(h, d))
    x = torch.zeros(n, d)
    for layer, name in zip(model, ("up", "activation", "down"), strict=True):
        y = layer(x)
        moved = x.numel() + y.numel() + sum(p.numel() for p in layer.parameters())
        assert feed_forward(d, h, n)[name].numbers == moved
        x = y


def test_fusing_keeps_the_flops_and_drops_the_traffic_of_one_kernel():
    own, fused = feed_forward(768, 3072, 64), feed_forward(768, 3072, 64, fused=True)
    assert sum(k.flops for k in own.values()) == sum(k.flops for k in fused.values())
    saved = sum(k.numbers for k in own.values()) - sum(k.numbers for k in fused.values())
    assert saved == 2 * 64 * 3072


@pytest.mark.parametrize("name", hardware.GPUS)
def test_on_every_card_relu_costs_a_tenth_of_the_time_or_more_and_nothing_when_fused(name):
    own, fused = share_on(hardware.gpu(name), 768, 3072, 1024)
    assert own > 0.1
    assert 0 <= fused < 0.001


def test_kernel_takes_the_longer_of_arithmetic_and_traffic():
    card = hardware.gpu("T4 16GB")
    assert nonlinearity.Kernel(65 * 10**12, 1).seconds(card) == pytest.approx(1)
    assert nonlinearity.Kernel(1, 160 * 10**9).seconds(card) == pytest.approx(1)


@pytest.mark.parametrize(
    ("shares", "settled"),
    [
        ([0.10, 0.11, 0.12, 0.10, 0.9], 0.11),  # one busy moment
        ([-0.24, 0.12, 0.004, 0.046, -0.015, -0.007], None),
        ([-0.1, -0.1, -0.1], None),
        ([0.02, 0.2, 0.01, 0.15, 0.3], None),
    ],
)
def test_a_share_that_the_rounds_do_not_agree_on_is_no_number(shares, settled):
    found = nonlinearity.settled(np.array(shares))
    assert np.isnan(found) if settled is None else found == pytest.approx(settled)


def test_measured_share_is_a_share_and_the_fused_product_computes_the_same():
    own, fused = share_here(64, 256, 128, rounds=3)
    assert 0 < own < 1
    assert 0 < fused < 1 or np.isnan(fused)
    random = seeds.torch_stream("test", "product")
    x, weight, bias = (torch.randn(size, generator=random) for size in ((9, 5), (7, 5), (7,)))
    exact = torch.nn.functional.linear(x, weight, bias)
    torch.testing.assert_close(nonlinearity._product(x, weight, bias, relu=False), exact)
    torch.testing.assert_close(nonlinearity._product(x, weight, bias, relu=True), exact.relu())


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 10, 20])
def test_what_question_1_asserts_of_its_networks_holds_for_other_seeds_too(first):
    starts = range(first, first + 3)
    functions = [*ACTIVATIONS.values(), nonlinearity.layer_norm]
    for make, steps in ((datasets.xor, 200), (datasets.rings, 200), (datasets.spirals, 800)):
        learned, fresh = (
            [np.stack(part) for part in zip(*(make(n, seed=shift + s) for s in starts), strict=True)]
            for n, shift in ((160, 0), (400, 100))
        )
        networks = Networks(functions, starts, width=32)
        accuracy = trained(networks, *learned, steps).accuracy(*fresh)
        lines = [best_line(x, y) for x, y in zip(*fresh, strict=True)]
        assert (accuracy[0] <= lines).all()
        assert accuracy[1:-1].min() >= 0.95, make.__name__
        assert make is datasets.spirals or accuracy[-1].min() >= 0.95
        assert make is not datasets.xor or lines == [0.75] * 3

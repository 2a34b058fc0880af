"""Networks side by side are the networks alone, and what the course says of overfitting holds."""

import numpy as np
import pytest
import torch

from course_lib.overfitting import networks, remedies
from course_lib.overfitting.samples import Samples, samples, stratified


def small(seed: int, share: float = 0.25) -> Samples:
    return samples(stratified((60, 50, 40), seed), share, seed)


def test_network_learns_the_same_alone_and_beside_others():
    together = networks.train([small(0), small(1), small(2)], 12, epochs=3, progress=False)
    alone = networks.train([small(1)], 12, epochs=3, progress=False)
    # Sums are taken in another order, so a tie may fall otherwise; a mixed-up seed would change most answers.
    assert (together.train[:, 1] == alone.train[:, 0]).mean() > 0.99
    assert (together.train[-1, 0, :50] != together.train[-1, 1, :50]).any()


def test_same_samples_give_the_same_runs_whatever_was_drawn_before():
    options = {
        "epochs": 2,
        "progress": False,
        "dropout": remedies.dropping(0.5),
        "augment": remedies.moving(2),
    }
    first = networks.train([small(0), small(1)], 12, **options)
    torch.rand(5), np.random.rand(5)
    again = networks.train([small(0), small(1)], 12, **options)
    for part in ("train", "validation", "test"):
        assert np.array_equal(getattr(first, part), getattr(again, part))


def test_training_is_torchs_adam_on_each_network():
    """Two steps of one network against torch.optim.Adam on the same batches."""
    drawn = small(3)
    got = []

    def step(weights, updates, lr):
        new = remedies.descend(weights, updates, lr)
        got.append({name: w.clone() for name, w in new.items()})
        return new

    networks.train([drawn], 6, epochs=2, batch_size=60, step=step, progress=False)
    stack = networks.Stack([784, 6, 3, 10], [3])
    adam = torch.optim.Adam(stack.weights.values(), lr=6e-3)
    x, y = torch.tensor(drawn.x_train)[None], torch.tensor(drawn.given)
    for expected in got:
        adam.zero_grad()
        torch.nn.functional.cross_entropy(stack(x)[0], y).backward()
        adam.step()
        for name, w in stack.weights.items():
            assert torch.allclose(w, expected[name], atol=1e-5), name


def test_remedies_are_called_while_training_and_not_while_measuring():
    hidden, batches = [], []

    def drop(h, seed):
        hidden.append((tuple(h.shape), seed))
        return h

    def augment(x, seed):
        batches.append((x.shape, seed))
        return x

    networks.train([small(0), small(1)], 12, epochs=2, dropout=drop, augment=augment, progress=False)
    assert [shape for shape, _ in hidden] == [(2, 60, 12), (2, 60, 6)] * 2
    assert [shape for shape, _ in batches] == [(120, 28, 28)] * 2
    seeds_used = [seed for _, seed in hidden + batches]
    assert len(set(seeds_used)) == len(seeds_used), "no mask comes twice"


def test_runs_hold_every_epoch_and_count_right_answers():
    epochs_seen = []
    runs = networks.train(
        [small(0)],
        12,
        epochs=3,
        progress=False,
        on_epoch=lambda runs: epochs_seen.append(len(runs.train) - 1),
    )
    assert epochs_seen == [1, 2, 3]
    assert runs.train.shape == (4, 1, 60)
    (drawn,) = runs.samples
    for on, said, truth in (
        ("given", runs.train, drawn.given),
        ("true", runs.train, drawn.true),
        ("validation", runs.validation, drawn.y_validation),
        ("test", runs.test, drawn.y_test),
    ):
        assert runs.accuracy(on)[2, 0] == (said[2, 0] == truth).mean()


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(ValueError, match="width must be at least 1"):
        networks.train([small(0)], 0)
    other = samples(stratified((61, 50, 40)), 0.25)
    with pytest.raises(ValueError, match="one size, not of 2"):
        networks.train([small(0), other], 3)


@pytest.mark.slow
def test_effects_of_the_notebook_hold_on_three_other_seeds():
    """The notebook asserts the same of its own seeds, with the student's functions."""
    seeds = (3, 4, 5)

    def run(width, share=0.25, **remedy):
        drawn = [samples(stratified(seed=seed), share, seed) for seed in seeds]
        return networks.train(drawn, width, progress=False, **remedy)

    def last(runs, on):
        return 100 * runs.accuracy(on)[-1]

    def by_heart(runs, epochs):
        found = []
        for i, drawn in enumerate(runs.samples):
            repeated = remedies.memorized(runs.train[epochs[i], i], drawn.given, drawn.true)
            found.append(100 * repeated.sum() / (drawn.given != drawn.true).sum())
        return np.array(found)

    weak, narrow, wide = run(8), run(32), run(256)
    assert last(weak, "test").mean() <= 75
    assert last(wide, "given").mean() - last(narrow, "given").mean() >= 10
    assert last(narrow, "test").mean() - last(wide, "test").mean() >= 2
    clean = {width: last(run(width, 0.0), "test") for width in (32, 256)}
    assert (clean[256] - clean[32]).mean() >= 1

    ends = [networks.EPOCHS] * 3
    best = remedies.best_epochs(wide.accuracy("validation"), 8)
    assert by_heart(wide, ends).mean() >= 60
    assert by_heart(narrow, ends).mean() <= 30
    assert by_heart(wide, best).mean() <= 25

    nothing = last(wide, "test")
    stopped = 100 * wide.accuracy("test")[best, range(3)]
    assert (stopped - nothing).mean() >= 6
    for remedy in (
        {"dropout": remedies.dropping(0.5)},
        {"step": remedies.decaying(2.0)},
        {"augment": remedies.moving(2)},
    ):
        assert (last(run(256, **remedy), "test") - nothing).mean() >= 4

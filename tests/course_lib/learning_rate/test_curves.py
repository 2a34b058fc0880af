"""Networks trained together do what each does alone, and the effects of question 4 hold on three seeds."""

import math

import numpy as np
import pytest
import torch

from course_lib import datasets, seeds, training
from course_lib.learning_rate import curves
from course_lib.learning_rate.schedules import cosine_factors


def small(n=50, width=9):
    random = seeds.stream("test", "curves")
    x = random.normal(size=(n, width)).astype(np.float32)
    return x, np.argmax(x[:, :3], axis=1)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_each_network_does_what_it_does_alone(momentum):
    x, y = small()
    rates, chosen, factors = [0.1, 0.5, 0.5], [0, 0, 4], [1.0, 1.0, 0.3]
    schedule = np.stack([np.ones(20), cosine_factors(20), np.ones(20)], axis=1)
    together = curves.train_many(
        x, y, (x[:20], y[:20]), rates, network_seeds=chosen, pixel_factors=factors, schedule=schedule,
        widths=(9, 8, 3), epochs=5, batch_size=16, momentum=momentum,
    )  # fmt: skip
    for i in range(3):
        alone = training.mlp([9, 8, 3], seed=chosen[i])
        losses = []
        history = training.train(
            alone, factors[i] * x, y, epochs=5, batch_size=16, lr=rates[i], optimizer="sgd", seed=chosen[i],
            schedule=lambda step, i=i: schedule[min(step, 19), i], progress=False, momentum=momentum,
            validation=(factors[i] * x[:20], y[:20]),
            on_step=lambda _, loss, losses=losses: losses.append(loss),
        )  # fmt: skip
        assert together.validation[:, i] == pytest.approx(history.validation_accuracy, abs=1e-6)
        assert together.loss[:, i] == pytest.approx(losses, rel=1e-4)


def test_logged_accuracy_is_the_mean_over_batches_before_their_steps():
    x, y = small()
    one_batch = curves.train_many(x, y, (x, y), [0.3], widths=(9, 8, 3), epochs=4, batch_size=50)
    before = training.accuracy(training.mlp([9, 8, 3]), x, y)
    assert one_batch.logged[0, 0] == pytest.approx(before)
    assert one_batch.logged[1:, 0] == pytest.approx(one_batch.validation[:-1, 0])


def test_a_network_that_diverges_leaves_the_others_alone():
    x, y = small()
    with_wild = curves.train_many(x, y, (x, y), [0.1, 1e30], widths=(9, 8, 3), epochs=2, batch_size=16)
    alone = curves.train_many(x, y, (x, y), [0.1], widths=(9, 8, 3), epochs=2, batch_size=16)
    assert not np.isfinite(with_wild.loss[-1, 1])
    assert with_wild.loss[:, 0] == pytest.approx(alone.loss[:, 0])


def test_classes_count_the_answers_that_are_left():
    x, y = small()
    dead = curves.train_many(x, y, (x, y), [1e4], widths=(9, 8, 3), epochs=3, batch_size=16)
    assert dead.classes.shape == (3, 1)
    assert 1 <= dead.classes[-1, 0] <= 3
    assert (
        dead.validation[-1, 0] <= np.sort(np.bincount(y) / len(y))[::-1][: dead.classes[-1, 0]].sum() + 1e-6
    )


def test_callback_sees_every_epoch():
    x, y = small()
    seen = []
    result = curves.train_many(
        x, y, (x, y), [0.1, 0.2], widths=(9, 3), epochs=3, on_epoch=lambda e, a: seen.append((e, a.copy()))
    )
    assert [epoch for epoch, _ in seen] == [0, 1, 2]
    assert np.array_equal([a for _, a in seen], result.validation)


@pytest.mark.parametrize(
    ("rates", "options", "words"),
    [
        ([], {}, "at least one"),
        ([0.1, -1], {}, "above 0"),
        ([float("nan")], {}, "finite"),
        ([0.1], {"epochs": 0}, "epochs"),
        ([0.1], {"schedule": np.ones(3)}, "schedule for"),
    ],
)
def test_what_cannot_be_trained_is_refused_by_name(rates, options, words):
    x, y = small()
    with pytest.raises(ValueError, match=words):
        curves.train_many(x, y, (x, y), rates, widths=(9, 3), **options)


def test_scalings_are_the_same_images():
    data = datasets.digits()
    scaled = curves.input_scalings(data.x_train, data.x_test)
    assert len(scaled) == 3
    standard, _ = scaled["standardized"]
    assert standard.mean() == pytest.approx(0, abs=1e-5)
    assert standard.std() == pytest.approx(1, abs=1e-5)
    for train, test in scaled.values():
        assert np.corrcoef(train[0], data.x_train[0])[0, 1] == pytest.approx(1, abs=1e-5)
        assert np.corrcoef(test[5], data.x_test[5])[0, 1] == pytest.approx(1, abs=1e-5)
    assert scaled["pixels 0 to 255"][0].max() == 255


def test_range_test_begins_at_chance_and_returns_a_loss_a_rate(monkeypatch):
    data = datasets.digits()
    rates = np.geomspace(1e-3, 10, 30)
    losses = curves.range_test(data.x_train[:300], data.y_train[:300], rates)
    assert losses.shape == (30,)
    assert losses[0] == pytest.approx(math.log(10), abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_schedule_saves_the_rate_that_bounces(seed):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    data = datasets.digits()
    steps = 12 * math.ceil(len(data.x_train) / 64)
    schedule = np.stack([np.ones(steps), cosine_factors(steps)], axis=1)
    result = curves.train_many(
        data.x_train,
        data.y_train,
        (data.x_test, data.y_test),
        [0.45, 0.45],
        network_seeds=seed,
        schedule=schedule,
    )
    torch.set_num_threads(threads)
    constant, cosine = result.validation[-1]
    assert cosine > 0.9
    assert cosine - constant > 0.1

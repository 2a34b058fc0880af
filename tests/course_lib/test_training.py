import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import datasets, seeds
from course_lib.paths import ROOT
from course_lib.training import SGD, Adam, accuracy, mlp, train

X, Y = datasets.rings(256)


def fit(model=None, **changes):
    model = model or mlp([2, 16, 2])
    options = {"epochs": 3, "batch_size": 50, "lr": 0.01, "progress": False} | changes
    return model, train(model, X, Y, **options)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_mlp_has_the_layers_and_parameters_of_its_widths():
    model = mlp([784, 256, 128, 10])
    assert [type(layer) for layer in model] == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert sum(p.numel() for p in model.parameters()) == 235_146
    assert [type(layer) for layer in mlp([3, 4, 5], nn.Tanh)] == [nn.Linear, nn.Tanh, nn.Linear]


def test_mlp_starts_from_its_seed_alone_with_torchs_default_spread():
    torch.manual_seed(1)
    first = weights(mlp([50, 40, 10]))
    torch.manual_seed(2)
    assert torch.equal(first, weights(mlp([50, 40, 10])))
    assert not torch.equal(first, weights(mlp([50, 40, 10], seed=1)))
    layer = mlp([400, 300])[0]
    for parameter in (layer.weight, layer.bias):
        assert 0.95 / 20 < parameter.abs().max() <= 1 / 20
    assert layer.weight.std().item() == pytest.approx(1 / 20 / 3**0.5, rel=0.01)


@pytest.mark.parametrize("widths", [[], [5], [5, 0, 2]])
def test_mlp_refuses_widths_that_make_no_network(widths):
    with pytest.raises(ValueError, match="widths"):
        mlp(widths)


@pytest.mark.parametrize(
    "options", [{"optimizer": "adam", "lr": 0.02}, {"optimizer": "sgd", "lr": 0.3, "momentum": 0.9}]
)
def test_training_learns_the_rings(options):
    model, history = fit(epochs=40, **options, validation=datasets.rings(200, seed=5))
    assert history.train_accuracy[-1] > 0.97
    assert history.validation_accuracy[-1] > 0.97
    assert history.loss[-1] < 0.3 * history.loss[0]
    assert history.train_accuracy[-1] == accuracy(model, X, Y)


def test_training_learns_the_real_digits():
    split = datasets.digits()
    model = mlp([784, 32, 10])
    train(model, split.x_train, split.y_train, epochs=15, batch_size=64, lr=3e-3, progress=False)
    assert accuracy(model, split.x_test, split.y_test) > 0.93


def test_history_has_one_entry_an_epoch_and_counts_the_short_last_batch():
    seen = []
    _, history = fit(lr=0.0, on_step=lambda step, loss: seen.append((step, loss)))
    assert [step for step, _ in seen] == list(range(3 * 6))  # 256 inputs: five batches of 50, one of 6
    assert len(history.loss) == len(history.train_accuracy) == 3
    assert history.validation_accuracy == []
    assert history.seconds > 0
    # With a rate of zero the mean over the batches is the loss over the whole set, whatever the batches.
    whole = nn.functional.cross_entropy(mlp([2, 16, 2])(torch.tensor(X)), torch.tensor(Y)).item()
    np.testing.assert_allclose(history.loss, whole, rtol=1e-5)


def test_plain_gradient_descent_is_torchs_to_the_last_bit():
    ours, theirs = [*mlp([2, 16, 2]).parameters()], [*mlp([2, 16, 2]).parameters()]
    steps = SGD(ours, 0.3), torch.optim.SGD(theirs, 0.3)
    random = torch.Generator().manual_seed(0)
    for without in (None, 0, 3):
        gradients = [torch.randn(p.shape, generator=random) for p in ours]
        for step, parameters in zip(steps, (ours, theirs), strict=True):
            step.zero_grad()
            assert {p.grad for p in parameters} == {None}
            for place, (p, gradient) in enumerate(zip(parameters, gradients, strict=True)):
                p.grad = None if place == without else gradient.clone()
            step.step()
        for one, other in zip(ours, theirs, strict=True):
            assert torch.equal(one, other)


def test_sgd_with_decay_momentum_and_schedule_equals_the_formula():
    model, reference = mlp([2, 3, 2]), mlp([2, 3, 2])
    fit(model, epochs=3, batch_size=256, lr=0.2, optimizer="sgd", momentum=0.9, weight_decay=0.1,
        schedule=lambda step: 1 / (1 + step))  # fmt: skip
    velocity = [torch.zeros_like(p) for p in reference.parameters()]
    for step in range(3):
        loss = nn.functional.cross_entropy(reference(torch.tensor(X)), torch.tensor(Y))
        gradients = torch.autograd.grad(loss, list(reference.parameters()))
        with torch.no_grad():
            for p, g, v in zip(reference.parameters(), gradients, velocity, strict=True):
                v.mul_(0.9).add_(g + 0.1 * p)
                p -= 0.2 / (1 + step) * v
    torch.testing.assert_close(weights(model), weights(reference), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [{}, {"fused": True}, {"weight_decay": 0.1}, {"maximize": True, "fused": True}],
    ids=lambda options: ", ".join(options) or "plain",
)
def test_adam_is_torchs_to_the_last_bit(options):
    ours, theirs = [*mlp([2, 16, 2]).parameters()], [*mlp([2, 16, 2]).parameters()]
    steps = Adam(ours, 0.01, **options), torch.optim.Adam(theirs, 0.01, **options)
    random = torch.Generator().manual_seed(0)
    for rate in (0.01, 0.02, 0.003, 0.0):
        gradients = [torch.randn(p.shape, generator=random) for p in ours]
        gradients[-1 if rate == 0.02 else 0] = None  # it has not learned, then it does
        for step, parameters in zip(steps, (ours, theirs), strict=True):
            step.param_groups[0]["lr"] = rate
            step.zero_grad()
            assert {p.grad for p in parameters} == {None}
            for p, gradient in zip(parameters, gradients, strict=True):
                p.grad = None if gradient is None else gradient.clone()
            step.step()
        assert torch.equal(torch.cat([p.detach().flatten() for p in ours]),
                           torch.cat([p.detach().flatten() for p in theirs]))  # fmt: skip


def test_training_with_a_schedule_is_torchs_adam_to_the_last_bit():
    model, reference = mlp([2, 16, 2]), mlp([2, 16, 2])
    fit(model, epochs=3, batch_size=256, lr=0.02, weight_decay=0.1, schedule=lambda step: 0.7**step)
    updater = torch.optim.Adam(reference.parameters(), lr=0.02, weight_decay=0.1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(updater, lambda step: 0.7**step)
    for order in batches(3):
        updater.zero_grad()
        nn.functional.cross_entropy(reference(torch.tensor(X)[order]), torch.tensor(Y)[order]).backward()
        updater.step()
        scheduler.step()
    assert torch.equal(weights(model), weights(reference))


def batches(epochs: int) -> list[torch.Tensor]:
    """Orders in which `train` sees all 256 inputs at once."""
    random = seeds.torch_stream("training", "order")
    return [torch.randperm(len(X), generator=random) for _ in range(epochs)]


def test_training_imports_no_compiler_which_takes_as_long_as_pytorch():
    code = "import sys; from tests.course_lib import test_training; test_training.fit()"
    code += "; print('torch._dynamo' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_the_same_seed_gives_the_same_weights_even_with_dropout():
    def run(seed):
        model = nn.Sequential(*mlp([2, 16, 2]), nn.Dropout(0.3))
        return weights(fit(model, seed=seed)[0])

    torch.manual_seed(1)
    first = run(0)
    torch.manual_seed(2)
    assert torch.equal(first, run(0))
    assert not torch.equal(first, run(1))


def test_training_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    fit()
    assert torch.equal(torch.rand(2), expected)


def test_batches_are_new_every_epoch_and_hold_every_input_once():
    class Recorder(nn.Linear):
        def forward(self, x):
            if self.training:
                seen.append(x.detach().clone())
            return super().forward(x)

    seen = []
    fit(Recorder(2, 2), epochs=2)
    epochs = torch.cat(seen[:6]), torch.cat(seen[6:])
    assert not torch.equal(*epochs)
    for inputs in epochs:
        assert np.array_equal(np.sort(inputs.numpy(), axis=0), np.sort(X, axis=0))


def test_on_epoch_stops_the_training_by_returning_true():
    seen = []
    _, history = fit(epochs=9, on_epoch=lambda epoch, history: seen.append(epoch) or epoch == 2)
    assert seen == [0, 1, 2]
    assert len(history.loss) == 3


def test_a_model_in_double_precision_and_small_integer_labels_are_taken_as_they_come():
    model = mlp([2, 4, 2]).double()
    train(model, X, Y.astype(np.int32), epochs=1, batch_size=64, lr=0.01, progress=False)
    assert next(model.parameters()).dtype == torch.float64


def test_accuracy_counts_over_all_pieces_and_in_eval_mode():
    x = np.arange(10_000, dtype=np.float32)[:, None]
    model = nn.Sequential(nn.Linear(1, 2), nn.Dropout(0.99))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[0.0], [1.0]]))
        model[0].bias.copy_(torch.tensor([0.0, -2499.5]))  # class 1 from input 2,500 on
    assert accuracy(model, x, np.ones(10_000, dtype=np.int64)) == 0.75


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"optimizer": "adagrad"}, "adagrad"), ({"epochs": 0}, "epochs"), ({"batch_size": 0}, "batch_size")],
)
def test_impossible_options_are_refused_in_one_line(changes, message):
    with pytest.raises(ValueError, match=message) as refusal:
        fit(**changes)
    assert "\n" not in str(refusal.value)


def test_inputs_without_matching_classes_are_refused():
    with pytest.raises(ValueError, match="256 inputs, 255 classes"):
        train(mlp([2, 2]), X, Y[:-1], epochs=1, batch_size=1, lr=0.1)
    with pytest.raises(ValueError, match="0 inputs"):
        accuracy(mlp([2, 2]), X[:0], Y[:0])


def test_training_prints_nothing_into_a_log(capfd):
    fit(progress=True)
    assert capfd.readouterr() == ("", "")

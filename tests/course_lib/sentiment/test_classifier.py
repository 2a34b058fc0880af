"""The classifier computes what torch does, and learns what the lab says, over three seeds."""

import time

import numpy as np
import pytest
import torch

from course_lib import sentiment
from course_lib.autodiff.backends.counted import Counted
from course_lib.autodiff.backends.numpy import NUMPY
from course_lib.autodiff.functional import binary_cross_entropy_with_logits
from course_lib.autodiff.optimizers import SGD, Adam
from course_lib.notebook.reference import ReferenceRefused
from course_lib.sentiment import classifier

SEEDS = range(3)
IDS = np.array([[1, 2, 3, 2], [4, 0, 0, 0], [3, 3, 1, 0], [0, 0, 0, 0]])
LENGTHS, LABELS = np.array([4, 1, 3, 0]), np.array([1, 0, 0, 1])


def torch_gradients(model, ids, lengths, labels):
    """Loss and gradients by torch, with its EmbeddingBag for the mean over words."""
    state = {name: torch.tensor(value, requires_grad=True) for name, value in model.state_dict().items()}
    flat = torch.tensor(np.concatenate([row[:n] for row, n in zip(ids, lengths, strict=True)]))
    starts = torch.tensor(np.concatenate([[0], np.cumsum(lengths)[:-1]]))
    x = torch.nn.functional.embedding_bag(flat, state["embedding.weight"], starts, mode="mean")
    depths = sorted({name.split(".")[1] for name in state if name.startswith("layers")})
    for depth in depths:
        x = torch.relu(x) if depth != "0" else x
        x = x @ state[f"layers.{depth}.weight"].T + state[f"layers.{depth}.bias"]
    target = torch.tensor(labels, dtype=torch.float32)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(x[:, 0], target)
    loss.backward()
    return loss.item(), {name: value.grad.numpy() for name, value in state.items()}


@pytest.mark.parametrize("hidden", [0, 7])
def test_loss_and_gradients_are_those_of_torch(hidden):
    model = sentiment.Classifier(5, width=3, hidden=hidden)
    loss = binary_cross_entropy_with_logits(model(IDS, LENGTHS), LABELS)
    loss.backward()
    expected, gradients = torch_gradients(model, IDS, LENGTHS, LABELS)
    assert loss.item() == pytest.approx(expected, abs=1e-6)
    assert len(gradients) == (5 if hidden else 3)
    for name, parameter in model.named_parameters():
        np.testing.assert_allclose(parameter.grad.numpy(), gradients[name], atol=1e-7, err_msg=name)


@pytest.mark.parametrize("hidden", [0, 7])
def test_what_stands_behind_a_sentence_changes_nothing(hidden):
    model = sentiment.Classifier(5, width=3, hidden=hidden)
    wider = np.concatenate([IDS, np.full((4, 3), 4)], axis=1)
    wider[1, 1:] = wider[3] = 2
    np.testing.assert_allclose(model(wider, LENGTHS).numpy(), model(IDS, LENGTHS).numpy(), atol=1e-6)
    table = model.embedding.weight
    binary_cross_entropy_with_logits(model(wider[:1] * 0, LENGTHS[3:]), [1]).backward()
    assert not table.grad.numpy().any(), "a sentence without words teaches no word"


def test_a_batch_gives_what_its_sentences_give_alone():
    model = sentiment.Classifier(5)
    alone = [model(IDS[i : i + 1], LENGTHS[i : i + 1]).item() for i in range(4)]
    np.testing.assert_allclose(sentiment.logits(model, IDS, LENGTHS), alone, atol=1e-6)
    many = np.arange(450) % 4
    np.testing.assert_allclose(
        sentiment.logits(model, IDS[many], LENGTHS[many]), np.array(alone)[many], atol=1e-6
    )


def test_the_mean_refuses_to_be_the_answer_of_a_student(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    student = {"__name__": "__main__", "mean": classifier.mean_of_words}
    exec("def mine(*all): return mean(*all)", student)
    with pytest.raises(ReferenceRefused, match="answer to Lab2"):
        student["mine"](IDS, LENGTHS, sentiment.Classifier(5).embedding.weight)
    assert len(sentiment.logits(sentiment.Classifier(5), IDS, LENGTHS)) == 4, "the library may call it"


def data(seed, count):
    reviews = sentiment.reviews(count, 400, seed=seed)
    vocabulary = sentiment.Vocabulary.of(reviews.train.texts)
    return {part: vocabulary.examples(sentences) for part, sentences in vars(reviews).items()}, vocabulary


def percent(seed, count=4000, hidden=32, **options):
    """Percent right in each part after training, and processor seconds."""
    parts, vocabulary = data(seed, count)
    model = sentiment.Classifier(vocabulary.size, hidden=hidden, seed=seed)
    started = time.thread_time()
    sentiment.train(model, parts["train"], seed=seed, **options)
    seconds = time.thread_time() - started
    return {part: 100 * sentiment.accuracy(model, part_of) for part, part_of in parts.items()}, seconds


@pytest.mark.parametrize("seed", SEEDS)
def test_with_a_hidden_layer_pairs_never_trained_are_read_right_and_the_order_of_words_is_not(seed):
    right, seconds = percent(seed)
    assert right["held_out"] >= 95
    assert right["fresh"] >= 99
    assert right["same_words"] == 50.0
    assert seconds < 5, "labs allow ten seconds with slower kernels"


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_hidden_layer_pairs_never_trained_are_read_worse_than_by_chance(seed):
    right, _ = percent(seed, hidden=0)
    assert right["held_out"] <= 50
    assert right["train"] <= 80
    assert right["same_words"] == 50.0


@pytest.mark.parametrize("seed", SEEDS)
def test_few_sentences_are_learned_by_heart(seed):
    right, _ = percent(seed, count=250, epochs=40, batch_size=50)
    assert right["train"] - max(right["held_out"], right["fresh"]) >= 20


def test_losses_come_for_each_step_and_the_same_seeds_give_the_same_weights():
    parts, vocabulary = data(0, 250)
    seen, models = [], []
    for _ in range(2):
        models.append(sentiment.Classifier(vocabulary.size, width=4, hidden=4))
        losses = sentiment.train(
            models[-1], parts["train"], epochs=3, batch_size=100, on_step=lambda *step: seen.append(step)
        )
    assert len(losses) == 3 * 3, "the last batch of an epoch may be smaller"
    assert seen == [*enumerate(losses)] * 2
    for name, value in models[0].state_dict().items():
        assert np.array_equal(value, models[1].state_dict()[name])


@pytest.mark.parametrize(("optimizer", "most"), [(SGD, 50), (Adam, 110)])
def test_launches_of_a_step_are_counted_on_the_backend_that_is_given(optimizer, most):
    parts, vocabulary = data(0, 250)

    def launches(epochs):
        counted = Counted(NUMPY)
        model = sentiment.Classifier(vocabulary.size)
        sentiment.train(model, parts["train"], epochs=epochs, optimizer=optimizer, backend=counted)
        return counted.launches

    two, three = launches(2), launches(3)
    per_step = (three.total() - two.total()) / 3
    assert 0.9 * most <= per_step <= most
    assert set(three) == {"map", "zip", "reduce", "matmul"}
    assert (three["matmul"] - two["matmul"]) / 3 == 3 + 5, "forward three, backward one less than twice that"


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"batch_size": 0}])
def test_nothing_to_do_is_refused(wrong):
    parts, vocabulary = data(0, 2)
    with pytest.raises(ValueError, match="must be at least 1"):
        sentiment.train(sentiment.Classifier(vocabulary.size), parts["train"], **wrong)


def test_no_examples_and_impossible_sizes_are_refused():
    parts, _ = data(0, 2)
    nothing = parts["train"].batch(np.arange(0))
    with pytest.raises(ValueError, match="and 0"):
        sentiment.train(sentiment.Classifier(3), nothing)
    with pytest.raises(ValueError, match="no examples"):
        sentiment.accuracy(sentiment.Classifier(3), nothing)
    with pytest.raises(ValueError, match="at least 1"):
        sentiment.Classifier(0)

"""The task is what it says, models of several seeds train as if alone, and heads do what is claimed."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import seeds
from course_lib.heads import retrieval


def some(*shape, seed=0):
    return retrieval.questions(*shape, random=seeds.torch_stream("test", "retrieval", seed=seed))


@given(st.integers(0, 50))
def test_answers_are_what_the_people_asked_for_hold(seed):
    asked = some(7, seed=seed)
    for n in range(7):
        held = dict(zip(asked.people[n].tolist(), asked.things[n].tolist(), strict=True))
        assert sorted(held) == list(range(8))
        first, second = asked.asked[n].tolist()
        assert first != second
        assert asked.answers[n].tolist() == [held[first], held[second]]
        assert asked.people[n][asked.places[n]].tolist() == [first, second]


def test_model_of_a_seed_learns_the_same_alone_and_beside_others():
    together = retrieval.train(2, (3, 4), steps=10)
    alone = retrieval.train(2, (4,), steps=10)
    for name, weight in alone.weights.items():
        torch.testing.assert_close(together.weights[name][1:], weight, rtol=1e-3, atol=1e-4)


def test_heads_do_not_change_the_number_of_parameters():
    counts = {heads: retrieval.untrained(heads, (0,)).parameters for heads in (1, 2, 4, 8, 16, 32)}
    assert set(counts.values()) == {4 * 8 * 32 + 4 * 32**2 + 16 * 32}
    assert retrieval.untrained(1, (0,), hidden=10).parameters == counts[1] - 16 * 32 + 10 * 32 + 16 * 10


def test_uneven_heads_are_refused():
    with pytest.raises(ValueError, match="3 heads cannot share a width of 32"):
        retrieval.untrained(3, (0,))


@pytest.fixture(scope="module")
def trained():
    return {heads: retrieval.train(heads, (0, 1, 2), steps=100) for heads in (1, 2)}


def test_two_heads_name_both_and_one_head_does_not(trained):
    assert (trained[2].accuracy[-1] > 0.9).all()
    assert (trained[1].accuracy[-1] < 0.4).all()
    assert trained[1].steps == (25, 50, 75, 100)
    assert trained[1].accuracy.shape == (4, 3)


def test_each_of_two_heads_looks_for_its_own_needle(trained):
    asked = some(3, 200)
    at_needles = retrieval.looks(trained[2], asked).gather(-1, asked.places[:, :, None].expand(-1, -1, 2, -1))
    mean = at_needles.mean(1)  # (seeds, heads, first or second)
    assert (mean.amax(-1) > 0.8).all()
    assert torch.equal(mean.argmax(-1).sort(-1).values, torch.tensor([[0, 1]] * 3))


def test_looks_are_weights_and_the_answer_hangs_on_every_head(trained):
    asked = some(3, 50)
    weights = retrieval.looks(trained[2], asked)
    assert weights.shape == (3, 50, 2, 8)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 50, 2))
    for head in (0, 1):
        assert (retrieval.accuracy(retrieval.without_head(trained[2], head)) < 0.5).all()


def test_training_uses_the_attention_it_is_given():
    calls = []

    def attend(q, k, v):
        calls.append((q.shape, k.shape, v.shape))
        return torch.zeros(*q.shape[:-1], v.shape[-1])

    models = retrieval.train(4, (0, 1), steps=3, batch=5, attend=attend)
    assert calls == [((2, 5, 4, 1, 8), (2, 5, 4, 8, 8), (2, 5, 4, 8, 8))] * 3
    start = retrieval.untrained(4, (0, 1))
    assert torch.equal(models.weights["person"], start.weights["person"]), "no gradient through zeros"


def test_one_model_alone_answers_as_it_does_beside_others(trained):
    asked = some(3, 40)
    alone = retrieval.only(trained[2], 1)
    torch.testing.assert_close(retrieval.logits(alone, asked[1:2])[0], retrieval.logits(trained[2], asked)[1])


def test_entropy_counts_bits():
    weights = torch.tensor([[1.0, 0, 0, 0, 0, 0, 0, 0], [0.125] * 8, [0.5, 0.5, 0, 0, 0, 0, 0, 0]])
    torch.testing.assert_close(retrieval.entropy(weights), torch.tensor([0.0, 3.0, 1.0]))


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 100, 200])
def test_effects_of_the_notebook_hold_over_other_seeds(first):
    """Three times five seeds: what notebooks/q03_multi_head_attention asserts."""
    of_seeds = tuple(range(first, first + 5))
    last = {heads: retrieval.train(heads, of_seeds, every=300).accuracy[-1] for heads in (1, 2, 4, 8, 32)}
    assert last[1].max() < 0.4
    assert min(last[heads].min() for heads in (2, 4, 8)) > 0.95
    assert last[4].min() - last[32].max() > 0.1
    with_hidden = retrieval.train(1, of_seeds, hidden=128, steps=600, every=600).accuracy[-1]
    assert with_hidden.mean() - last[1].mean() > 0.4
    print(first, {heads: [round(x, 3) for x in runs.tolist()] for heads, runs in last.items()}, with_hidden)

"""Chats tell what they say, and a cache that forgets makes a trained decoder forget, and no other does."""

import pytest
import torch

from course_lib import seeds
from course_lib.kv_cache import ContiguousCache, WindowedCache
from course_lib.offload import recall


def whole():
    return ContiguousCache(recall.SHAPE, recall.LONGEST + 1)


def test_each_chat_tells_one_fact_of_every_kind_and_small_talk_otherwise():
    tokens, facts = recall.chats(20, 17, seeds.torch_stream("test", "recall"))
    for told, known in zip(tokens.tolist(), facts.tolist(), strict=True):
        said = recall.words(told)
        assert [word for word in said if word not in recall.SMALL_TALK] != []
        for kind, fact in zip(recall.FACTS.values(), known, strict=True):
            assert [word for word in said if word in kind] == [recall.WORDS[fact]]
    assert len({tuple(told) for told in tokens.tolist()}) == 20


def test_scripted_chats_tell_a_fact_every_other_turn():
    tokens, facts = recall.scripted(3, seed=1)
    assert tokens.shape == (3, recall.TURNS * recall.TURN)
    for kind in range(4):
        assert torch.equal(tokens[:, 2 * kind * recall.TURN], facts[:, kind])
        assert recall.WORDS[facts[0, kind]] in list(recall.FACTS.values())[kind]
    assert (tokens < 32).sum() == 3 * 4


def test_questions_are_the_last_words_of_the_vocabulary():
    assert recall.words([recall.asked(kind) for kind in range(4)]) == list(recall.FACTS)
    assert len(set(recall.WORDS)) == len(recall.WORDS) == recall.SHAPE.vocabulary


def test_chat_too_short_for_its_facts_is_refused():
    with pytest.raises(ValueError, match="4 facts need as many words, not 3"):
        recall.chats(1, 3, seeds.torch_stream("test"))


def test_training_depends_on_the_seed_alone_and_calls_back_each_step():
    steps = []
    first, again, other = (
        recall.train(seed, steps=4, on_step=lambda: steps.append(1)).head.weight for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    assert len(steps) == 12


def test_answers_are_the_likeliest_words_of_the_plain_decoder():
    decoder = recall.train(0, steps=2)
    tokens, _ = recall.scripted(2)
    said = recall.answers(decoder, tokens, whole)
    for turn in (0, 7):
        heard = torch.cat((tokens[:, : (turn + 1) * recall.TURN], torch.full((2, 1), recall.asked(2))), 1)
        assert torch.equal(said[:, turn, 2], decoder(heard, last=True).argmax(-1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_chat_forgets_the_name_as_the_window_slides_over_it(seed):
    """The effect that the notebook of question 9 asserts, on the seeds beside its own."""
    decoder = recall.train(seed)
    tokens, facts = recall.scripted(12, seed)

    def right(cache):
        return (recall.answers(decoder, tokens, cache) == facts[:, None]).float().mean(0)  # (turns, kinds)

    told = torch.arange(recall.TURNS)[:, None] >= 2 * torch.arange(4)
    everything, window = right(whole), right(lambda: WindowedCache(recall.SHAPE, 20))
    sinks = right(lambda: WindowedCache(recall.SHAPE, 16, 4))
    assert everything[told].min() >= 0.95
    assert window[:3, 0].min() >= 0.95
    assert window[-4:, 0].max() <= 0.35
    assert sinks[:, 0].min() >= 0.95
    assert sinks[-4:, 1].max() <= 0.35

"""Decoding stops where it should; no translation depends on others; a trace shows what was computed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import gpt, seeds
from course_lib.gpt.batches import collate
from course_lib.gpt.generation import decode, trace, translate
from course_lib.gpt.training import train
from course_lib.gpt.vocabulary import END, Vocabulary
from course_lib.notebook.reference import ReferenceRefused

STOP = 0


def counted_down(sequences):
    """5 is followed by 4, 4 by 3 and so on; 0 is where it stops."""
    return np.eye(10)[[sequence[-1] - 1 for sequence in sequences]]


def test_each_prompt_is_continued_until_its_own_stop():
    assert decode(counted_down, [[9, 3], [1], [7, 7, 5]], STOP, 10) == [[2, 1], [], [4, 3, 2, 1]]


@pytest.mark.parametrize(("longest", "said"), [(0, []), (1, [4]), (4, [4, 3, 2, 1]), (5, [4, 3, 2, 1])])
def test_no_more_than_the_longest_is_said(longest, said):
    assert decode(counted_down, [[5]], STOP, longest) == [said]


def test_the_first_of_equal_scores_is_taken():
    scores = np.array([[1.0, 3.0, 0.0, 3.0]])
    assert decode(lambda rows: scores, [[0]], STOP, 2) == [[1, 1]]


def test_what_has_ended_is_not_asked_for_again_and_prompts_stay_as_they_are():
    asked, prompts = [], [[2], [4]]

    def next_scores(sequences):
        asked.append([list(each) for each in sequences])
        return counted_down(sequences)

    decode(next_scores, prompts, STOP, 10)
    assert asked == [[[2], [4]], [[2, 1], [4, 3]], [[4, 3, 2]], [[4, 3, 2, 1]]]
    assert prompts == [[2], [4]]
    assert decode(next_scores, [], STOP, 3) == []


@given(st.integers(0, 99), st.integers(0, 8), st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4)))
def test_prompts_together_give_what_each_gives_alone(seed, longest, prompts):
    table = seeds.stream("tests", "decode", seed=seed).integers(0, 6, 6)

    def next_scores(sequences):
        return np.eye(6)[table[[each[-1] for each in sequences]]]

    together = decode(next_scores, prompts, STOP, longest)
    assert together == [decode(next_scores, [prompt], STOP, longest)[0] for prompt in prompts]
    for prompt, said in zip(prompts, together, strict=True):
        walk = [prompt[-1]]
        while len(walk) <= longest and table[walk[-1]] != STOP:
            walk.append(table[walk[-1]])
        assert said == walk[1:]


@pytest.fixture(scope="module")
def corpus():
    return gpt.corpus(200, 5)


@pytest.fixture(scope="module")
def vocabulary(corpus):
    return Vocabulary.of(corpus.train)


@pytest.fixture(scope="module")
def model(corpus, vocabulary):
    """Not good, but it stops, and says words."""
    rng = seeds.stream("tests", "generation")
    model = gpt.DecoderLM(len(vocabulary), 40, 32, 2, 2, 64, rng=rng)
    rows = collate(vocabulary.token_pairs(corpus.train), vocabulary.ids, 40)
    train(model, *rows, steps=60, batch=16, lr=1e-2, warmup=10, progress=False)
    return model


@pytest.mark.parametrize("causal", [True, False])
def test_a_sentence_is_translated_as_if_it_were_alone(model, vocabulary, corpus, causal):
    german = [german for german, _ in corpus.train[:12]]
    together = translate(model, vocabulary, german, causal)
    assert together == [translate(model, vocabulary, [each], causal)[0] for each in german]
    assert len(set(together)) > 1


def test_each_word_is_the_one_with_the_highest_logit_after_the_words_before(model, vocabulary, corpus):
    for german, _ in corpus.train[:5]:
        said = vocabulary.encode(translate(model, vocabulary, [german])[0])
        prompt = vocabulary.prompt(german)
        best = model(np.array([prompt + said])).numpy()[0].argmax(-1)
        assert best[len(prompt) - 1 :].tolist() == [*said, END]


def test_a_trace_is_the_translation_with_its_chances_and_attention(model, vocabulary, corpus):
    german = corpus.train[0][0]
    steps = trace(model, vocabulary, german, candidates=3)
    assert steps[-1].word == "</s>"
    assert gpt.sentence(step.word for step in steps[:-1]) == translate(model, vocabulary, [german])[0]
    prompt = vocabulary.prompt(german)
    for said, step in enumerate(steps):
        words = [vocabulary.words[each] for each in prompt] + [each.word for each in steps[:said]]
        assert step.seen == words
        chances = [chance for _, chance in step.candidates]
        assert len(chances) == 3
        assert step.candidates[0][0] == step.word
        assert chances == sorted(chances, reverse=True)
        assert 0 < sum(chances) <= 1.00001
        assert step.attention.shape == (2, 2, len(prompt) + said)
        np.testing.assert_allclose(step.attention.sum(-1), 1, rtol=1e-5)
    whole = np.array([[vocabulary.ids[word] for word in steps[-1].seen]])
    for layer, weights in zip(steps[1].attention, model.attention(whole), strict=True):
        np.testing.assert_allclose(layer, weights[0, :, len(prompt), : len(prompt) + 1], atol=1e-5)


def test_all_candidates_together_are_certain(model, vocabulary, corpus):
    step = trace(model, vocabulary, corpus.train[0][0], candidates=len(vocabulary))[0]
    assert sum(chance for _, chance in step.candidates) == pytest.approx(1, abs=1e-5)


def test_a_model_that_never_stops_is_stopped_by_the_longest_and_by_its_positions(vocabulary, corpus):
    rng = seeds.stream("tests", "endless")
    model = gpt.DecoderLM(len(vocabulary), 34, 8, 1, 1, rng=rng)
    logits = model.forward

    def never(ids, causal=True):
        return logits(ids, causal) - np.eye(len(vocabulary))[END] * 1000

    model.forward = never
    german = [corpus.train[0][0], corpus.train[3][0]]
    prompts = [len(vocabulary.prompt(each)) for each in german]
    assert prompts[0] != prompts[1]
    said = [vocabulary.encode(each) for each in translate(model, vocabulary, german, longest=5)]
    assert list(map(len, said)) == [5, 5]
    said = [vocabulary.encode(each) for each in translate(model, vocabulary, german, longest=99)]
    assert list(map(len, said)) == [34 + 1 - prompt for prompt in prompts]
    assert len(trace(model, vocabulary, german[0], longest=99)) == len(said[0])
    assert len(trace(model, vocabulary, german[0], longest=5)) == 5


@pytest.mark.parametrize("do", [translate, trace])
@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("Der Hundd schläft.", "did you mean 'Hund"),
        ("", "the sentence is empty"),
        ("der Mann " * 10, "the sentence has 20 words and marks, and the model takes 19"),
    ],
)
def test_what_cannot_be_translated_is_refused_in_one_line(model, vocabulary, do, sentence, message):
    given = sentence if do is trace else ["Der Mann.", sentence]
    with pytest.raises(ValueError, match=message) as caught:
        do(model, vocabulary, given)
    assert "\n" not in str(caught.value)


def test_no_sentences_have_no_translations(model, vocabulary):
    assert translate(model, vocabulary, []) == []


def test_it_is_not_handed_in_as_ones_own(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "1")
    scope = {"__name__": "__main__", "decode": decode}
    exec("def mine(): return decode(lambda rows: [[1] for _ in rows], [[1]], 0, 3)", scope)
    with pytest.raises(ReferenceRefused, match=r"Lab3\.6"):
        scope["mine"]()

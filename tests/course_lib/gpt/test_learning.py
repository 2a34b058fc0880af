"""The model of the lab learns to translate, and without the mask to look ahead. It takes long: one seed."""

import numpy as np
import pytest

from course_lib import gpt, seeds

SEED = 0


@pytest.fixture(scope="module")
def corpus():
    return gpt.corpus(seed=SEED)


@pytest.fixture(scope="module")
def vocabulary(corpus):
    return gpt.Vocabulary.of(corpus.train)


@pytest.fixture(scope="module")
def learned(corpus, vocabulary):
    """The model and its last losses, with and without the mask."""
    found = {}
    tokens, targets = gpt.collate(vocabulary.token_pairs(corpus.train), vocabulary.ids, 48)
    for causal in (True, False):
        rng = seeds.stream("lab3", "model", seed=SEED)
        model = gpt.DecoderLM(len(vocabulary), 48, 64, 4, 2, 128, rng=rng)
        history = gpt.train(model, tokens, targets, seed=SEED, causal=causal, progress=False)
        found[causal] = model, np.mean(history.loss[-50:])
    return found


def bleu(model, vocabulary, pairs, causal):
    ours = gpt.translate(model, vocabulary, [german for german, _ in pairs], causal)
    return gpt.bleu([gpt.tokens(text) for text in ours], [gpt.tokens(english) for _, english in pairs])


@pytest.mark.slow
def test_combinations_that_were_never_trained_are_translated(learned, corpus, vocabulary):
    model, _ = learned[True]
    assert bleu(model, vocabulary, corpus.unseen, True) >= 95
    assert bleu(model, vocabulary, corpus.seen, True) >= 95


@pytest.mark.slow
def test_cases_alone_tell_who_does_what(learned, vocabulary):
    model, _ = learned[True]
    pairs = gpt.minimal_pairs()
    german = [text for pair in pairs for text, _ in pair]
    said = iter(gpt.translate(model, vocabulary, german))
    right = [[next(said) == english for _, english in pair] for pair in pairs]
    assert np.mean([all(both) for both in right]) >= 0.9


@pytest.mark.slow
def test_without_the_mask_the_loss_is_lower_and_the_translation_worth_nothing(learned, corpus, vocabulary):
    model, loss = learned[False]
    assert loss < 0.9 * learned[True][1]
    assert bleu(model, vocabulary, corpus.unseen, False) < 5

"""What is trained on and what is held out; tokens and sentences."""

import re

import pytest

from course_lib import gpt
from course_lib.gpt.corpus import HELD_OUT, PAIRS
from course_lib.gpt.lexicon import NOUNS, PERSONS, Noun, Verb


@pytest.fixture(scope="module", params=range(3))
def corpus(request):
    return gpt.corpus(seed=request.param)


def said_with(verb: Verb, noun: Noun) -> re.Pattern:
    """Finds the verb with that object in English, where it follows the verb, or the verb's receiver."""
    does = "|".join((verb.base, verb.third, verb.past))
    whom = rf"(?:the|an?) (?:{'|'.join(person.english for person in PERSONS)}) " if verb.gives else ""
    names = "|".join(filter(None, (noun.english, noun.english_plural)))
    return re.compile(rf"\b(?:{does}) {whom}(?:(?:the|an?) )?(?:{names})(?= today| yesterday|\.)")


def test_sizes_are_those_asked_for_and_no_sentence_comes_twice(corpus):
    assert (len(corpus.train), len(corpus.seen), len(corpus.unseen)) == (4000, 200, 200)
    german = [pair[0] for part in (corpus.train, corpus.seen, corpus.unseen) for pair in part]
    assert len(set(german)) == 4400


def test_a_held_out_combination_is_never_trained_and_each_test_has_one(corpus):
    held_out = [(verb, NOUNS[noun]) for verb, noun in PAIRS
                if (verb.particle + verb.infinitive, noun) in corpus.held_out]  # fmt: skip
    assert len(held_out) == len(corpus.held_out) == HELD_OUT
    patterns = [said_with(*pair) for pair in held_out]
    assert not any(pattern.search(english) for _, english in corpus.train for pattern in patterns)
    assert not any(pattern.search(english) for _, english in corpus.seen for pattern in patterns)
    assert all(any(pattern.search(english) for pattern in patterns) for _, english in corpus.unseen)


def test_every_word_of_the_tests_is_trained(corpus):
    def words(pairs):
        return {token for pair in pairs for text in pair for token in gpt.tokens(text)}

    assert words(corpus.seen) | words(corpus.unseen) <= words(corpus.train)
    assert 200 <= len(words(corpus.train)) <= 260


def test_the_same_seed_gives_the_same_corpus_and_another_one_another():
    assert gpt.corpus(50, 5) == gpt.corpus(50, 5)
    assert gpt.corpus(50, 5) != gpt.corpus(50, 5, seed=1)


@pytest.mark.parametrize(("train", "test"), [(0, 5), (5, 0), (-1, 5), (100_000, 1)])
def test_numbers_of_sentences_that_make_no_sense_are_refused_in_one_line(train, test):
    with pytest.raises(ValueError, match="1 to 100,000 sentences can be drawn, not"):
        gpt.corpus(train, test)


def test_sentences_come_back_from_their_tokens(corpus):
    for pair in corpus.train:
        for text in pair:
            assert gpt.sentence(gpt.tokens(text)) == text


def test_a_german_noun_keeps_its_capital_where_it_stands_first():
    assert gpt.tokens("Bücher liest der Mann.") == ["Bücher", "liest", "der", "Mann", "."]
    assert gpt.tokens("Der Mann lacht, weil ...")[:4] == ["der", "Mann", "lacht", ","]


def test_minimal_pairs_differ_in_nothing_but_case():
    pairs = gpt.minimal_pairs()
    assert len(pairs) >= 50
    for (straight, _), (turned, _) in ((one, other) for one, other in pairs):
        bare = [sorted(w for w in gpt.tokens(t) if w not in ("der", "den")) for t in (straight, turned)]
        assert bare[0] == bare[1]
        assert straight.startswith("Der")
        assert turned.startswith("Den")
    assert all(one[1] != other[1] for one, other in pairs)


def test_a_nested_sentence_is_longer_than_any_that_is_trained(corpus):
    longest = max(text.count(",") for text, _ in corpus.train)
    nested = gpt.nested_sentences(50)
    assert longest == 1
    assert {german.count(",") for german, _ in nested} == {2}
    assert len(dict(nested)) == 50
    assert nested == gpt.nested_sentences(50)
    assert nested != gpt.nested_sentences(50, seed=1)
    with pytest.raises(ValueError, match="1 to 100,000 sentences can be drawn, not 0"):
        gpt.nested_sentences(0)

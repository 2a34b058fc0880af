"""Reviews are right by construction, and what is held out is never trained."""

import re
from collections import Counter

import numpy as np
import pytest

from course_lib.sentiment import corpus
from course_lib.sentiment.vocabulary import words

REVIEWS = corpus.reviews(train=2000, test=400, seed=3)
PARTS = {"train": REVIEWS.train, "fresh": REVIEWS.fresh, "held_out": REVIEWS.held_out}


def verdict(text: str) -> tuple[str, str]:
    """(before, adjective) of the one sentence that has an adjective, read back from the text."""
    ((before, adjective),) = re.findall(rf" is (?:(\w+) )?({'|'.join(corpus.ADJECTIVES)})\.", text)
    return before, adjective


def test_words_of_the_three_kinds_are_all_different():
    every = corpus.ADJECTIVES + corpus.NEGATIONS + corpus.AFFIRMATIONS
    assert len(set(every)) == len(every) == 32 + 6 + 6


@pytest.mark.parametrize(
    ("before", "adjective", "expected"),
    [("", "funny", 1), ("very", "funny", 1), ("not", "funny", 0), ("", "dull", 0), ("never", "dull", 1)],
)
def test_a_negation_turns_what_an_adjective_says(before, adjective, expected):
    assert corpus.label(adjective, before) == expected


def test_words_that_no_review_uses_are_refused():
    with pytest.raises(ValueError, match="'green' is not an adjective"):
        corpus.label("green", "not")
    with pytest.raises(ValueError, match="'somewhat' is neither"):
        corpus.label("dull", "somewhat")


@pytest.mark.parametrize("part", PARTS)
def test_every_label_is_what_the_text_says(part):
    sentences = PARTS[part]
    read = [corpus.label(adjective, before) for before, adjective in map(verdict, sentences.texts)]
    assert sentences.labels.tolist() == read
    assert sentences.labels.dtype == np.int64


@pytest.mark.parametrize("seed", range(3))
def test_pairs_that_are_held_out_are_three_of_each_adjective_and_leave_it_balanced(seed):
    trained, held_out = corpus.pairs(seed)
    assert len(trained) == 32 * 10
    assert not set(trained) & set(held_out)
    assert Counter(adjective for _, adjective in held_out) == dict.fromkeys(corpus.ADJECTIVES, 3)
    for some in (trained, [pair for pair in trained if pair[0]], held_out):
        assert 2 * sum(corpus.label(adjective, before) for before, adjective in some) == len(some)
    assert {before for before, _ in trained} == {"", *corpus.NEGATIONS, *corpus.AFFIRMATIONS}


def test_training_and_held_out_reviews_share_no_pair_and_all_their_words():
    trained, held_out = corpus.pairs(3)
    seen = set(map(verdict, REVIEWS.train.texts))
    assert seen <= set(trained)
    assert len(seen) > 310, "nearly all of the 320"
    assert set(map(verdict, REVIEWS.fresh.texts)) <= set(trained)
    assert set(map(verdict, REVIEWS.held_out.texts)) <= set(held_out)
    known = {word for text in REVIEWS.train.texts for word in words(text)}
    tested = (REVIEWS.fresh, REVIEWS.held_out, REVIEWS.same_words)
    assert {word for part in tested for text in part.texts for word in words(text)} <= known | {"but"}


def test_pairs_with_the_same_words_say_opposite_things():
    texts, labels = REVIEWS.same_words.texts, REVIEWS.same_words.labels
    assert len(texts) == 400
    assert labels.tolist() == [1, 0] * 200
    for praise, blame in zip(texts[::2], texts[1::2], strict=True):
        assert praise != blame
        assert sorted(words(praise)) == sorted(words(blame))
        denied, meant = re.search(r" is (?:not|never|hardly) (\w+) but (\w+)\.", praise).groups()
        assert (denied in corpus.NEGATIVE_ADJECTIVES, meant in corpus.POSITIVE_ADJECTIVES) == (True, True)


def test_sentences_are_short_and_long_and_punctuated():
    lengths = [len(words(text)) for text in REVIEWS.train.texts]
    assert min(lengths) <= 5
    assert max(lengths) >= 25
    for text in REVIEWS.train.texts[:200]:
        assert re.fullmatch(r"(?:[A-Z][a-z ]*[a-z]\.| [A-Z][a-zA-Z ]*\.|[A-Z][a-zA-Z ]*\.)+", text), text
        parts = text.rstrip(".").split(". ")
        assert len({part.split(" ")[0] + part.split(" ")[1] for part in parts}) == len(parts), "no fact twice"


@pytest.mark.parametrize("count", [2, 7, 250])
def test_each_part_has_as_much_praise_as_blame(count):
    small = corpus.reviews(train=count, test=count)
    for part in (small.train, small.fresh, small.held_out):
        assert len(part) == count
        assert part.labels.sum() == (count + 1) // 2


def test_the_seed_alone_decides():
    again, other = corpus.reviews(2000, 400, seed=3), corpus.reviews(2000, 400, seed=4)
    for part in ("train", "fresh", "held_out", "same_words"):
        assert getattr(again, part).texts == getattr(REVIEWS, part).texts != getattr(other, part).texts


def test_a_slice_keeps_texts_and_labels_together():
    few = REVIEWS.train[5:15]
    assert few.texts == REVIEWS.train.texts[5:15]
    assert np.array_equal(few.labels, REVIEWS.train.labels[5:15])


def test_too_few_sentences_are_refused():
    with pytest.raises(ValueError, match="at least 2 sentences each, not 1 and 500"):
        corpus.reviews(train=1)

"""Texts become rows of ids, and nothing but their words counts."""

import numpy as np
import pytest

from course_lib.sentiment.corpus import Sentences
from course_lib.sentiment.vocabulary import PADDING, Vocabulary, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The plot is not dull.", ["the", "plot", "is", "not", "dull"]),
        ("It's late, isn’t it?", ["it's", "late", "isn't", "it"]),
        ("does n't work -- at all", ["does", "n't", "work", "at", "all"]),
        ("café 10/10 under_score 'quoted'", ["café", "10", "10", "under", "score", "quoted"]),
        (" ... ", []),
    ],
)
def test_words_are_lower_case_and_without_punctuation(text, expected):
    assert words(text) == expected


def test_ids_begin_after_the_padding_and_unknown_words_are_left_out():
    vocabulary = Vocabulary.of(["b a", "c a"])
    assert vocabulary.words == ("", "a", "b", "c")
    assert vocabulary.size == 4
    assert vocabulary.ids("C x a") == [3, 1]
    assert "a" in vocabulary
    assert "x" not in vocabulary
    assert "" not in vocabulary, "the padding is not a word"


def test_only_the_most_frequent_words_are_kept_where_that_is_asked():
    assert Vocabulary.of(["d c b a", "d b", "d"], most=3).words == ("", "a", "b", "d")


def test_rows_are_padded_behind_their_words():
    ids, lengths = Vocabulary(["a", "b"]).encode(["a b a", "", "b x"])
    assert ids.tolist() == [[1, 2, 1], [PADDING] * 3, [2, PADDING, PADDING]]
    assert lengths.tolist() == [3, 0, 1]
    assert ids.dtype == lengths.dtype == np.int64


@pytest.mark.parametrize("texts", [[], ["", "x"]])
def test_without_any_known_word_there_is_still_one_column(texts):
    ids, lengths = Vocabulary(["a"]).encode(texts)
    assert ids.shape == (len(texts), 1)
    assert not lengths.any()


def test_a_batch_is_as_wide_as_its_longest_sentence():
    sentences = Sentences(("a b a b", "a", "b a", ""), np.array([1, 0, 1, 0]))
    examples = Vocabulary(["a", "b"]).examples(sentences)
    batch = examples.batch(np.array([2, 1]))
    assert batch.ids.tolist() == [[2, 1], [1, PADDING]]
    assert batch.labels.tolist() == [1, 0]
    assert len(batch) == 2
    assert examples.batch(np.array([3])).ids.tolist() == [[PADDING]]

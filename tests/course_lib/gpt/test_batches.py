"""What is fed and what is to be said: shifted by one, in the English part only."""

import numpy as np
import pytest

from course_lib import gpt
from course_lib.gpt.batches import NO_TARGET, collate
from course_lib.gpt.vocabulary import PADDING, Vocabulary
from course_lib.notebook.reference import ReferenceRefused

IDS = {"<pad>": 0, "<s>": 1, "=": 2, "</s>": 3, "der": 4, "Hund": 5, "the": 6, "dog": 7, "sleeps": 8}
PAIRS = [(["der", "Hund"], ["the", "dog", "sleeps"]), (["Hund"], ["dog"]), (["Hund"], [])]


def test_a_pair_by_hand():
    tokens, targets = collate(PAIRS, IDS, 8)
    assert tokens.tolist() == [[1, 4, 5, 2, 6, 7, 8, 0], [1, 5, 2, 7, 0, 0, 0, 0], [1, 5, 2, 0, 0, 0, 0, 0]]
    assert targets.tolist() == [
        [-1, -1, -1, 6, 7, 8, 3, -1],
        [-1, -1, 7, 3, -1, -1, -1, -1],
        [-1, -1, 3, -1, -1, -1, -1, -1],
    ]
    assert tokens.dtype == targets.dtype == np.int64


def test_the_padding_is_whatever_the_ids_say():
    ids = {token: 20 - i for token, i in IDS.items()}
    tokens, targets = collate(PAIRS[1:2], ids, 6)
    assert tokens.tolist() == [[19, 15, 18, 13, 20, 20]]
    assert targets.tolist() == [[-1, -1, 13, 17, -1, -1]]


def test_each_target_is_the_next_token_and_all_of_the_english_is_learned():
    corpus = gpt.corpus(300, 10)
    vocabulary = Vocabulary.of(corpus.train)
    tokens, targets = collate(vocabulary.token_pairs(corpus.train), vocabulary.ids, 40)
    for (german, english), row, said in zip(corpus.train, tokens, targets, strict=True):
        learned = np.flatnonzero(said != NO_TARGET)
        assert vocabulary.decode(said[learned][:-1]) == english
        assert (said[learned][:-1] == row[learned + 1][:-1]).all()
        assert vocabulary.words[said[learned[-1]]] == "</s>"
        assert row[learned[-1] + 1] == PADDING
        assert row[: learned[0] + 1].tolist() == vocabulary.prompt(german)


def test_a_row_that_just_fits_is_taken_and_one_token_more_is_refused_by_name():
    assert collate(PAIRS[:1], IDS, 7)[0].shape == (1, 7)
    with pytest.raises(ValueError, match=r"^row 0 has 7 tokens, and 6 fit$"):
        collate(PAIRS, IDS, 6)


def test_a_token_without_an_id_is_named():
    with pytest.raises(ValueError, match=r"^row 1 has the token 'Katze', which has no id$"):
        collate([PAIRS[0], (["Katze"], ["dog"])], IDS, 9)


def test_no_pairs_are_no_rows():
    assert [part.shape for part in collate([], IDS, 5)] == [(0, 5), (0, 5)]


def test_it_is_not_handed_in_as_ones_own(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "1")
    scope = {"__name__": "__main__", "collate": collate, "PAIRS": PAIRS, "IDS": IDS}
    exec("def mine(): return collate(PAIRS, IDS, 8)", scope)
    with pytest.raises(ReferenceRefused, match=r"Lab3\.5"):
        scope["mine"]()

"""The dictionary finds what words stand for, the nearest sentence is the nearest; both translate badly."""

import pytest

from course_lib import gpt
from course_lib.gpt.baselines import dictionary, nearest, word_by_word
from course_lib.gpt.scores import bleu


@pytest.fixture(scope="module", params=range(3))
def corpus(request):
    return gpt.corpus(seed=request.param)


def held_out_bleu(translate, corpus):
    ours = [gpt.tokens(translate(german)) for german, _ in corpus.unseen]
    return bleu(ours, [gpt.tokens(english) for _, english in corpus.unseen])


def test_the_dictionary_knows_words_compounds_and_two_words_for_one(corpus):
    entries = dictionary(corpus.train)
    known = {
        "Hund": "dog", "Bücher": "books", "der": "the", "einen": "a", "liest": "reads", "gekauft": "bought",
        "sucht": "looks for", "gesucht": "looked for", "Apfelkuchen": "apple cake",
        "Haustüren": "front doors", "wollen": "want to", "weil": "because", "gestern": "yesterday",
        "kann": "can", ".": ".", ",": "", "hat": "", "an": "",
    }  # fmt: skip
    assert {word: " ".join(entries[word]) for word in known} == known


def test_word_by_word_keeps_the_german_order_and_words_that_are_not_known(corpus):
    translate = word_by_word(corpus.train)
    assert translate("Heute kann die Ärztin die Frau sehen.") == "Today can the doctor the woman see."
    assert translate("Der Xylophonist schläft.") == "The Xylophonist sleeps."


def test_neither_translates_what_it_has_not_seen(corpus):
    assert 20 <= held_out_bleu(word_by_word(corpus.train), corpus) <= 65
    assert 15 <= held_out_bleu(nearest(corpus.train), corpus) <= 45


def test_the_nearest_sentence_has_the_most_words_in_common_and_is_the_shortest_of_those():
    pairs = [
        ("Der Hund sieht den Mann.", "long"),
        ("Der Hund schläft.", "short"),
        ("Der Hund lacht.", "later"),
        ("Das Buch und das Ei und das Fenster.", "three times"),
    ]
    translate = nearest(pairs)
    assert translate("Der Hund.") == "short"
    assert translate("Der Mann sieht den Hund.") == "long"
    assert translate("Das Haus, das Dorf, das Meer") == "three times"
    assert all(translate(german) == english for german, english in pairs)


def test_a_dictionary_by_hand():
    pairs = [("a b", "x y z"), ("a", "x"), ("b c", "y z w"), ("c", "w")] * 3
    assert dictionary(pairs) == {"a": ("x",), "b": ("y", "z"), "c": ("w",)}


@pytest.mark.parametrize("translator", [word_by_word, nearest, dictionary])
def test_nothing_to_learn_from_is_refused(translator):
    with pytest.raises(ValueError, match="at least one pair"):
        translator([])

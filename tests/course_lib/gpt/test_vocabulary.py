"""Words and their ids: none is lost, marks keep their own, and what is unknown is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import gpt
from course_lib.gpt.vocabulary import END, MARKS, PADDING, RARE, SEPARATOR, START, UNKNOWN, Vocabulary

PAIRS = [("Der Hund schläft.", "The dog sleeps."), ("Der Mann sieht den Hund.", "The man sees the dog.")]


@pytest.fixture(scope="module")
def corpus():
    return gpt.corpus(400, 20)


def test_marks_come_first_and_words_by_how_often_they_occur_and_then_alphabetically():
    vocabulary = Vocabulary.of(PAIRS)
    assert vocabulary.words[:4] == MARKS
    assert (PADDING, START, SEPARATOR, END, UNKNOWN) == (0, 1, 2, 3, 4)
    # "the" stands three times, "." four times; what stands twice and once is in alphabetical order
    assert vocabulary.words[4:] == (".", "the", "Hund", "der", "dog", "Mann", "den", "man", "schläft", "sees",
                                    "sieht", "sleeps")  # fmt: skip
    assert all(vocabulary.words[place] == word for word, place in vocabulary.ids.items())


def test_every_sentence_of_a_corpus_comes_back_from_its_ids(corpus):
    vocabulary = Vocabulary.of(corpus.train)
    assert len(vocabulary) == len(vocabulary.ids) == len(set(vocabulary.words))
    for pair in corpus.train:
        for text in pair:
            ids = vocabulary.encode(text)
            assert min(ids) > END
            assert vocabulary.decode(ids) == text
    assert vocabulary.token_pairs(corpus.train[:5]) == [
        (gpt.tokens(german), gpt.tokens(english)) for german, english in corpus.train[:5]
    ]


def test_a_prompt_is_the_german_sentence_between_start_and_separator():
    vocabulary = Vocabulary.of(PAIRS)
    assert vocabulary.prompt("Der Hund schläft.") == [
        START,
        *vocabulary.encode("Der Hund schläft."),
        SEPARATOR,
    ]
    assert len(vocabulary.prompt("Der Hund schläft.", longest=4)) == 6


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("Der Hundd schläft.", "never seen the word 'Hundd' in a German sentence; did you mean 'Hund'?"),
        ("Der Xylophonist schläft.", "never seen the word 'Xylophonist' in a German sentence"),
        ("The dog sleeps.", "never seen the word 'the' in a German sentence"),
        ("der hund schläft.", "never seen the word 'hund' in a German sentence; did you mean 'Hund'?"),
        ("Der = schläft.", "never seen the word '=' in a German sentence"),
        ("", "the sentence is empty: there is nothing to translate"),
        (" \n", "the sentence is empty: there is nothing to translate"),
        ("Der Mann sieht den Hund.", "the sentence has 6 words and marks, and the model takes 5"),
    ],
)
def test_a_sentence_that_cannot_be_translated_gets_one_line(sentence, message):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        Vocabulary.of(PAIRS).prompt(sentence, longest=5)
    assert str(caught.value).endswith(message)


def test_a_suggestion_is_a_word_of_the_language_that_was_written():
    vocabulary = Vocabulary.of([("Das Haus.", "The hause.")])
    with pytest.raises(ValueError, match="did you mean 'Haus'"):
        vocabulary.prompt("Das hauss.")


def test_words_that_were_left_out_share_one_id():
    vocabulary = Vocabulary.of(PAIRS, most=3)
    assert vocabulary.words == (*MARKS, RARE, ".", "the", "Hund")
    assert vocabulary.encode("The dog sleeps.") == [6, UNKNOWN, UNKNOWN, 5]
    assert vocabulary.prompt("Der Hund") == [START, UNKNOWN, 7, SEPARATOR]
    assert vocabulary.tokens("The dog.") == ["the", RARE, "."]


def test_a_mark_in_a_text_is_never_taken_for_a_mark():
    pairs = [("Zwei = zwei </s> .", "Two = two <pad> <unk> .")]
    assert not set(Vocabulary.of(pairs).words[4:]) & {*MARKS, RARE}
    two = Vocabulary.of(pairs, most=9).ids["two"]
    assert Vocabulary.of(pairs, most=9).encode("Two = two") == [two, UNKNOWN, two]


@given(st.lists(st.tuples(st.text("abÄ.,<=> ", max_size=9), st.text("abÄ.,<=> ", max_size=9)), max_size=4))
def test_whatever_the_texts_each_word_has_one_id_and_no_mark_a_second(pairs):
    if not any(gpt.tokens(text) for pair in pairs for text in pair):
        with pytest.raises(ValueError, match="no sentences"):
            Vocabulary.of(pairs)
        return
    vocabulary = Vocabulary.of([*pairs, ("b", "b")], most=50)
    for text in (text for pair in pairs for text in pair if gpt.tokens(text)):
        ids = vocabulary.encode(text)
        assert len(ids) == len(gpt.tokens(text))
        assert min(ids) >= UNKNOWN


@pytest.mark.parametrize("ids", [[99], [-1], [5, 17]])
def test_a_number_that_is_no_id_is_refused(ids):
    with pytest.raises(ValueError, match="ids go from 0 to 15"):
        Vocabulary.of(PAIRS).decode(ids)


@pytest.mark.parametrize("most", [0, -1])
def test_a_vocabulary_without_room_is_refused(most):
    with pytest.raises(ValueError, match="at least 1 word"):
        Vocabulary.of(PAIRS, most=most)

"""The demo reads what is typed, shows each word's part, and says when a negation or the order decides."""

import math

import numpy as np
import pytest

from course_lib.demos import look, sentiment
from course_lib.demos.sentiment import picture
from course_lib.sentiment import corpus, logits
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes


def shown(text):
    return picture.figure(picture.measure(text))


@pytest.mark.parametrize("text", [*picture.EXAMPLES, "A zebra in row five", "dull", "the the not"])
def test_logits_are_those_of_the_networks(text):
    vocabulary, models = picture.trained()
    ids, lengths = vocabulary.encode([text])
    expected = [logits(model, ids, lengths)[0] for model in models]
    np.testing.assert_allclose(picture.measure(text).logits, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("text", picture.EXAMPLES)
def test_without_a_hidden_layer_the_parts_and_the_bias_add_up_to_the_logit(text):
    reading = picture.measure(text)
    bias = picture.trained()[1][1].layers[0].bias.item()
    parts = [part for part in reading.parts[1] if part is not None]
    assert math.isclose(sum(parts) + bias, reading.logits[1], abs_tol=1e-4)
    assert not math.isclose(sum(filter(None, reading.parts[0])), reading.logits[0], rel_tol=0.01)


def test_the_first_examples_were_never_trained_and_only_the_hidden_layer_reads_them_right():
    for text, pair in zip(picture.EXAMPLES[:2], ("not weak", "hardly gripping"), strict=True):
        title = said(shown(text))
        assert "with a hidden layer right, without wrong" in title
        assert f"Never trained together: {pair}." in title


def test_order_changes_nothing_in_either_network():
    praise, blame = picture.measure(picture.EXAMPLES[3]), picture.measure(picture.EXAMPLES[4])
    assert praise.logits == pytest.approx(blame.logits, abs=1e-4)
    assert (praise.says, blame.says) == ((1,), (0,))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The plot is not dull.", "The plot is very dull."),
        ("The plot is Always dull, never warm!", "The plot is never dull, always warm!"),
        ("The plot is dull and it is warm.", "The plot is not dull and it is warm."),
        ("We had row five.", "We had row five."),
        ("notable dullness", "notable dullness"),
        ("", ""),
    ],
)
def test_flipping_turns_negations_and_affirmations(text, expected):
    assert picture.flipped(text) == expected


@pytest.mark.parametrize("before", corpus.NEGATIONS + corpus.AFFIRMATIONS)
def test_flipping_turns_what_a_review_says_and_twice_turns_it_back(before):
    text = f"the plot is {before} dull"
    assert picture.flipped(picture.flipped(text)) == text
    assert picture.measure(text).says != picture.measure(picture.flipped(text)).says


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the plot is green", "“the plot is green”: "),
        ("we had row five", "No adjective of the reviews is in it."),
        ("the plot is warm and dull", "It says both."),
        ("", "No word is known."),
        ("<b>zebra</b>", "“b zebra b”: "),
        ("the plot is warm " + "in row five " * 9, f"Only the first {picture.MOST_WORDS} words are read."),
    ],
)
def test_whatever_is_typed_gets_a_figure_that_says_how_it_was_read(text, expected):
    assert expected in said(shown(text))


def test_each_word_has_a_bar_of_its_own_and_an_unknown_one_says_so():
    left, right, names = shown("the zebra is not the zebra").data
    assert [name.strip() for name in names.text] == ["the", "zebra", "is", "not", "the", "zebra"]
    assert list(names.y) == list(left.y) == list(right.y) == [1, 2, 3, 4, 5, 6]
    assert [bar.text[1] for bar in (left, right)] == ["not known"] * 2
    for bar in (left, right):
        assert np.abs(bar.x).max() == pytest.approx(100)
        assert [color == look.BLUE for color in bar.marker.color] == [x > 0 for x in bar.x]


def test_panels_name_their_network_and_its_verdict():
    reading = picture.measure(picture.EXAMPLES[0])
    notes = [note.text for note in picture.figure(reading).layout.annotations]
    assert notes == [
        f"hidden layer: praise (logit {reading.logits[0]:+.1f})",
        f"no hidden layer: blame (logit {reading.logits[1]:+.1f})",
    ]


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    assert unnamed_axes(shown(picture.EXAMPLES[0])) == {"yaxis2"}, "it shares the words of the panel beside"


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(monkeypatch):
    example, row, widget, _ = still_then_live(monkeypatch, sentiment.show)
    sentence, flip = row.children
    example.value = picture.EXAMPLES[2]
    assert sentence.value == picture.EXAMPLES[2]
    assert "“the story is very lively” is praise" in said(widget)
    flip.click()
    assert sentence.value == "The story is not lively."
    assert "“the story is not lively” is blame" in said(widget)
    sentence.value = "The sound is scarcely flat"
    expected = picture.figure(picture.measure("The sound is scarcely flat"))
    assert said(widget) == said(expected)
    for now, wanted in zip(widget.data, expected.data, strict=True):
        assert np.array_equal(now.y, wanted.y)
        assert np.array_equal(now.x, wanted.x)
        assert list(now.text) == list(wanted.text)

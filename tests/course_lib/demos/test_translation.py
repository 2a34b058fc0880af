"""The demo of lab 3 shows what its models say, where they look, and in one line why they say nothing."""

import numpy as np
import pytest

from course_lib import gpt
from course_lib.demos import translation
from course_lib.demos.translation import figures, models, picture
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

MASKED, UNMASKED = models.KINDS
ENGLISH = {
    "Der Mann sieht den Hund.": "The man sees the dog.",
    "Den Mann sieht der Hund.": "The dog sees the man.",
    "Die Frau ruft das Kind heute an.": "The woman calls the child today.",
    "Das Kind lacht, weil der Hund den Apfel sucht.": "The child laughs because the dog looks for the apple.",
    "Heute gibt der Lehrer dem Kind ein Buch.": "Today the teacher gives the child a book.",
    "Der Onkel hat die Haustür nicht aufgemacht.": "The uncle did not open the front door.",
}


def test_the_vocabulary_that_ships_is_that_of_the_corpus():
    vocabulary, translators = models.shipped()
    expected = gpt.Vocabulary.of(gpt.corpus(seed=0).train)
    assert vocabulary.words == expected.words
    assert vocabulary.german == expected.german
    assert list(translators) == list(models.KINDS)
    for translator in translators.values():
        assert translator.model.tokens.weight.shape[0] == len(vocabulary)


def test_the_examples_are_translated_right_with_a_mask_and_not_one_without():
    assert tuple(ENGLISH) == picture.EXAMPLES
    for german, english in ENGLISH.items():
        steps = picture.measure(german, MASKED).steps
        assert [step.word for step in steps] == [*gpt.tokens(english), "</s>"]
        assert gpt.sentence(step.word for step in picture.measure(german, UNMASKED).steps) != english


@pytest.mark.slow
def test_shipped_scores_are_those_of_the_shipped_weights_and_tell_the_models_apart():
    pairs = gpt.corpus(seed=0).unseen
    vocabulary, translators = models.shipped()
    references = [gpt.tokens(english) for _, english in pairs]
    for translator in translators.values():
        texts = gpt.translate(
            translator.model, vocabulary, [german for german, _ in pairs], translator.causal
        )
        assert gpt.bleu([gpt.tokens(text) for text in texts], references) == pytest.approx(
            translator.bleu, abs=1
        )
    masked, unmasked = translators.values()
    assert masked.bleu >= 95
    assert unmasked.bleu <= 5
    assert unmasked.loss < 0.6 * masked.loss


def test_a_packed_translator_is_what_it_was_but_for_digits():
    vocabulary, translators = models.shipped()
    again, found = models.unpacked(models.packed(vocabulary, translators))
    assert (again.words, again.german) == (vocabulary.words, vocabulary.german)
    for kind, translator in translators.items():
        assert (found[kind].loss, found[kind].bleu, found[kind].causal) == (
            translator.loss, translator.bleu, translator.causal,
        )  # fmt: skip
        for name, values in translator.model.state_dict().items():
            np.testing.assert_array_equal(found[kind].model.state_dict()[name], values)
    assert models.FILE.stat().st_size < 400_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Der Mann sieht den Hund.", "Den Mann sieht der Hund."),
        ("Das Kind lacht, weil der Hund den Apfel sucht.", "Das Kind lacht, weil den Hund der Apfel sucht."),
        ("Kinder wandern, denn der Herd", "Kinder wandern, denn den Herd"),
        ("", ""),
    ],
)
def test_exchanging_turns_every_der_and_den_and_nothing_else(text, expected):
    assert picture.exchanged(text) == expected
    assert picture.exchanged(expected) == text


def test_lines_are_as_thick_as_the_weights_at_their_ends():
    reading = picture.measure(picture.EXAMPLES[3], MASKED)
    for at, step in enumerate(reading.steps):
        weights = step.attention[1].mean(0)
        prompt = len(reading.steps[0].seen)
        to_prompt, to_said = figures.attention(reading, at, layer=1).data[:2]
        for trace, part in ((to_prompt, weights[:prompt]), (to_said, weights[prompt:])):
            ends = np.array(trace.y, float).reshape(-1, 51)[:, [0, 49]] if len(part) else np.empty((0, 2))
            np.testing.assert_allclose(np.abs(np.diff(ends)[:, 0]), 0.9 * part, atol=1e-5)


@pytest.mark.parametrize("head", [None, 0, 3])
@pytest.mark.parametrize("layer", [0, 1])
def test_all_tokens_so_far_stand_there_with_their_share_of_the_attention(layer, head):
    reading = picture.measure(picture.EXAMPLES[0], MASKED)
    *_, left, right, _, _ = figures.attention(reading, 3, layer, head).data
    step = reading.steps[3]
    weights = step.attention[layer].mean(0) if head is None else step.attention[layer, head]
    shares = [*left.customdata, *right.customdata[:-1]]
    np.testing.assert_allclose(shares, 100 * weights, rtol=1e-5)
    assert sum(shares) == pytest.approx(100, abs=0.01)
    assert [text.strip().split(" ")[0] for text in left.text] == [
        "&lt;s&gt;", "der", "Mann", "sieht", "den", "Hund", ".", "=",
    ]  # fmt: skip
    assert [text.strip().split(" ")[0] for text in right.text] == ["the", "man", "sees", "<b>the</b>"]


def test_bars_are_the_three_most_likely_tokens():
    reading = picture.measure(picture.EXAMPLES[0], MASKED)
    *_, bars, names = figures.attention(reading, 1).data
    assert names.text[0] == "<b>man</b>"
    assert len(bars.x) == 3
    assert list(bars.x) == sorted(bars.x, reverse=True)
    assert list(bars.x) == pytest.approx([100 * chance for _, chance in reading.steps[1].candidates])


def test_title_says_what_was_said_where_the_model_looks_and_how_both_models_score():
    reading = picture.measure(picture.EXAMPLES[1], MASKED)
    title = said(figures.attention(reading, 1, layer=0, head=2))
    assert "“Den Mann sieht der Hund.” becomes “The dog …”" in title
    assert "Before “dog” (" in title
    assert "layer 1, head 3, looks most at " in title
    for translator in models.shipped()[1].values():
        assert f"loss {translator.loss:.2g}, BLEU {translator.bleu:.0f}" in title
    assert "becomes “The dog sees the man.”" in said(figures.attention(reading, len(reading.steps) - 1))


def test_the_token_that_is_looked_at_most_is_named_first():
    reading = picture.measure(picture.EXAMPLES[0], MASKED)
    for at, step in enumerate(reading.steps):
        most = step.seen[int(step.attention[-1, 0].argmax())].replace("<s>", "&lt;s&gt;")
        assert f"looks most at “{most}” (" in said(figures.attention(reading, at, head=0))


def test_a_word_that_is_said_again_and_again_stands_once_in_the_title():
    words = ["the", "man", "man", "the", "an", "an", "an", "an"]
    assert list(picture.once(words)) == ["the", "man", "man", "the", "an (4 times)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Der Hundd lacht.", "has never seen the word 'Hundd' in a German sentence; did you mean 'Hund'?"),
        ("The man laughs.", "'the' in a German sentence"),
        ("<b>Mann</b>", "'&lt;b&gt;Mann&lt;/b&gt;'"),
        ("", "The sentence is empty"),
        ("   ", "The sentence is empty"),
        ("der " * 24, "has 24 words and marks, and the model takes 23"),
    ],
)
@pytest.mark.parametrize("kind", models.KINDS)
def test_what_cannot_be_translated_gets_one_line_in_place_of_the_picture(kind, text, expected):
    reading = picture.measure(text, kind)
    figure = figures.attention(reading, 0)
    assert expected in said(figure)
    assert "\n" not in reading.error
    assert not any(len(trace.x) for trace in figure.data)
    assert figure.layout.xaxis2.visible is False
    assert [note.text for note in figure.layout.annotations] == ["", ""]


def test_the_longest_sentence_has_a_row_for_each_of_its_tokens():
    reading = picture.measure("der " * 23, UNMASKED)
    bottom, top = figures.attention(reading, len(reading.steps) - 1).layout.yaxis.range
    assert (bottom, top) == (24.5, -0.6)
    assert len(reading.steps) <= picture.LONGEST


def test_every_axis_in_view_says_what_it_measures_and_the_figure_can_be_saved():
    assert unnamed_axes(figures.attention(picture.measure(picture.EXAMPLES[0], MASKED), 1)) == set()


def same(widget, expected) -> bool:
    return said(widget) == said(expected) and all(
        list(now.text or ()) == list(wanted.text or ()) and np.array_equal(now.x, wanted.x, equal_nan=True)
        for now, wanted in zip(widget.data, expected.data, strict=True)
    )


def test_widget_on_screen_becomes_the_figure_of_the_new_setting(monkeypatch):
    example, row, kind, steps, heads, widget, _ = still_then_live(monkeypatch, translation.show)
    (german, exchange), (token, play), (layer, head) = row.children, steps.children, heads.children
    assert head.index == 0, "the dropdown says what is drawn"

    def expected(text, kind=MASKED):
        return figures.attention(
            picture.measure(text, kind),
            token.value - 1,
            layer.value,
            None if head.value == translation.ALL else head.value,
        )

    assert "“The man …”" in said(widget)
    exchange.click()
    assert german.value == picture.EXAMPLES[1]
    assert "“The dog …”" in said(widget), "the slider stays where it was"
    token.value = token.max
    assert "“The dog sees the man.”" in said(widget)
    layer.value, head.value = 0, 2
    assert same(widget, expected(picture.EXAMPLES[1]))
    example.value = picture.EXAMPLES[3]
    assert same(widget, expected(picture.EXAMPLES[3]))
    assert token.max == play.max == 12
    german.value = "Der Hundd lacht."
    assert "did you mean 'Hund'?" in said(widget)
    assert (token.max, widget.layout.xaxis2.visible) == (12, False)
    german.value = "Der Hund lacht."
    assert widget.layout.xaxis2.visible is True
    assert same(widget, expected("Der Hund lacht."))
    kind.value = UNMASKED
    assert same(widget, expected("Der Hund lacht.", UNMASKED))

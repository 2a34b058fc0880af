"""The demo counts what a word costs and says it; its pictures state what their numbers show."""

import math

import plotly.graph_objects as go
import pytest

from course_lib import shapes
from course_lib.demos import kv_cache, look
from course_lib.demos.kv_cache import figures, picture
from course_lib.kv_cache import sentences
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

MODELS = list(picture.MODELS)


def test_words_are_the_decoders_own_and_the_first_is_the_quizs():
    assert " ".join(picture.words()) == " ".join((sentences.TEXT * 2)[8 : 8 + picture.WORDS])


def test_work_from_nothing_is_every_tokens_work_and_one_head():
    shape = shapes.shape("llama3-8b")
    head = 2 * shape.vocabulary * shape.width
    each = sum(shapes.forward_flops_per_token(shape, n) - head for n in range(1, 31))
    assert picture.whole_flops(shape, 30) == each + head


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("before", picture.BEFORE)
def test_a_cache_never_costs_more_and_saves_nothing_on_the_first_word(model, before):
    step = picture.measure(model, before, picture.WORDS, True)
    assert step.without[0] == step.with_cache[0]
    assert all(a > b for a, b in zip(step.without[1:], step.with_cache[1:], strict=True))
    assert max(step.without) == step.most


def test_the_cache_holds_every_token_but_the_newest():
    step = picture.measure("Llama 2 7B", 100, 5, True)
    assert step.cache_bytes == (100 + 8 + 4) * 524_288


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        (("GPT-2", 0, 1, False), "“dog”, the first word: 8 tokens are computed, cache or not"),
        (("GPT-2", 0, 3, False), "“pack”: 10 tokens are computed, 9 of them again"),
        (("GPT-2", 1000, 3, True), "“pack”: 1 token is computed; the keys and values of 1,009 are read"),
    ],
)
def test_title_states_what_the_word_cost(setting, what):
    assert what in said(picture.figure(picture.measure(*setting)))


def test_bars_stack_up_to_the_work_without_a_cache():
    for cached in (False, True):
        step = picture.measure("GPT-2", 0, 7, cached)
        new, rest, memory = picture.figure(step).data
        assert [a + b for a, b in zip(new.y[:7], rest.y[:7], strict=True)] == list(step.without)
        assert set(new.y[7:]) == {None}
        assert memory.y[1] == (step.cache_bytes if cached else 0)


def test_widget_on_screen_becomes_the_figure_of_the_new_setting():
    widget = go.FigureWidget(picture.figure(picture.measure("GPT-2", 0, 1, False)))
    step = picture.measure("Llama 3 8B (8 KV heads for 32)", 1000, 9, True)
    widget.update_layout(picture.axes(step))
    look.paint(widget, **picture.contents(step))
    expected = picture.figure(step)
    assert widget.layout.to_plotly_json() == expected.layout.to_plotly_json()
    assert [trace.y for trace in widget.data] == [trace.y for trace in expected.data]


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(monkeypatch):
    row, cached, before, model, figure, _ = still_then_live(monkeypatch, kv_cache.show)
    word, _ = row.children
    word.value, cached.value, before.value, model.value = 5, True, 1000, "GPT-2"
    assert "“box”: 1 token is computed; the keys and values of 1,011 are read" in said(figure)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 FLOP"), (1, "1 FLOP"), (1234, "1.23 kFLOP"), (999_600, "1 MFLOP"), (2.5e12, "2.5 TFLOP")],
)
def test_counts_are_written_with_a_prefix(count, text):
    assert picture.in_flops(count) == text


PICTURES = {
    "work": lambda: figures.work_of_a_token(
        [1, 10, 100], {"no cache": [1.0, 10, 100], "cache": [1.0, 1, 1]},
        {"no cache": [8.0, 8, 8], "cache": [8.0, 9, 16]},
    ),
    "time": lambda: figures.time_of_a_token(
        [1, 10, 100],
        {"no cache": [1.0, 10, math.nan], "your cache": [1.0, 2, 6], "in place": [2.0, 2, 3]},
        since=10,
    ),
    "saved": lambda: figures.times_saved(
        [8, 64, 1024], [1.2, 3.0, 18.0], [4.0, 30.0, 500.0], (8, 1024)
    ),
    "keep": lambda: figures.what_to_keep(
        ["nothing", "hidden states", "keys and values"], [100.0, 30.0, 3.0], [0, 4e6, 8e6], 1023
    ),
}  # fmt: skip
FINDINGS = {
    "work": ["At 100 tokens", "all but 1/100", "2.00 times the bytes"],
    "time": ["At 10 tokens the cache saves 80%", "a token at 100 takes 3.0 times as long as one at 10"],
    "saved": ["8 tokens take only 1.2 times as long, 1,024 tokens 18 times", "500 times"],
    "keep": ["Keep the keys and values", "10 times as long"],
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_names_its_axes_and_states_its_finding(name):
    picture = PICTURES[name]()
    assert unnamed_axes(picture) == set()
    assert all(finding in said(picture) for finding in FINDINGS[name])


def test_a_factor_of_three_on_few_tokens_is_not_called_small():
    picture = figures.times_saved([8, 64], [3.0, 9.0], [4.0, 30.0], (8, 64))
    assert "8 tokens take 3.0 times" in said(picture)


def test_axes_of_the_demo_are_named():
    assert unnamed_axes(picture.figure(picture.measure("GPT-2", 0, 3, False))) == set()

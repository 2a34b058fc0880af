"""Lab 6's demo: its parts add up to what the calculators say, its title is true, its names stand apart."""

import itertools
import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib import shapes
from course_lib.costs import memory
from course_lib.demos import look, training_memory
from course_lib.demos.training_memory import figures, picture
from course_lib.demos.training_memory.picture import Setting
from course_lib.hardware import GPUS
from course_lib.seeds import stream
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

GB = 1e9
# The end of the forward pass takes the most: a large vocabulary, and a layer that keeps little.
LOGITS = Setting("llama3-8b", checkpointed=True, fused=True, dropout=False, stage=3)
# A layer that is computed again takes the most: its scores are long.
RECOMPUTED = Setting(checkpointed=True)


def sample(number=60):
    """Settings that the controls can have: every model, and of everything else what a draw brings."""
    random, models = stream("training memory demo"), itertools.cycle(picture.MODELS)

    def draw(values):
        return values[random.integers(len(values))]

    for model in itertools.islice(models, number):
        yield Setting(
            model, draw(list(picture.PRECISIONS)), draw(picture.BATCHES), draw(picture.lengths(model)),
            draw(picture.STAGES), draw(picture.RANKS), *map(bool, random.integers(2, size=3)),
        )  # fmt: skip


SAMPLE = [Setting(), RECOMPUTED, LOGITS, *sample()]


@pytest.mark.parametrize("setting", SAMPLE, ids=lambda s: f"{s.model}-{s.batch}x{s.length}")
def test_parts_add_up_to_what_the_calculators_say(setting):
    parts, model = picture.parts(setting), shapes.shape(setting.model)
    number, optimizer = {
        "FP32": (4, 8), "BF16 with an FP32 copy": (2, 12), "BF16 without a copy": (2, 8)
    }[setting.precision]  # fmt: skip
    states = memory.training_states(shapes.parameters(model), setting.stage, setting.ranks, optimizer, number)
    assert list(parts.values())[:3] == [states.parameters, states.gradients, states.optimizer]
    activations = memory.activations(
        model, setting.batch, setting.length, scores=not setting.fused, checkpointed=setting.checkpointed,
        logits=True, number=number, dropout=setting.dropout,
    )  # fmt: skip
    assert sum(parts.values()) == pytest.approx(states.total + activations)
    assert min(parts.values()) >= 0
    if setting.fused:
        assert parts["attention scores"] == 0


def test_without_checkpointing_every_layer_has_its_scores_and_the_logits_are_there():
    setting = Setting("llama3-8b", batch=2, length=512, dropout=False)
    parts, model = picture.parts(setting), setting.shape
    assert parts["attention scores"] == 32 * 2 * 32 * 512**2 * 2
    assert parts["logits"] == sum(memory.head_activations(model, 2, 512).values())


def test_checkpointing_shows_the_moment_at_which_the_most_is_there():
    again, end = picture.parts(RECOMPUTED), picture.parts(LOGITS)
    layer = memory.layer_activations(RECOMPUTED.shape, RECOMPUTED.batch, RECOMPUTED.length)
    assert again["logits"] == 0
    assert again["attention scores"] == sum(size for name, size in layer.items() if "scores" in name)
    hidden = LOGITS.batch * LOGITS.length * LOGITS.shape.width * 2
    assert end["attention scores"] == 0
    assert end["logits"] == sum(memory.head_activations(LOGITS.shape, LOGITS.batch, LOGITS.length).values())
    assert end["activations"] == LOGITS.shape.layers * hidden


def test_the_lectures_example_is_several_times_what_the_rule_of_thumb_says():
    parts = picture.parts(Setting())
    activations = parts["activations"] + parts["attention scores"]
    assert activations == pytest.approx(286.9e9, rel=1e-3)
    assert picture.parts(Setting(fused=True))["activations"] == pytest.approx(85.6e9, rel=1e-3)
    assert memory.activation_estimate(Setting().shape, 32, 1024) == pytest.approx(60.4e9, rel=1e-3)


def test_16_bits_with_a_copy_take_as_many_bytes_of_states_as_fp32_and_half_the_activations():
    half, whole = (
        picture.parts(Setting(dropout=False)),
        picture.parts(Setting(precision="FP32", dropout=False)),
    )
    states = ("parameters", "gradients", "Adam's states")
    assert sum(half[part] for part in states) == sum(whole[part] for part in states)
    assert 2 * half["activations"] == whole["activations"]
    assert "16 bytes per parameter" in said(figures.figure(Setting(precision="FP32")))
    assert "12 bytes per parameter" in said(figures.figure(Setting(precision="BF16 without a copy")))


@pytest.mark.parametrize("setting", SAMPLE, ids=lambda s: f"{s.model}-{s.batch}x{s.length}")
def test_the_title_names_the_largest_part_and_the_cards_that_hold_all(setting):
    parts, title = picture.parts(setting), said(figures.figure(setting))
    total, largest = sum(parts.values()), max(parts, key=parts.get)
    assert title.startswith(largest[0].upper() + largest[1:])
    holding = [card for card in GPUS.values() if card.memory_bytes >= total]
    least = min((card.memory_bytes for card in holding), default=None)
    if not holding:
        assert "none of 13 cards holds it" in title
    elif len(holding) == 1:
        assert f"of 13 cards, only {holding[0].name} holds it" in title
    elif len(holding) == 13:
        assert "all 13 cards hold it" in title
    else:
        assert f"{len(holding)} of 13 cards hold it, from " in title
        named = title.partition("hold it, from ")[2].partition(" up")[0]
        assert GPUS[named].memory_bytes == least
    stated = title.partition(" of ")[2].partition(" GB")[0].replace(",", "")
    assert float(stated) == pytest.approx(total / GB, rel=6e-3)


def test_two_parts_that_are_equally_large_are_both_named():
    title = said(figures.figure(Setting(batch=1, length=128, stage=1, ranks=1024, fused=True)))
    assert title.startswith("Parameters and gradients are the largest parts, 3.12 each of ")


def test_the_second_line_compares_with_what_it_takes_without_any_remedy():
    plain = Setting("llama2-7b", batch=4)
    whole = figures.gigabytes(sum(picture.parts(plain).values()))
    assert "Without" not in said(figures.figure(plain))
    for remedy in ({"stage": 1}, {"checkpointed": True}, {"fused": True}):
        title = said(figures.figure(replace(plain, **remedy)))
        assert f"Without ZeRO, checkpointing and fused attention: {whole}." in title


@pytest.mark.parametrize("setting", SAMPLE, ids=lambda s: f"{s.model}-{s.batch}x{s.length}")
def test_the_bar_the_lines_and_all_names_are_within_the_axis_and_names_stand_apart(setting):
    figure, parts = figures.figure(setting), picture.parts(setting)
    top, total = figure.layout.yaxis.range[1], sum(parts.values()) / GB
    bars, (lines, _, cards, _, names) = figure.data[:6], figure.data[6:]
    assert [bar.y[0] for bar in bars] == pytest.approx([size / GB for size in parts.values()])
    assert total < top
    for heights, gap in ((cards.y, figures.GAP / 2), (names.y, figures.GAP)):
        assert all(0 < height <= top for height in heights)
        assert len(heights) < 2 or np.diff(heights).min() > 0.99 * gap * top
    at = [y for y in lines.y if y is not None][1::3]
    assert at == [card.memory_bytes / GB for card in figures.LINES if card.memory_bytes <= top * GB]
    bold = ["<b>" in text for text in cards.text]
    assert bold == [total <= size for size in at]
    assert any(bold) == (total <= 141)
    assert [text.split("<br>")[0].strip() for text in names.text] == [p for p, size in parts.items() if size]
    assert list(names.marker.color) == [figures.COLORS[p] for p, size in parts.items() if size]


def test_lines_are_of_one_card_of_every_size():
    sizes = [card.memory_bytes for card in figures.LINES]
    assert sizes == sorted({card.memory_bytes for card in GPUS.values()})


def test_models_are_all_whose_layers_are_counted():
    for name, shape in shapes.SHAPES.items():
        if name in picture.MODELS:
            assert picture.parts(Setting(name, length=128))
        else:
            with pytest.raises(ValueError, match=name):
                memory.layer_activations(shape, 1, 1)


def test_no_length_is_offered_for_which_a_model_has_no_positions():
    assert picture.lengths("gpt2")[-1] == 1024
    assert picture.lengths("opt-13b")[-1] == 2048
    assert picture.lengths("llama3-8b") == picture.LENGTHS


def test_what_is_on_screen_becomes_the_figure_of_the_new_setting():
    before, after = Setting(), replace(LOGITS, length=2048)
    widget = go.FigureWidget(figures.figure(before))
    widget.update_yaxes(range=figures.reach(after))
    look.paint(widget, **figures.contents(after))
    expected = figures.figure(after)
    assert said(widget) == said(expected)
    assert json.loads(widget.to_json()) == json.loads(go.FigureWidget(expected).to_json())


def test_every_axis_says_what_it_measures():
    assert unnamed_axes(figures.figure(Setting())) == set()


def test_controls_move_the_figure(monkeypatch):
    *rows, figure, _ = still_then_live(monkeypatch, training_memory.show)
    (model, precision), (batch, length), (stage, ranks), (fused, checkpointed, dropout) = (
        row.children for row in rows
    )
    assert ranks.disabled
    assert said(figure) == said(figures.figure(Setting()))
    model.value = "llama3-8b"
    assert length.value == 1024
    length.value = 32768
    model.value = "gpt2-xl"  # which has 1,024 positions
    assert length.value == 1024
    assert said(figure) == said(figures.figure(Setting()))
    model.value, precision.value, batch.value, length.value = "llama2-7b", "FP32", 2, 4096
    stage.value, ranks.value, fused.value, checkpointed.value, dropout.value = 2, 64, True, True, False
    assert not ranks.disabled
    expected = Setting("llama2-7b", "FP32", 2, 4096, 2, 64, True, True, False)
    assert said(figure) == said(figures.figure(expected))
    assert figure.layout.yaxis.range == figures.figure(expected).layout.yaxis.range
    stage.value = 0
    assert ranks.disabled

"""A page holds what a hand at the live demo would see, also where one control changes another."""

import json

import plotly.graph_objects as go
import pytest
from ipywidgets.widgets.widget import _instances

from course_lib.commands.static_pages import lectures
from course_lib.commands.static_pages.states import Explored
from tests.course_lib.commands.static_pages.unpacking import unpacked
from tests.course_lib.demos.conventions import run

# A formula decides how far the visits go, a box takes the slider away, and a button trains for one rate.
DEMO = """
import ipywidgets as w
import plotly.graph_objects as go
from IPython.display import display
from course_lib.demos import look

formula = w.Dropdown(options=["short", "long"], description="formula")
text = w.Text(value="short", description="sentence")
flip = w.Button(description="Flip")
fused = w.Checkbox(description="fused")
visit = w.IntSlider(0, 0, 2, description="visit")
play = w.Play(interval=400)
{extra}
figure = go.FigureWidget(look.finish(go.Figure(go.Scatter(y=[0.0])), "start", "of all"))

def update(_):
    shown = [float(visit.value), float(fused.value), *map(float, map(ord, text.value))]
    look.paint(figure, [{{"y": shown}}], f"{{text.value}} at {{visit.value}}", "{after}".format(**globals()))

def choose(_):
    text.value = formula.value
    visit.max = 2 if formula.value == "short" else 4
    update(None)

def take(_):
    visit.disabled = fused.value
    update(None)

def turn(_):
    text.value = text.value[::-1]

formula.observe(choose, "value")
fused.observe(take, "value")
text.observe(update, "value")
visit.observe(update, "value")
flip.on_click(turn)
update(None)
display(look.stage([formula, w.HBox([text, flip]), fused, w.HBox([visit, play]){more}], figure))
"""
TRAINED = """
import asyncio
rate = w.IntSlider(1, 1, 3, description="rate")
train = w.Button(description="Train")
epoch = w.IntSlider(2, 0, 2, description="epoch")
known = []
async def learn():
    for now in range(3):
        epoch.value = now
        await asyncio.sleep(60)
    known.append(rate.value)
    update(None)
tasks = []
train.on_click(lambda _: tasks.append(asyncio.get_running_loop().create_task(learn())))
epoch.observe(lambda _: update(None), "value")
"""


def explored(tmp_path, source: str) -> tuple[Explored, list]:
    cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
    path = tmp_path / "demo.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    found = lectures.lecture(path)
    return found.blocks[0], found.values


def figure(found: Explored, values: list, *places: int) -> dict:
    node = found.tree
    for place in places:
        node = node["c"][place]
    return unpacked({"$": node}, values)


@pytest.fixture
def plain(tmp_path):
    return explored(tmp_path, DEMO.format(extra="", more="", after="."))


def test_controls_stand_in_the_order_of_the_live_demo_and_a_text_is_none(plain):
    found, _ = plain
    assert [(one["name"], one["kind"]) for one in found.controls] == [
        ("formula", "select"), ("Flip", "press"), ("fused", "check"), ("visit", "range")
    ]  # fmt: skip
    assert found.texts == ["sentence"]
    assert [one["play"] for one in found.controls] == [0, 0, 0, 400]


def test_every_state_is_the_figure_that_its_controls_give(plain):
    found, values = plain
    assert figure(found, values, 0, 0, 0, 2)["data"][0]["y"] == [2, 0, *map(ord, "short")]
    assert figure(found, values, 1, 1, 0, 4)["data"][0]["y"] == [4, 0, *map(ord, "gnol")]
    assert figure(found, values, 1, 0, 1, 0)["finding"].startswith("long at")
    assert figure(found, values, 1, 1, 0, 4)["texts"] == ["sentence: gnol"]


def test_a_control_goes_as_far_as_another_lets_it_and_stands_still_where_it_cannot_be_moved(plain):
    found, _ = plain
    short, long = (found.tree["c"][i]["c"][0]["c"][0] for i in (0, 1))
    assert found.options[short["o"]] == ["0", "1", "2"]
    assert found.options[long["o"]] == ["0", "1", "2", "3", "4"]
    fused = found.tree["c"][0]["c"][0]["c"][1]
    assert fused["off"] == 1
    assert len(fused["c"]) == 1
    assert found.figures == 2 * (3 + 1) + 2 * (5 + 1)


def test_a_title_is_whole_and_not_in_the_figure(plain):
    first = figure(*plain, 0, 0, 0, 0)
    assert (first["finding"], first["detail"]) == ("short at 0", ".")
    assert "text" not in first["layout"].get("title", {})
    assert "meta" not in first["layout"]


def test_a_network_is_trained_for_each_setting_alone_without_pauses(tmp_path):
    source = DEMO.format(extra=TRAINED, more=", rate, train, epoch", after="epoch {epoch.value} of {known}")
    found, values = explored(tmp_path, source)
    assert found.trains
    assert [one["name"] for one in found.controls][-2:] == ["rate", "epoch"]
    for place, rate in enumerate(("1", "3")):  # more settings would be more trainings than there may be
        shown = figure(found, values, 0, 0, 0, 0, place, 1)
        assert shown["detail"] == f"epoch 1 of [{rate}]"  # no other setting was trained there
    assert found.left_out == ["visit: 2 of 3 values", "rate: 2 of 3 values"]


def test_a_network_is_trained_where_a_loop_runs_already(tmp_path):
    source = DEMO.format(extra=TRAINED, more=", rate, train, epoch", after="epoch {epoch.value} of {known}")

    async def inside():
        return explored(tmp_path, source)

    found, values = run(inside())
    assert figure(found, values, 0, 0, 0, 0, 0, 1)["detail"] == "epoch 1 of [1]"


def test_no_figure_stays_in_memory(tmp_path):
    before = set(_instances)  # of other tests in this process
    explored(tmp_path, DEMO.format(extra=TRAINED, more=", rate, train, epoch", after="{known}"))
    left = [_instances[name] for name in set(_instances) - before]
    assert not [one for one in left if isinstance(one, go.FigureWidget)]

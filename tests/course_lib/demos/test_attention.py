"""The viewer shows what a trained model does, its controls repaint it, and pictures say what numbers say."""

import functools

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.demos import attention, look
from course_lib.demos.attention import figures, picture
from course_lib.heads import retrieval
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes


@pytest.fixture(scope="module")
def models():
    return {heads: retrieval.train(heads, (0, 1), steps=75, every=75) for heads in (1, 2)}


@pytest.fixture(scope="module")
def accuracies(models):
    return {heads: picture.silent_heads(model) for heads, model in models.items()}


def test_title_states_the_question_and_what_the_model_says(models, accuracies):
    for story in range(3):
        seen = picture.measure(models[2], story, "Eve", "Ann", accuracies[2])
        held = dict(token.split("<br>") for token in seen.tokens)
        assert seen.answers == (held["Eve"], held["Ann"])
        assert seen.tokens[seen.places[0]].startswith("Eve")
        title = said(picture.figure(seen))
        assert f"Eve, then Ann? 2 heads say “{seen.said[0]}, {seen.said[1]}”" in title
        assert ("both right" in title.split("<br>")[0]) == (seen.said == seen.answers)
        assert f"{accuracies[2][0]:.0%}" in title


def test_map_holds_the_weights_of_every_head_and_marks_who_is_asked_for(models, accuracies):
    seen = picture.measure(models[2], 0, "Bob", "Gus", accuracies[2])
    heat, bars = picture.figure(seen).data
    np.testing.assert_allclose(np.sum(heat.z, axis=1), 100, rtol=1e-5)
    np.testing.assert_allclose(bars.x, 100 * np.array(accuracies[2][1]))
    marks = [(a.x, a.text) for a in picture.figure(seen).layout.annotations[-2:]]
    assert marks == [(seen.places[0], "▼ asked first"), (seen.places[1], "▼ then")]
    assert np.argmax(heat.z, axis=1).tolist() == sorted(
        seen.places, key=seen.weights.argmax(1).tolist().index
    )


def test_asking_for_one_person_twice_is_said_to_be_new_to_the_model(models, accuracies):
    figure = picture.figure(picture.measure(models[2], 0, "Bob", "Bob", accuracies[2]))
    assert "Nobody is asked for twice" in said(figure)
    assert figure.layout.annotations[-1].text == ""


def test_widget_on_screen_becomes_the_figure_of_another_number_of_heads(models, accuracies):
    widget = go.FigureWidget(picture.figure(picture.measure(models[2], 0, "Bob", "Gus", accuracies[2])))
    new = picture.measure(models[1], 3, "Ann", "Hal", accuracies[1])
    look.paint(widget, **picture.contents(new))
    expected = picture.figure(new)
    assert said(widget) == said(expected)
    for shown, wanted in zip(widget.data, expected.data, strict=True):
        for name in ("x", "y", "z", "text"):
            if name in wanted:
                assert np.array_equal(shown[name], wanted[name])


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(models, monkeypatch):
    heads, first, second, story, figure, _ = still_then_live(monkeypatch, lambda: attention.show(models))
    heads.value, first.value, second.value, story.value = 1, "Hal", "Cem", 7
    assert "Hal, then Cem? 1 head says" in said(figure)


@functools.cache
def pictures():
    runs = {1: np.array([0.1, 0.2]), 2: np.array([0.9, 1.0]), 32: np.array([0.7, 0.74])}
    curves = {heads: np.stack([last / 2, last]) for heads, last in runs.items()}
    angles = np.linspace(0, 90, 10)
    found = {1: np.full(10, 2.0), 300: np.where(angles <= 45, 1.0, 3.0)}
    labor = {1: np.array([[[0.5, 0.4]]]), 2: np.array([[[0.9, 0.0], [0.1, 0.8]]])}
    return {
        "lookup": figures.soft_lookup(angles, found, np.array([0.0, 90]), np.array([1.0, 3])),
        "learning": figures.accuracy_and_learning(runs, [25, 50], curves),
        "labor": figures.division_of_labor(labor),
        "cost": figures.cost_of_heads([1, 32], {"FLOPs": [1, 1.0], "time": [1, 9.5]}),
    }


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("lookup", "at length 300 in 100% of directions"),
        ("learning", "On average, 1 head names both in 15 %, 2 in 95 %, 32 in 72 %"),
        ("labor", "A head for each needle: 0 of 1 models with 1 head, 1 of 1 with 2"),
        ("cost", "32 heads: 1× the FLOPs, 9.5× the time"),
    ],
)
def test_finding_in_a_title_is_computed_from_the_data(name, finding):
    assert finding in said(pictures()[name])


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    by_the_panel_beside = {"labor": {"yaxis2"}}
    for name, figure in pictures().items():
        assert unnamed_axes(figure) == by_the_panel_beside.get(name, set()), name


def test_every_run_is_a_dot():
    dots = [trace for trace in pictures()["learning"].data if trace.mode == "markers"]
    assert [len(trace.x) for trace in dots] == [2, 2, 2]


def test_demo_trains_every_model_it_offers(monkeypatch):
    """The lecture page gives no models."""
    steps = []

    def train(heads, of_seeds, *, steps: int, on_step):
        for _ in range(steps):
            on_step()
        return retrieval.untrained(heads, of_seeds)

    monkeypatch.setattr(retrieval, "train", train)
    monkeypatch.setattr(picture.Progress, "update", lambda self, *_: steps.append(1))
    picture.trained_models.cache_clear()
    assert list(picture.trained_models()) == list(picture.HEADS)
    assert len(steps) == len(picture.HEADS) * picture.STEPS
    picture.trained_models.cache_clear()

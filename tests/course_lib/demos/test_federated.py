"""The demo's figure says what the numbers say, and its controls and button repaint what is on screen."""

import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib import datasets
from course_lib.demos import federated, look
from course_lib.demos.federated import picture
from course_lib.demos.federated.picture import Run, Setting
from course_lib.federated import averaging, network, rounds, splits
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Few rounds keep no test waiting; nothing stays for other tests."""
    monkeypatch.setattr(picture, "ROUNDS", 2)
    monkeypatch.setattr(picture, "EPOCHS", (1, 2, 5))
    monkeypatch.setattr(picture, "PLACES", np.array([0, 0.5, 1]))
    monkeypatch.setattr(picture, "STEPS", 48)
    for known in (picture.opening, picture.every_step, picture.lines):
        known.cache_clear()
    yield
    for known in (picture.opening, picture.every_step, picture.lines):
        known.cache_clear()


LOSSES = np.array([[0.4, 0.2, 0.4], [0.4, 2.0, 0.4]])


def test_title_says_what_the_last_round_brought_and_when_the_target_was_reached():
    run = Run(np.array([0.1, 0.8, 1.0, 0.97]), LOSSES)
    title = said(picture.figure(Setting(), run))
    assert "97 % after 3 rounds; 90 % in 1.5 rounds" in title
    assert "times fewer bytes than an average after every step" in title
    assert "α 0.1, 5 local epochs, 10 of 10 clients answer, models weighted by examples" in title
    low = said(picture.figure(Setting(math.inf, 1, 3, False), Run(np.array([0.1, 0.4]))))
    assert "40 % after 1 round; 90 % not reached" in low
    assert "all clients alike, 1 local epoch, 3 of 10 clients answer, all models weigh the same" in low
    assert "press Train" in said(picture.figure(Setting(), None))


def test_bytes_are_a_model_down_and_a_model_up_for_those_who_answer():
    assert Setting().megabytes(3) == pytest.approx(3 * 2 * 4 * 50_890 / 1e6)
    assert Setting(answering=5).megabytes(3) == pytest.approx(1.5 * 2 * 4 * 50_890 / 1e6)


def test_figure_shows_who_holds_what_the_curves_and_the_lines():
    run, earlier = Run(np.array([0.1, 0.8, 0.9]), LOSSES), (Setting(answering=5), Run(np.array([0.2, 0.5])))
    figure = picture.figure(Setting(1.0), run, earlier)
    counts = splits.label_counts(datasets.digits().y_train, picture.split(1.0))
    assert np.array_equal(figure.data[0].z, counts)
    assert [list(figure.data[i].y) for i in (1, 2)] == [[20, 50], [10, 80, 90]]
    assert list(figure.data[2].x) == [0, 1, 2]
    assert list(figure.data[3].x) == [earlier[0].megabytes(1)]
    assert list(figure.data[4].x) == [Setting().megabytes(1), Setting().megabytes(2)]
    assert np.array_equal([figure.data[6].y, figure.data[7].y], LOSSES)
    untrained = picture.figure(Setting(1.0), None)
    assert [len(untrained.data[i].y) for i in (1, 2, 3, 4, 6, 7)] == [0] * 6


def test_training_is_federated_averaging_of_the_setting():
    setting, seen = Setting(math.inf, 1, 3, False), []
    run = picture.train(setting, lambda so_far: seen.append(so_far.accuracy.tolist()))
    data = datasets.digits()
    expected = rounds.train(
        data, picture.split(math.inf), rounds.Setting(2, 1),
        answered=averaging.answering(10, 0.3, 2),
        average=lambda models, sizes: averaging.federated_average(models, [1, 1, 1]),
    )  # fmt: skip
    assert run.accuracy.tolist() == expected.accuracy.tolist()
    assert seen == [expected.accuracy[:2].tolist(), expected.accuracy.tolist()]
    assert run.losses.shape == (2, 3)


def test_lines_end_at_the_models_of_the_two_largest_clients():
    losses = picture.lines(0.1, epochs=1)
    data, dealt = datasets.digits(), picture.split(0.1)
    clients = rounds.clients_of(data, dealt)
    orders = averaging.drawn_orders(clients, 1, 0)
    second, first = np.argsort([len(part) for part in dealt])[-2:]
    for place, client in ((0, first), (2, second)):
        model = averaging.local_update(network.initial(), *clients[client], orders[client], 10, 0.1)
        expected = network.losses(model, data.x_train, data.y_train).mean()
        assert losses[0, place] == pytest.approx(expected, rel=1e-4)
    assert losses[1, 0] == losses[0, 0]
    assert losses[1, 2] != losses[0, 2], "the second one of the other line has a start of its own"


def test_widget_becomes_the_figure_of_the_setting():
    widget = go.FigureWidget(picture.figure(Setting(), None))
    run = Run(np.array([0.1, 0.8, 0.9]), LOSSES)
    look.paint(widget, **picture.contents(Setting(1.0), run))
    expected = picture.figure(Setting(1.0), run)
    assert said(widget) == said(expected)
    for shown, wanted in zip(widget.data, expected.data, strict=True):
        for axis in ("x", "y", "z"):
            if axis in wanted:
                assert np.array_equal(shown[axis], wanted[axis])
    json.dumps(widget.get_state(), allow_nan=False, default=lambda buffer: memoryview(buffer).nbytes)


def test_show_trains_by_the_button_and_never_by_a_slider(monkeypatch):
    (upper, lower), figure = _live(monkeypatch)
    alpha, answering = upper.children
    epochs, weighted, button = lower.children
    assert button.disabled
    first = said(figure)
    assert "after 2 rounds" in first
    alpha.value, epochs.value, answering.value, weighted.value = math.inf, 1, 4, False
    assert "press Train" in said(figure)
    assert not button.disabled
    assert len(figure.data[2].y) == 0
    opened = list(figure.data[1].y)
    assert len(opened) == 3, "the last run stays, to compare with"
    button.click()
    assert "after 2 rounds" in said(figure)
    assert len(figure.data[2].y) == 3
    assert list(figure.data[1].y) == opened
    assert button.disabled
    other = list(figure.data[2].y)
    alpha.value, epochs.value, answering.value, weighted.value = 0.1, 5, 10, True
    assert said(figure) == first
    assert list(figure.data[1].y) == other


def test_button_trains_again_after_a_failure(monkeypatch):
    (_, lower), figure = _live(monkeypatch)
    lower.children[0].value, button = 1, lower.children[2]
    trained = picture.train
    monkeypatch.setattr(picture, "train", lambda *_: 1 / 0)
    button.click()  # ipywidgets logs the error
    assert "press Train" in said(figure)
    assert not button.disabled
    monkeypatch.setattr(picture, "train", trained)
    button.click()
    assert "after 2 rounds" in said(figure)


def _live(monkeypatch):
    *rows, figure, _ = still_then_live(monkeypatch, federated.show)
    return rows, figure


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    assert unnamed_axes(picture.figure(Setting(), Run(np.array([0.1, 0.8]), LOSSES))) == set()

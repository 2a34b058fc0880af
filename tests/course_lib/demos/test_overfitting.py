"""The wall shows what each network says of each wrong label, and its controls repaint what is on screen."""

import functools
import json

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.demos import look, overfitting
from course_lib.demos.overfitting import figures, picture, wall
from course_lib.demos.overfitting.picture import Setting
from course_lib.demos.overfitting.wall import EMPTY, MEMORIZED, OTHER, SEEN_THROUGH
from course_lib.overfitting import networks
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes


@pytest.fixture(autouse=True)
def _few_epochs(monkeypatch):
    """Enough to learn something, not enough to keep a test waiting; nothing stays for other tests."""
    monkeypatch.setattr(networks.train, "__kwdefaults__", networks.train.__kwdefaults__ | {"epochs": 3})
    monkeypatch.setattr(networks, "EPOCHS", 3)
    picture.opening.cache_clear()
    yield
    picture.opening.cache_clear()


def small_replay(order=None) -> wall.Replay:
    """Four wrongly labeled images, two of an 8, over three epochs."""
    state = np.array(
        [
            [OTHER, OTHER, OTHER, OTHER],
            [SEEN_THROUGH, SEEN_THROUGH, SEEN_THROUGH, OTHER],
            [SEEN_THROUGH, MEMORIZED, MEMORIZED, SEEN_THROUGH],
        ]
    )
    images = np.linspace(0, 1, 4)[:, None] * np.ones((4, 784))
    curves = {name: np.array([0.1, 0.9, 0.8]) for name in wall.CURVES}
    shows, given = np.array([8, 8, 0, 3]), np.array([3, 1, 6, 5])
    return wall.Replay(
        images, shows, given, state, curves, 1, np.arange(4) if order is None else np.array(order)
    )


def test_title_counts_what_the_tiles_show():
    figure = wall.figure(small_replay(), 2, "Width 4")
    assert "After 2 epochs: 2 of 4 wrong labels" in said(figure)
    assert ">memorized</span>, 2 <" in said(figure)
    assert "0 neither" in said(figure)
    assert "Width 4. Validation 80 %; best 90 % at epoch 1" in said(figure)
    assert "Before training: 0 of 4" in said(wall.figure(small_replay(), 0, "x"))


def test_each_tile_stands_in_the_row_of_its_digit_with_the_color_of_its_state():
    replay = small_replay()
    moment = wall.moment(replay, 2, "x")["traces"][1]
    tiles = {(row, column): z for (row, column), z in np.ndenumerate(moment["z"]) if z != EMPTY}
    assert tiles == {(8, 0): SEEN_THROUGH, (8, 1): MEMORIZED, (0, 0): MEMORIZED, (3, 0): SEEN_THROUGH}
    assert moment["text"][8][1] == "shows 8, labeled 1: the network repeats the wrong label"
    labels = wall.network(replay)[2]
    assert [text.strip("</b>") for text in labels["text"]] == ["3", "1", "6", "5"]
    tiles = wall.network(replay)[0]["z"]
    size, room = wall.TILE, wall.ROOM
    assert tiles[8 * size + room, size + room] == 85, "image 1, a third of full ink"
    assert tiles[8 * size : 8 * size + room].max() == 0, "nothing is drawn where the label stands"


def test_order_moves_tiles_within_their_row_only():
    rows, columns = wall.places(small_replay([1, 3, 2, 0]))
    assert rows.tolist() == [8, 8, 0, 3]
    assert columns.tolist() == [1, 0, 0, 0]


def test_images_memorized_longest_come_first():
    runs = networks.train([picture.drawn(0.25)], 32, progress=False)
    sample = picture.drawn(0.25)
    by_heart = (runs.train[:, 0] == sample.given) & (sample.given != sample.true)
    replay = wall.replay(runs, 0, by_heart, 2)
    times = (replay.state == MEMORIZED).sum(axis=0)[replay.order]
    assert (np.diff(times) <= 0).all()
    wrong = sample.given != sample.true
    assert (replay.state == MEMORIZED).sum() == by_heart.sum()
    assert ((replay.state == SEEN_THROUGH) == (runs.train[:, 0] == sample.true)[:, wrong]).all()


def test_network_not_yet_trained_shows_its_images_without_a_verdict():
    figure = wall.figure(picture.untrained(Setting(16, 0.4)), 3, "Width 16")
    assert "press Train" in said(figure)
    assert "199 wrong labels" in said(figure)
    assert (np.asarray(figure.data[1].z) == EMPTY).all()
    assert len(figure.data[2].text) == 199


def test_no_wrong_label_is_said_and_not_counted():
    replay = picture.train(Setting(8, 0.0))
    assert "no label is wrong" in said(wall.figure(replay, 3, "Width 8"))


def test_training_reports_each_epoch_and_leaves_the_threads_as_they_were():
    import torch

    threads, seen = torch.get_num_threads(), []
    final = picture.train(Setting(8), lambda so_far: seen.append((so_far.epochs, so_far.order.tolist())))
    assert [epochs for epochs, _ in seen] == [1, 2, 3]
    assert all(order == sorted(order) for _, order in seen), "tiles stay in place while the network learns"
    assert final.epochs == 3
    assert torch.get_num_threads() == threads


def test_widget_becomes_the_figure_of_the_moment_and_little_is_sent():
    replay = small_replay()
    widget = go.FigureWidget(wall.figure(replay, 0, "x"))
    moment = wall.moment(replay, 2, "x")
    look.paint(widget, **moment)
    expected = wall.figure(replay, 2, "x")
    assert said(widget) == said(expected)
    assert np.array_equal(widget.data[1].z, expected.data[1].z)
    assert tuple(widget.data[7].x) == (2, 2)
    assert [len(change) for change in moment["traces"]] == [0, 2, 0, 0, 0, 0, 0, 1]


def test_what_goes_to_the_browser_is_json_that_it_can_read():
    """A NaN in a message loses all of it: the widget would stay empty."""
    widget = go.FigureWidget(wall.figure(small_replay(), 2, "x"))
    data = widget.get_state()
    json.dumps(data, allow_nan=False, default=lambda buffer: memoryview(buffer).nbytes)


def test_show_trains_by_the_button_and_never_by_a_slider(monkeypatch):
    sliders, row, figure, _ = still_then_live(monkeypatch, overfitting.show)
    (width, share), (dropout, decay) = (column.children for column in sliders.children)
    (epoch, _), button = row.children[0].children, row.children[1]
    assert button.disabled
    wide = said(figure)
    width.value = 32
    assert said(figure) != wide
    assert button.disabled, "trained when the demo opened"
    share.value, dropout.value, decay.value = 0.1, 0.5, 2.0
    assert "press Train" in said(figure)
    assert not button.disabled
    button.click()
    assert "Width 32, dropout 0.5, decay 2. Validation" in said(figure)
    assert "After 3 epochs" in said(figure)
    assert len(figure.data[3].y) == 4
    assert button.disabled
    epoch.value = 0
    assert "Before training" in said(figure)
    share.value, dropout.value, decay.value, width.value, epoch.value = 0.25, 0.0, 0.0, 256, 3
    assert said(figure) == wide


def test_button_trains_again_after_a_failure(monkeypatch):
    sliders, row, figure, _ = still_then_live(monkeypatch, overfitting.show)
    sliders.children[0].children[0].value = 8
    button = row.children[1]
    trained = picture.train
    monkeypatch.setattr(picture, "train", lambda *_: 1 / 0)
    button.click()  # ipywidgets logs the error
    assert "press Train" in said(figure)
    assert not button.disabled
    monkeypatch.setattr(picture, "train", trained)
    button.click()
    assert "Width 8. Validation" in said(figure)


def test_wall_of_several_networks_changes_network_and_epoch(monkeypatch):
    replays = {"first": small_replay(), "second": small_replay([3, 2, 1, 0])}
    chosen, row, figure, _ = still_then_live(monkeypatch, lambda: wall.show(replays))
    assert "first. Validation" in said(figure)
    chosen.value = "second"
    assert "second. Validation" in said(figure)
    row.children[0].value = 1
    assert "After 1 epoch: 0 of 4" in said(figure)


@functools.cache
def pictures():
    runs = np.array([[50.0, 60.0], [90.0, 92.0], [80.0, 82.0]])
    return {
        "shifts": figures.shifts(np.eye(4), np.stack([np.eye(4), np.eye(4)[::-1], np.eye(4)])),
        "stopping": figures.stopping([0.5, 0.9, 0.7, 0.6, 0.8], 1, 3),
        "width": figures.accuracy_against_width(
            {"wrong labels": (8, 32, 256), "right labels": (8, 32, 256)},
            {
                "wrong labels": {"given": runs[::-1], "true": runs, "new": runs},
                "right labels": {"training": runs, "new": runs[[0, 2, 1]]},
            },
        ),
        "remedies": figures.remedies(
            {"nothing": runs[0], "one": runs[1], "other": runs[2]},
            {"nothing": runs[2], "one": runs[1], "other": runs[2]},
        ),
        "wall": wall.figure(small_replay(), 1, "x"),
    }


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("shifts", "One image became 2 different ones in 3 draws"),
        ("stopping", "Epoch 1 is kept, 10 points above the last one"),
        (
            "width",
            "Width 256 on new images: −10.0 points with wrong labels, +10.0 points with right labels",
        ),
        ("remedies", "Stopping early gains 26.0 points; of the others, “one” gains most: 36.0"),
        ("wall", "After 1 epoch: 0 of 4 wrong labels"),
    ],
)
def test_finding_in_a_title_is_computed_from_the_data(name, finding):
    assert finding in said(pictures()[name])


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    # By the panel beside, by the remedies.
    otherwise = {"width": {"yaxis2"}, "remedies": {"yaxis"}}
    for name, figure in pictures().items():
        assert unnamed_axes(figure) == otherwise.get(name, set()), name


def test_runs_are_shown_and_not_only_their_mean():
    marks = [trace for trace in pictures()["remedies"].data if trace.mode == "markers"]
    assert [len(trace.x) for trace in marks] == [2] * 6
    dots = [trace for trace in pictures()["width"].data if trace.mode == "markers"]
    assert [len(trace.x) for trace in dots] == [6] * 5

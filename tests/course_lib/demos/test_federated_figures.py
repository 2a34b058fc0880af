"""The pictures of lab 7 draw the numbers they are given, and their titles state what these show."""

import numpy as np
import pytest

from course_lib.demos import look
from course_lib.demos.federated import figures
from tests.course_lib.demos.conventions import said, unnamed_axes

CURVES = {
    "clients alike": np.array([[10.0, 90, 96], [12, 92, 98]]),
    "one shard each": np.array([[10.0, 20, 72], [12, 22, 74]]),
}
PANELS = {
    "one round": {
        "alike": {"1 epoch": np.array([50.0, 60]), "5 epochs": np.array([80.0, 90])},
        "by label": {"1 epoch": np.array([10.0, 12]), "5 epochs": np.array([15.0, 13])},
    },
    "20 epochs of work": {
        "alike": {"20 rounds": np.array([96.0, 96]), "1 round": np.array([94.0, 94])},
        "by label": {"20 rounds": np.array([80.0, 82]), "1 round": np.array([30.0, 28])},
    },
}
SENT = {
    "federated averaging": (np.array([0, 0.4, 0.8]), np.array([10.0, 80, 95])),
    "data-parallel SGD": (np.array([0, 10, 30, 40.0]), np.array([10.0, 60, 92, 95])),
}
NEEDED = {"federated averaging": 0.5, "data-parallel SGD": 25.0}
PLACES = np.linspace(-0.5, 1.5, 9)
LOSSES = {
    "one start": np.array([0.2 + 0.1 * (PLACES - 0.5) ** 2] * 2),
    "two starts": np.array([np.where(PLACES == 0.5, 0.75, 0.25)] * 2),
}


def names(figure):
    """What is written beside lines, with its color."""
    return {note.text: note.font.color for note in figure.layout.annotations if note.xanchor == "left"}


def test_histories_draw_each_run_thin_and_their_mean_thick_with_its_name():
    figure = figures.histories(CURVES)
    thick = [line for line in figure.data if line.line.width == 3]
    assert len(figure.data) == 6
    for line, (name, runs) in zip(thick, CURVES.items(), strict=True):
        assert list(line.y) == runs.mean(axis=0).tolist()
        assert names(figure)[name] == line.line.color
    assert "97 % with clients alike, 73 % with one shard each" in said(figure)
    assert unnamed_axes(figure) == set()


def test_axis_of_histories_ends_with_the_longest_of_them():
    low, high = figures.histories({"long": np.ones((1, 11)), "short": np.ones((1, 4))}).layout.xaxis.range
    assert low < 0 < 10 < high < 11


def test_one_history_is_compared_with_nothing():
    title = said(figures.histories({"alone": np.array([[1.0, 50]])}))
    assert title.startswith("After the last round: 50 % with alone <span")


def test_histories_of_nothing_are_refused():
    with pytest.raises(ValueError, match="at least one curve"):
        figures.histories({})


def test_work_draws_a_line_for_each_split_and_says_what_the_second_way_changes():
    figure = figures.work(PANELS)
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert [list(line.y) for line in lines] == [[55, 85], [11, 14], [96, 94], [81, 29]]
    dots = [trace for trace in figure.data if trace.mode == "markers"]
    assert list(dots[3].y) == [80, 82, 30, 28]
    assert list(dots[3].x) == [0, 0, 1, 1]
    title = said(figure)
    assert "20 epochs of work, 1 round in place of 20 rounds: −2 points alike, −52 points by label" in title
    assert "one round, 5 epochs in place of 1 epoch: +30 points alike, +3 points by label" in title
    assert unnamed_axes(figure) <= {"yaxis2"}, "it is the first panel's"
    assert {lines[0].line.color, lines[1].line.color} == {look.BLUE, look.ORANGE}


def test_sent_leaves_out_what_cost_nothing_and_marks_where_the_target_is_reached():
    figure = figures.sent(SENT, 90, NEEDED)
    assert [list(line.x) for line in figure.data] == [[0.4, 0.8], [10, 30, 40]]
    assert list(figure.data[0].y) == [80, 95]
    upright = [shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1]
    assert upright == [0.5, 25]
    assert "90 % with 50 times fewer bytes: 0.5 MB with federated averaging, 25 MB with" in said(figure)
    low, high = 10 ** np.array(figure.layout.xaxis.range)
    assert low < 0.4
    assert high > 40
    assert unnamed_axes(figure) == set()


def test_between_compares_the_middle_with_the_ends_of_the_line_and_not_of_the_axis():
    figure = figures.between(PLACES, LOSSES)
    assert "0.89 times with one start, 3.00 times with two starts" in said(figure)
    assert len(figure.data) == 4
    assert tuple(figure.layout.xaxis.range) == (-0.5, 1.5)
    assert unnamed_axes(figure) == set()


def test_revealed_puts_what_was_read_below_what_was_held_and_says_how_far_it_is_off():
    images = np.linspace(0, 1, 2 * 6).reshape(2, 2, 3)
    found = images.copy()
    found[1, 0, 2] += 2e-7
    figure = figures.revealed(images, found)
    drawn = np.array(figure.data[0].z, dtype=float)
    assert drawn.shape == (2 * 2 + figures.GAP, 2 * 3 + figures.GAP)
    assert np.array_equal(drawn[:2, :3], images[0])
    assert np.array_equal(drawn[-2:, -3:], found[1])
    assert np.isnan(drawn[2:-2]).all()
    assert "no pixel is more than 0.0000002 off" in said(figure)
    assert "more than 0 off" in said(figures.revealed(images, images))
    assert figure.layout.xaxis.visible is False

"""The demo's figures say what the numbers say, and its controls repaint what is on screen."""

import functools

import numpy as np
import plotly.graph_objects as go
import pytest

from course_lib.demos import look, quantization
from course_lib.demos.quantization import figures, picture
from tests.course_lib.demos.conventions import said, still_then_live, unnamed_axes

SETTINGS = [(8, "tensor", 1), (8, "tensor", 300), (8, "channel", 300), (2, "group", 1)]


@pytest.mark.parametrize("setting", SETTINGS)
def test_title_states_what_was_measured(setting):
    measured = picture.measure(*setting)
    title = said(picture.figure(measured))
    assert f"{setting[0]} bits, one scale per {setting[1]}" in title
    assert f"{measured.accuracy:.0%}" in title
    assert ("falls" in title) == (measured.float_accuracy - measured.accuracy >= 0.01)
    assert f"{measured.other_units_db:.1f} dB" in title
    assert f"{measured.nbytes / 1e3:.0f} kB" in title


def test_one_scaled_unit_ruins_the_others_until_each_has_its_scale():
    tensor, channel = (picture.measure(8, granularity, 300) for granularity in ("tensor", "channel"))
    assert tensor.accuracy < 0.4
    assert channel.accuracy > channel.float_accuracy - 0.02
    others = np.arange(len(tensor.error)) != tensor.unit
    assert np.median(tensor.error[others]) > 0.9
    assert np.median(channel.error[others]) < 0.02


def test_histogram_holds_every_weight_before_and_after():
    measured = picture.measure(3, "channel", 1)
    others = (len(measured.error) - 1) * 784
    assert measured.before.sum() == others
    assert measured.after.sum() == others
    assert np.count_nonzero(picture.measure(2, "tensor", 1).after) <= 4


def test_widget_on_screen_becomes_the_figure_of_the_new_setting():
    widget = go.FigureWidget(picture.figure(picture.measure(8, "tensor", 1)))
    new = picture.measure(3, "channel", 300)
    look.paint(widget, **picture.contents(new))
    expected = picture.figure(new)
    assert said(widget) == said(expected)
    assert [a.text for a in widget.layout.annotations] == [a.text for a in expected.layout.annotations]
    for shown, wanted, change in zip(
        widget.data, expected.data, picture.contents(new)["traces"], strict=True
    ):
        for name in change:
            assert np.array_equal(shown[name], wanted[name])


def test_a_step_sends_little_to_the_browser():
    contents = picture.contents(picture.measure(4, "group", 30))
    sent = sum(np.asarray(value).nbytes for trace in contents["traces"] for value in trace.values())
    assert sent < 50_000


def test_show_puts_a_still_figure_while_grading_and_controls_otherwise(monkeypatch):
    bits, granularity, factor, figure, _ = still_then_live(monkeypatch, quantization.show)
    before = said(figure)
    bits.value, granularity.value, factor.value = 4, "group", 30
    assert said(figure) != before
    assert "4 bits, one scale per group after one unit × 30" in said(figure)


@functools.cache
def pictures():
    x = np.linspace(-1, 1, 9)
    runs = {"tensor": np.array([[0.97, 0.96], [0.5, 0.4]]), "channel": np.array([[0.97, 0.96], [0.9, 0.95]])}
    weights = np.arange(1.0, 13).reshape(3, 4)
    return {
        "rounding": figures.rounding(x, np.round(x * 2) / 2, 0.5, 2, 3),
        "sqnr": figures.sqnr_against_bits(
            range(2, 9), {"uniform": 6.0 * np.arange(2, 9), "other": 6.0 * np.arange(2, 9) - 9}
        ),
        "map": figures.error_map(weights, {"one": weights + 0.5, "two": weights}, {"one": 10.0, "two": 31.0}),
        "bytes": figures.accuracy_and_bytes(
            ["fp32", "2 bits"], runs, {"tensor": [4000, 250], "channel": [4000, 300]}
        ),
        "factor": figures.accuracy_against_factor([1, 300], runs, 300),
        "equal": figures.equal_bytes({"narrow": [0.9, 0.8], "wide": [0.95, 0.97]}, 13.2),
        "clipping": figures.clipping_and_depth(
            [4, 8],
            {"whole": np.array([[12.0, 13], [40, 41]]), "cut": np.array([[15.5, 16], [36, 35]])},
            np.array([[0.1, 0.2], [0.3, 0.6]]),
        ),
    }


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("rounding", "Largest error 0.250: 0.50 of a step"),
        ("sqnr", "each bit brings 6.00 dB (uniform data)"),
        ("map", "Two brings back 21 dB"),
        ("bytes", "One scale per tensor: accuracy holds down to fp32, 2 bits lose 52 points"),
        ("factor", "f = 300: on average 45 % with one scale per tensor, 92 % with one scale per channel"),
        ("equal", "In the same 13 kB, wide does best: 96.0 % on average"),
        ("clipping", "Cutting the ends gains 3.2 dB at 4 bits and costs 5.0 dB at 8 bits, on average"),
        ("clipping", "after 2 layers the error is on average 3.0 times"),
    ],
)
def test_finding_in_a_title_is_computed_from_the_data(name, finding):
    assert finding in said(pictures()[name])


def test_every_axis_says_what_it_measures_and_the_figure_can_be_saved():
    by_ticks_or_panel = {"rounding": {"yaxis"}, "map": {"yaxis2"}}
    for name, figure in pictures().items():
        assert unnamed_axes(figure) == by_ticks_or_panel.get(name, set()), name


def test_runs_are_shown_and_not_only_their_mean():
    figure = pictures()["bytes"]
    dots = [trace for trace in figure.data if trace.mode == "markers"]
    assert [len(trace.x) for trace in dots] == [4, 4]

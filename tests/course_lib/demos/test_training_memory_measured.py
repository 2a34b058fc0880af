"""The pictures of lab 6 draw the numbers they are given, and their titles state what these show."""

import numpy as np
import pytest

from course_lib.demos import look
from course_lib.demos.training_memory import measured
from tests.course_lib.demos.conventions import said, unnamed_axes

LENGTHS = np.geomspace(64, 16384, 9)
SHARES = {
    "kept bytes": measured.Share(LENGTHS, 100 * LENGTHS / (LENGTHS + 435), [64, 512], [13.0, 54.0], 435),
    "FLOPs": measured.Share(LENGTHS, 100 * LENGTHS / (LENGTHS + 4608), [768], [14.3], 4608),
}
KEPT = {
    "small": ({"norms": 1e6, "scores": 3e6}, 4.04e6),
    "large": ({"norms": 6e6, "scores": 4e6}, 10e6),
}
STAGES = {
    "stage 0": {"parameters": 4.0, "optimizer": 8.0},
    "stage 3": {"parameters": 1.0, "optimizer": 2.0},
}
ONE_GPU = {
    "everything kept": {"states": 25e9, "scores": 200e9},
    "fused attention": {"states": 25e9, "scores": 1e9},
}


def drawn(figure, name):
    """The bars of one part."""
    (bar,) = [trace for trace in figure.data if trace.name == name]
    return bar


def test_shares_draw_a_line_and_what_was_measured_in_one_color_and_mark_the_half():
    figure = measured.shares(SHARES)
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    dots = [trace for trace in figure.data if trace.mode == "markers"]
    names = {note.text: note.font.color for note in figure.layout.annotations}
    for line, dot, (name, share) in zip(lines, dots, SHARES.items(), strict=True):
        assert list(line.y) == share.percent.tolist()
        assert list(dot.x) == share.measured_lengths
        assert line.line.color == dot.marker.color == names[name]
    assert sorted(shape.x0 for shape in figure.layout.shapes) == [435, 4608]
    assert "kept bytes from 435 tokens on, of the FLOPs from 4,608 tokens on" in said(figure)
    assert unnamed_axes(figure) == set()


def test_kept_stacks_the_parts_and_marks_what_was_measured_and_says_how_far_it_is():
    figure = measured.kept(KEPT)
    assert drawn(figure, "norms").x == (1, 6)
    assert drawn(figure, "scores").x == (3, 4)
    assert drawn(figure, "measured").x == (4.04, 10)
    assert figure.layout.barmode == "stack"
    assert "differ by 1.00 % at most" in said(figure)


def test_plans_say_what_the_one_with_the_lowest_peak_costs():
    figure = measured.plans([0, 4.2, 31.4], [100, 70, 30], [100, 71, 29.6])
    assert "31 % more FLOPs bring the peak down to 30 %" in said(figure)
    assert [list(trace.y) for trace in figure.data] == [[100, 70, 30], [100, 71, 29.6]]
    assert unnamed_axes(figure) == set()


def test_losses_average_steps_and_compare_the_worst_end_with_the_first_name():
    steps = np.arange(2 * measured.WINDOW)
    low = np.where(steps < measured.WINDOW, 3.0, 1.0)
    figure = measured.losses({"FP32": np.array([low, low]), "BF16": np.array([2 * low, 3 * low])})
    thick = [trace for trace in figure.data if trace.line.width == 3]
    assert [list(trace.y) for trace in thick] == [[3, 1], [7.5, 2.5]]
    assert list(thick[0].x) == [measured.WINDOW, 2 * measured.WINDOW]
    assert len(figure.data) == 6
    assert "BF16 ends at 2.5 times the loss of FP32" in said(figure)
    assert unnamed_axes(figure) == set()


@pytest.mark.parametrize(
    ("sent", "words"),
    [({"stage 0": 6.0, "stage 3": 9.0}, "3.0 bytes per parameter in place of 12.0, and sends 1.5 times"),
     ({"stage 0": None, "stage 3": None}, "3.0 bytes per parameter in place of 12.0 <")],
)  # fmt: skip
def test_stages_compare_the_last_with_the_first_also_where_nobody_counts_what_is_sent(sent, words):
    figure = measured.stages(STAGES, sent)
    assert words in said(figure).replace("12.0<", "12.0 <")
    assert drawn(figure, "optimizer").y == (8, 2)
    assert list(figure.data[-1].y) == [sent["stage 0"], sent["stage 3"]]
    assert unnamed_axes(figure) == set()


def test_one_gpu_states_the_sum_of_the_first_and_the_last_row_and_marks_what_was_claimed():
    figure = measured.one_gpu(ONE_GPU, {"a claim": 60e9})
    assert "From 225 GB to 26 GB" in said(figure)
    assert drawn(figure, "scores").x == (200, 1)
    assert [shape.x0 for shape in figure.layout.shapes] == [60]
    assert [note.text for note in figure.layout.annotations] == ["a claim"]


def test_no_two_parts_have_the_same_color():
    figure = measured.kept({"one": (dict.fromkeys("abcdef", 1e6), 6e6)})
    colors = [trace.marker.color for trace in figure.data if trace.type == "bar"]
    assert len(set(colors)) == 6
    assert set(colors) <= set(look.COLORS)

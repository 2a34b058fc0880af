"""The pictures of lab 4's notebook state what their numbers show."""

import pytest

from course_lib.demos.fused_kernels import figures
from tests.course_lib.demos.conventions import said, unnamed_axes

CHAINS = {
    "softmax": {"chain reads": 8.0, "chain writes": 6.0, "fused reads": 0.5, "fused writes": 1.0},
    "backward": {"chain reads": 8.0, "chain writes": 4.0, "fused reads": 2.0, "fused writes": 1.0},
}


def test_accesses_are_stacked_and_the_title_has_the_smallest_and_largest_ratio():
    figure = figures.accesses(CHAINS)
    reads, writes = figure.data
    assert list(reads.x) == [8.0, 0.5, 8.0, 2.0]
    assert list(writes.base) == list(reads.x)
    assert len(set(reads.y)) == 4  # each bar has a row of its own
    assert "moves 4.0 to 9.3 times what one fused kernel moves" in said(figure)
    assert [note.text for note in figure.layout.annotations] == ["14.0", "1.5", "12.0", "3.0"]
    assert unnamed_axes(figure) <= {"yaxis"}


def test_errors_of_both_ways_stand_in_the_title():
    figure = figures.errors([10, 1000, 10000], [1e-7, 1e-6, 3e-5], [1e-5, 0.3, 25.0])
    assert "At a mean of 10,000, E[x²] − E[x]² is off by 25 times the variance" in said(figure)
    assert "the other way by 3 · 10<sup>-5</sup>" in said(figure)
    assert not unnamed_axes(figure)
    one, two = figure.layout.annotations
    assert {one.text, two.text} == {"E[x²] − E[x]²", "distances from the mean"}


@pytest.mark.parametrize(
    ("fused", "finding"),
    [([5.0, 4.0], "in no digit"), ([5.0, 4.0004], "at most 1 · 10<sup>-4</sup> of their size")],
)
def test_losses_differ_by_what_the_title_says(fused, finding):
    figure = figures.losses([5.0, 4.0], fused)
    assert finding in said(figure)
    assert "2 steps" in said(figure)
    assert list(figure.data[1].y) == fused
    assert not unnamed_axes(figure)

"""A thinned control keeps its ends and its start, and a demo at most as many states as it may have."""

import math

from hypothesis import given
from hypothesis import strategies as st

from course_lib.commands.static_pages import grid
from course_lib.commands.static_pages.grid import Axis

counts = st.integers(1, 130).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1)))
axes = st.lists(
    st.builds(lambda pair, ordered: Axis("x", *pair, ordered), counts, st.booleans()), min_size=1, max_size=6
)


@given(counts, st.integers(1, 200))
def test_both_ends_and_the_start_stay_whatever_the_stride(pair, stride):
    count, start = pair
    places = grid.kept(count, stride, start)
    assert {0, count - 1, start} <= set(places) <= set(range(count))
    assert places == sorted(set(places))


@given(axes, st.integers(1, 5000))
def test_there_are_no_more_states_than_allowed_unless_ends_starts_and_choices_alone_are_more(axes, most):
    steps = grid.strides(axes, most)
    left = [len(grid.kept(axis.count, step, axis.start)) for axis, step in zip(axes, steps, strict=True)]
    least = [len({0, axis.count - 1, axis.start}) if axis.ordered else axis.count for axis in axes]
    assert math.prod(left) <= max(most, math.prod(least))
    assert all(step == 1 for axis, step in zip(axes, steps, strict=True) if not axis.ordered)


def test_what_fits_is_left_whole():
    assert grid.strides([Axis("bits", 7, 6), Axis("factor", 7, 0)], 49) == [1, 1]


def test_the_page_names_what_was_thinned_and_nothing_else():
    assert grid.said(Axis("users", 121, 62), 60) == "users: 4 of 121 values"
    assert grid.said(Axis("users", 121, 62), 1) == ""

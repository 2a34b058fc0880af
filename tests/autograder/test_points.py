"""Points come from a verdict made where the test ran; what is printed, cut or malformed never gives any."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.examination.points import TestCellError, points_earned, verdict


def test_no_value_and_no_error_gives_all_points():
    assert points_earned(verdict(True, None), 2) == 2


@pytest.mark.parametrize("value", [None, 2.0, True, "2.0"])
def test_an_error_gives_nothing_whatever_the_value_was(value):
    assert points_earned(verdict(False, value), 2) == 0


@given(st.one_of(st.floats(allow_nan=False), st.integers(-(10**9), 10**9)), st.floats(0, 100))
def test_any_number_is_clipped_to_what_the_cell_is_worth(number, possible):
    assert points_earned(verdict(True, number), possible) == min(max(float(number), 0), possible)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
def test_numpy_scalars_count_as_the_numbers_they_are(kind):
    assert points_earned(verdict(True, kind(1)), 1) == 1


@pytest.mark.parametrize(
    "value",
    [True, False, np.True_, math.nan, np.float64("nan"), "2.0", [2.0], "", "2 points", 1j, np.ones(1)],
)
def test_what_is_no_number_of_points_is_an_error_of_the_test(value):
    with pytest.raises(TestCellError):
        points_earned(verdict(True, value), 2)


def test_where_the_course_has_failed_nobody_loses_points_and_a_person_is_told():
    for said in (verdict(True, 2.0, "", "no room"), verdict(False, None, "gone", "no room")):
        with pytest.raises(TestCellError, match="no room"):
            points_earned(said, 2)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_is_no_verdict_gives_no_points(said):
    try:
        assert points_earned(said, 2) in (0.0, 2.0) or said[0] == "number"
        assert said[0] in ("failed", "passed", "number")
    except (ValueError, TestCellError):
        pass

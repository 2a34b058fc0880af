"""Points are read from the value of a test cell; what is printed or malformed never gives any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.examination.points import TestCellError, points_earned


def value(text: str) -> dict:
    return {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}}


STDERR = {"output_type": "stream", "name": "stderr", "text": "UserWarning: slow\n"}
PRINTED = {"output_type": "stream", "name": "stdout", "text": "0.0\n"}
SHOWN = {"output_type": "display_data", "data": {"text/plain": "<Figure>"}, "metadata": {}}
ERROR = {"output_type": "error", "ename": "AssertionError", "evalue": "", "traceback": []}


def test_stderr_prints_and_figures_cost_and_give_nothing():
    assert points_earned([STDERR, PRINTED, SHOWN, value("1.5")], 2) == 1.5
    assert points_earned([STDERR], 2) == 2


@pytest.mark.parametrize("outputs", [[ERROR], [value("2.0"), ERROR], [STDERR, ERROR, value("2.0")]])
def test_an_error_gives_nothing_whatever_else_came(outputs):
    assert points_earned(outputs, 2) == 0


@given(st.floats(allow_nan=False), st.floats(0, 100))
def test_any_number_is_clipped_to_what_the_cell_is_worth(number, possible):
    earned = points_earned([value(repr(number))], possible)
    assert earned == min(max(number, 0), possible)


@given(st.floats(0, 1), st.sampled_from(["np.float64", "np.float32"]))
def test_numpy_scalars_count_as_the_numbers_they_are(number, kind):
    assert points_earned([value(f"{kind}({number!r})")], 1) == number


@pytest.mark.parametrize(
    "text", ["True", "False", "np.True_", "nan", "np.float64(nan)", "'2.0'", "[2.0]", "", "2 points"]
)
def test_what_is_no_number_of_points_is_an_error_of_the_test(text):
    with pytest.raises(TestCellError):
        points_earned([value(text)], 2)

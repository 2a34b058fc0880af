"""A verdict names the smallest input that differs, noise costs nothing, and what is missing earns nothing."""

import sys
import warnings

import numpy as np
import pytest

from course_lib.notebook.marking import Case, difference, mark


def double(x):
    return 2 * x


def test_right_answers_earn_exactly_the_points(capsys):
    cases = [Case((1,), 2, "one"), Case((2.5,), 5.0, "a half"), Case((-1,), -2, "below zero")]
    assert mark("Q0.1", double, cases, 0.3) == 0.3
    assert capsys.readouterr().out == "Q0.1 double: 3 of 3 checks right, 0.3 of 0.3 points\n"


def test_first_input_that_differs_is_shown_with_what_was_expected_and_came(capsys):
    cases = [Case((1,), 2, "one"), Case((2,), 5, "two"), Case((3,), 9, "three")]
    assert mark("Q0.1", double, cases, 3.0) == 1.0
    assert capsys.readouterr().out.splitlines() == [
        "Q0.1 double: 1 of 3 checks right, 1 of 3 points",
        "  Not yet: two; three",
        "",
        "    so        expected 5, got 4",
        "    for       double(2)",
        "    about     two",
        "    expected  5",
        "    got       4",
    ]


def test_one_failed_check_is_named_once(capsys):
    mark("Q0.1", double, [Case((1,), 2, "one"), Case((2,), 5, "two"), Case((3,), 7, "two")], 1.0)
    said = capsys.readouterr().out
    assert said.count("two") == 1
    assert "Not yet" not in said


def test_hidden_inputs_are_not_shown_but_what_they_are_about(capsys):
    mark(
        "Q0.1", double, [Case((41,), 5, "odd numbers"), Case((43,), 5, "odd numbers")], 1.0, show_inputs=False
    )
    said = capsys.readouterr().out
    assert said.count("odd numbers") == 1
    assert "41" not in said
    assert "82" not in said


def test_many_cases_about_one_thing_weigh_as_much_as_one():
    cases = [Case((x,), 2 * x, "numbers") for x in range(50)] + [Case(("a",), "b", "text")]
    assert mark("Q0.1", double, cases, 1.0) == 0.5


def test_missing_task_is_raised_on():
    def starter(x):
        raise NotImplementedError("Q0.1: starter")

    with pytest.raises(NotImplementedError, match=r"Q0\.1: starter"):
        mark("Q0.1", starter, [Case((1,), 2, "one")], 1.0)


def test_another_exception_costs_its_case_only(capsys):
    def fragile(x):
        if x == 2:
            raise KeyError("two")
        return x

    assert mark("Q0.1", fragile, [Case((2,), 2, "two"), Case((3,), 3, "three")], 1.0) == 0.5
    assert "KeyError" in capsys.readouterr().out


def test_expected_exception_must_come():
    def refuses(x):
        raise ValueError("no")

    cases = [Case((1,), ValueError, "a refusal")]
    assert mark("Q0.1", refuses, cases, 1.0) == 1.0
    assert mark("Q0.1", double, cases, 1.0) == 0.0
    assert mark("Q0.1", refuses, [Case((1,), TypeError, "another refusal")], 1.0) == 0.0


def test_warnings_and_stderr_leave_nothing_on_stderr(capfd):
    def noisy(x):
        print("debugging", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return x

    assert mark("Q0.1", noisy, [Case((1,), 1, "one")], 1.0) == 1.0
    assert capfd.readouterr().err == ""


def test_function_that_changes_its_input_sees_a_copy():
    def clears(x):
        total = x.sum()
        x[:] = 0
        return total

    x = np.array([1.0, 2.0])
    assert mark("Q0.1", clears, [Case((x,), 3.0, "a sum")] * 2, 1.0) == 1.0
    assert x.tolist() == [1.0, 2.0]


def test_check_function_judges_what_came(capsys):
    near = Case((1.0,), lambda got: "" if abs(got - 2) < 0.1 else f"{got} is far from 2", "nearly two")
    assert mark("Q0.1", double, [near], 1.0) == 1.0
    assert mark("Q0.1", lambda x: 3 * x, [near], 1.0) == 0.0
    assert "3.0 is far from 2" in capsys.readouterr().out
    assert mark("Q0.1", lambda x: None, [near], 1.0) == 0.0


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (1, 1.0),
        (1.0, np.float32(1)),
        ((1.0, 2), (1.0, 2)),
        (np.array([1, 2]), np.array([1, 2], dtype=np.uint8)),
        (float("inf"), np.inf),
        ("a", "a"),
        (None, None),
        (np.zeros((0, 3)), np.zeros((0, 3))),
    ],
)
def test_equal_answers_agree(expected, got):
    assert difference(expected, got) == ""


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        (1, 2, "expected 1, got 2"),
        (10**9, 10**9 + 1, "expected"),
        (1.0, float("nan"), "got nan"),
        (1.0, None, "expected 1, got None"),
        (np.array([1.0]), "1.0", "numbers were expected, not str"),
        (1, "1", "a number was expected, not str"),
        ((1, 2), 1, "2 values were expected, not int"),
        ([1], [1, 2], "1 value was expected, not 2"),
        ((1, 2), (1, 3), "at [1]: expected 2, got 3"),
        ([(1, 2), (3, 4)], [(1, 2), (3, 5)], "at [1][1]: expected 4, got 5"),
        ([(1, 2), (3, 4)], [(1, 2), 3], "at [1]: 2 values were expected, not int"),
        ((0, np.array([[1, 2]])), (0, np.array([[1, 3]])), "at [1][0, 1]: expected 2, got 3"),
        ((0, np.array([1])), (0, np.array([1, 2])), "at [1]: shape (2,) instead of (1,)"),
        (("a", None), ("a", 0), "at [1]: expected None, got 0"),
        (np.array([1, 2]), np.array([1.0, 2.0]), "integer dtype"),
        (np.array([[1, 2]]), np.array([1, 2]), r"shape (2,) instead of (1, 2)"),
        (np.array([[1.0, 2.0]]), np.array([[1.0, 2.1]]), "at [0, 1]: expected 2, got 2.1"),
        ("a", "b", "expected"),
        (None, 0, "expected None"),
    ],
)
def test_difference_is_found_and_named(expected, got, words):
    assert words in difference(expected, got)


@pytest.mark.parametrize(
    "value",
    [
        np.full((2, 3, 16, 8), np.nan),
        [np.zeros((40, 40))] * 9,
        list(range(100_000)),
        "x" * 10_000,
        [[1.5] * 40] * 40,
    ],
    ids=["array", "arrays", "list", "text", "rows"],
)
def test_a_long_value_is_cut_to_a_line_with_both_ends(value, capsys):
    from course_lib.notebook.marking import show

    assert len(show(value)) < 300
    assert "…" in show(value) or "..." in show(value)
    mark("Q0.1", lambda x: value, [Case((value,), 1, "one"), Case((value,), 2, "two")], 1.0)
    assert len(capsys.readouterr().out) < 900


def test_a_tensor_with_a_gradient_is_shown_like_an_array():
    import torch

    from course_lib.notebook.marking import show

    assert show(torch.ones(2, requires_grad=True)) == "[1., 1.]"
    assert show(torch.zeros(5, 6)).endswith("of shape (5, 6)")


class Unspeakable(float):
    def __repr__(self):
        raise RuntimeError("no words")

    __str__ = __format__ = __repr__


@pytest.mark.parametrize(
    ("result", "told"),
    [(10**5000, "a int that cannot be shown"), ([Unspeakable(1)], "cannot be shown")],
    ids=["digits", "words"],
)
def test_a_result_that_cannot_be_shown_costs_its_own_case_only(capsys, result, told):
    def odd(x):
        return result if x == 2 else 2 * x

    cases = [Case((1,), 2, "one"), Case((2,), 4, "two"), Case((3,), 6, "three"), Case((4,), 8, "four")]
    assert mark("Q0.1", odd, cases, 2.0) == 1.5
    assert told in capsys.readouterr().out

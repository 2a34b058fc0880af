"""Functions and classes travel as text, with what they use; what cannot travel is named."""

import ast
import builtins
import functools
import linecache
import math

import numpy as np
import pytest
from numpy import sqrt as root

from course_lib.ranks.source import Source, load, place_of_error, source_of

FACTOR, TABLE, LIMIT, MODEL = 3, {"a": [1, 2.5]}, math.inf, np.ones(2)


def doubled(x):
    return 2 * x


def scaled(x, offset: float = FACTOR):
    """Uses a function from beside it, modules, an imported name, constants and its own name."""
    if x > 100:
        return scaled(x - 100)
    MODEL = root(x) + math.floor(np.mean(TABLE["a"]))  # a local of the name of an array
    return doubled(MODEL) + offset


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


class Counter:
    """A class of plain methods, a property and a static one."""

    step = FACTOR

    def __init__(self, start):
        self.start = doubled(start)

    @property
    def next(self):
        return self.start + self.step

    @staticmethod
    def of_ten():
        return Counter(10)


def uses_an_array():
    return MODEL.sum()


def uses_infinity():
    return LIMIT


def fails(x):
    y = x - x
    return 1 / y


def test_a_function_and_what_it_uses_compute_the_same_from_text():
    again = load(source_of(scaled))
    assert again is not scaled
    assert again(9) == scaled(9) == 2 * (3 + 1) + 3
    assert again(109) == 11


def test_functions_that_call_each_other_travel_together():
    again = load(source_of(even))
    assert [again(n) for n in range(4)] == [True, False, True, False]


def test_a_class_travels():
    again = load(source_of(Counter))
    assert (again(2).next, again.of_ten().next) == (7, 23)


@functools.wraps(builtins.abs)
def abs(x):
    return -builtins.abs(x)


def below_zero(x):
    return abs(x)


def test_a_function_around_one_of_pythons_own_is_not_replaced_by_that():
    with pytest.raises(ValueError, match="below_zero uses abs, which no other process can see"):
        source_of(below_zero)


def test_what_is_not_needed_does_not_travel():
    text = source_of(doubled).text
    assert text == "def doubled(x):\n    return 2 * x\n"


def test_what_stands_ready_needs_no_import():
    total = load(Source("total", "def total(x):\n    return functional.relu(torch.as_tensor(np.sum(x)))"))
    assert total([1, 2]).item() == 3


def inner():
    held = 3

    def uses_held():
        return held

    return uses_held


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (uses_an_array, r"uses_an_array uses MODEL, .*ndarray.*: give it as an argument"),
        (uses_infinity, r"uses_infinity uses LIMIT"),
        (inner(), "uses_held uses held of the function around it"),
        (lambda: 1, "the text of <lambda> cannot be found"),
        (print, "the text of print cannot be found"),
    ],
)
def test_what_cannot_travel_is_named_in_one_line(function, line):
    with pytest.raises(ValueError, match=rf"^{line}") as refused:
        source_of(function)
    assert "\n" not in str(refused.value)


def test_the_line_that_raised_is_told():
    with pytest.raises(ZeroDivisionError) as error:
        load(source_of(fails))(2)
    assert place_of_error(error.value) == "line 3 of fails: return 1 / y"
    with pytest.raises(ZeroDivisionError) as error:
        fails(2)
    assert place_of_error(error.value) == "", "no text that was sent"


def test_a_text_that_does_not_define_the_name_is_refused():
    with pytest.raises(ValueError, match="defines no average"):
        load(Source("average", "def mean(x):\n    return x"))


def test_of_a_cell_that_was_run_again_the_newest_text_travels():
    for number, text in enumerate(("def f():\n    return 1\n", "def f():\n    return 2\n")):
        file = f"<cell {number}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        namespace = {"__name__": "__main__"}
        exec(compile(ast.parse(text), file, "exec"), namespace)
    assert load(source_of(namespace["f"]))() == 2

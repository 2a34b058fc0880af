"""Shapes and strides are NumPy's own, in elements."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.autodiff import strides

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
POSITIVE = st.lists(st.integers(1, 4), max_size=4).map(tuple)


@st.composite
def views(draw) -> np.ndarray:
    """Views of an array that is counted up: permuted, sliced, broadcast."""
    shape = draw(POSITIVE)
    array = np.arange(math.prod(shape)).reshape(shape).transpose(draw(st.permutations(range(len(shape)))))
    for dim in range(array.ndim):
        step, start = draw(st.sampled_from([1, 1, 2, -1])), draw(st.integers(0, array.shape[dim] - 1))
        array = array[(slice(None),) * dim + (slice(start, None, step),)]
    if draw(st.booleans()):
        array = np.broadcast_to(array[..., None], (2, *array.shape, 3))
    return array


@given(views())
def test_the_offset_of_every_element_is_where_numpy_reads_it(array):
    base = array
    while base.base is not None:
        base = base.base
    start = (array.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // array.itemsize
    steps = strides.element_strides(array)
    for place in np.ndindex(array.shape):
        from_the_end = [at - size for at, size in zip(place, array.shape, strict=True)]
        at = strides.offset(place, array.shape, steps, start)
        assert base.reshape(-1)[at] == array[place]
        assert strides.offset(from_the_end, array.shape, steps, start) == at


def test_an_element_outside_has_no_offset():
    for place in ((2, 0), (0, -4)):
        with pytest.raises(IndexError, match=r"\(2, 3\)"):
            strides.offset(place, (2, 3), (3, 1))


@given(SHAPES)
def test_c_order_is_numpys_and_is_contiguous(shape):
    array = np.zeros(shape)
    if array.size:
        assert strides.contiguous_strides(shape) == strides.element_strides(array)
    assert strides.is_contiguous(shape, strides.contiguous_strides(shape))
    for number, place in enumerate(np.ndindex(shape)):
        assert strides.place_of(number, shape) == place


@given(views())
def test_contiguous_is_what_numpy_calls_so(array):
    assert strides.is_contiguous(array.shape, strides.element_strides(array)) == array.flags.c_contiguous


@given(SHAPES, SHAPES, SHAPES)
def test_shapes_broadcast_as_numpys(one, two, three):
    try:
        expected = np.broadcast_shapes(one, two, three)
    except ValueError:
        with pytest.raises(ValueError, match="do not broadcast"):
            strides.broadcast_shape(one, two, three)
        return
    assert strides.broadcast_shape(one, two, three) == expected


@given(views(), SHAPES)
def test_broadcast_strides_are_numpys(array, target):
    own = strides.element_strides(array)
    try:
        expected = np.broadcast_to(array, target)
    except ValueError:
        with pytest.raises(ValueError, match="broadcast"):
            strides.broadcast_strides(array.shape, own, target)
        return
    given = strides.broadcast_strides(array.shape, own, target)
    again = np.lib.stride_tricks.as_strided(array, target, [stride * array.itemsize for stride in given])
    np.testing.assert_array_equal(again, expected)
    assert all(s == 0 for s, n in zip(given[: len(target) - array.ndim], target, strict=False) if n > 1)


@given(views(), st.data())
def test_a_reshape_needs_a_copy_exactly_where_numpy_makes_one(array, data):
    size = array.size
    first = data.draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
    second = data.draw(st.sampled_from([n for n in range(1, first + 1) if first % n == 0]))
    shape = (size // first, first // second, second)
    given = strides.reshaped_strides(array.shape, strides.element_strides(array), shape)
    expected = array.reshape(shape)
    assert (given is None) == (not np.shares_memory(expected, array))
    if given is not None:
        again = np.lib.stride_tricks.as_strided(array, shape, [stride * array.itemsize for stride in given])
        np.testing.assert_array_equal(again, expected)


def test_a_reshape_keeps_the_number_of_elements():
    assert strides.reshaped_strides((0, 3), (3, 1), (5, 0)) == (0, 1)
    with pytest.raises(ValueError, match="6 elements"):
        strides.reshaped_strides((2, 3), (3, 1), (4,))


@pytest.mark.parametrize(
    ("dim", "ndim", "expected"),
    [(None, 3, (0, 1, 2)), (-1, 3, (2,)), ((2, -3), 3, (0, 2)), (0, 0, ()), (-1, 0, ()), (None, 0, ())],
)
def test_dimensions_count_from_either_end(dim, ndim, expected):
    assert strides.dimensions(dim, ndim) == expected


def test_a_dimension_that_is_not_there_or_comes_twice_is_refused():
    for dim, ndim in ((3, 3), (-4, 3), (1, 0)):
        with pytest.raises(IndexError, match=str(dim)):
            strides.dimensions(dim, ndim)
    with pytest.raises(ValueError, match="twice"):
        strides.dimensions((0, -2), 2)


def test_a_permuted_view_has_permuted_sizes_and_strides():
    array = np.zeros((2, 3, 4)).transpose(2, 0, 1)
    assert strides.permuted((2, 3, 4), (2, 0, 1)) == array.shape
    assert strides.permuted(strides.contiguous_strides((2, 3, 4)), (2, 0, 1)) == strides.element_strides(
        array
    )

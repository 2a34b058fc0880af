"""Packing loses nothing but digits that nobody sees, and keeps nothing twice."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from course_lib.commands.static_pages.pack import Pack, plain
from tests.course_lib.commands.static_pages.unpacking import differences, unpacked

scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=40)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.sampled_from("xyrz"), inner, max_size=4),
    max_leaves=60,
)


def types(value):
    """The value with its types, since True equals 1."""
    if isinstance(value, list):
        return [types(part) for part in value]
    if isinstance(value, dict):
        return {name: types(part) for name, part in value.items()}
    return type(value), value


@given(st.lists(values, max_size=4))
def test_what_is_packed_is_unpacked_as_it_was(several):
    several = [value for value in several if "'r': [" not in str(value)]  # no figure has a list called r
    pack = Pack()
    small = [pack.packed(value) for value in several]
    assert types([unpacked(value, pack.values) for value in small]) == types(several)


def test_what_stands_in_two_figures_is_kept_once():
    pack, line = Pack(), list(range(1000, 1100))
    first = pack.packed({"x": line, "y": line, "name": "the first of two figures"})
    kept = len(pack.values)
    second = pack.packed({"x": line, "y": line, "name": "the second of two figures"})
    assert first != second
    assert len(pack.values) == kept + 2
    assert pack.packed({"x": line, "y": line, "name": "the first of two figures"}) == first


@given(st.lists(values, max_size=4), st.integers(0, 2**32 - 1))
def test_a_part_of_a_figure_is_packed_as_its_plain_one_is_each_time_that_it_comes(several, seed):
    random = np.random.default_rng(seed)
    figures = [{"layout": value, "data": [{"x": random.normal(size=9).round(1)}, {}]} for value in several]
    whole, apart = Pack(), Pack()
    for figure in (*figures, *figures):
        assert json.dumps(apart.part(figure)) == json.dumps(whole.packed(plain(figure)))
    assert json.dumps(apart.values) == json.dumps(whole.values)


def test_an_area_of_one_color_takes_no_room():
    pack = Pack()
    pack.packed(plain(np.zeros((128, 300), np.int8)))
    assert len(str(pack.values)) < 3000


@given(st.integers(0, 2**32 - 1), st.integers(-6, 6))
def test_rounding_is_finer_than_what_is_seen(seed, power):
    random = np.random.default_rng(seed)
    line, image = random.normal(size=50) * 10.0**power, random.normal(size=(25, 30)) * 10.0**power
    line[3], image[2, 4] = np.nan, np.inf
    assert differences({"y": line, "z": image}, plain({"y": line, "z": image})) == []
    assert differences({"y": line}, plain({"y": line * 1.001})) != []
    assert differences({"z": image}, plain({"z": image + 0.01 * np.nanmax(line)})) != []

"""Plain data arrives as it was sent; nothing else arrives."""

import collections
import math
import socket

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib.examination.wire import BadMessage, Channel, NotPlain, decode, encode

NUMBERS = st.integers() | st.floats(allow_nan=False) | st.complex_numbers(allow_nan=False)
SIMPLE = st.none() | st.booleans() | NUMBERS | st.text() | st.binary()
KEYS = st.text() | st.integers() | st.tuples(st.integers(), st.text())
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


def same(a, b) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return a == b


@given(VALUES)
def test_a_value_arrives_with_its_exact_types(value):
    assert same(decode(encode(value)), value)


@given(
    arrays.arrays(
        arrays.scalar_dtypes().filter(lambda t: t.kind in "biufcSU"),
        arrays.array_shapes(min_dims=0, min_side=0),
    )
)
def test_an_array_arrives_with_type_shape_and_bytes(array):
    found = decode(encode(array))
    assert type(found) is np.ndarray
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()
    assert found.flags.writeable


@pytest.mark.parametrize("name", ["float32", "bfloat16", "int64", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_a_tensor_arrives_with_type_and_shape(name, shape):
    tensor = torch.ones(shape, dtype=getattr(torch, name))
    found = decode(encode(tensor))
    assert found.dtype == tensor.dtype
    assert found.shape == tensor.shape
    assert torch.equal(found, tensor)


def test_a_view_a_gradient_and_a_transpose_arrive_as_plain_data():
    array = np.arange(12).reshape(3, 4).T[1:]
    assert np.array_equal(decode(encode(array)), array)
    weights = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3))
    found = decode(encode(weights.T))
    assert type(found) is torch.Tensor
    assert torch.equal(found, weights.detach().T)
    assert not found.requires_grad


class Equal(float):
    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


@pytest.mark.parametrize(
    ("value", "base"),
    [
        (Equal(3.0), 3.0),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.namedtuple("Point", "x y")(1, 2), (1, 2)),
        (np.ones(2).view(np.matrix), np.ones((1, 2))),
    ],
)
def test_a_subclass_arrives_as_its_base_type(value, base):
    found = decode(encode(value))
    assert type(found) is type(base)
    assert np.array_equal(found, base)


@pytest.mark.parametrize(
    "value",
    [object(), print, lambda: 0, {1, 2}, iter([]), np.array([object()]), np.zeros(2, "i4,f4"),
     np.datetime64("2026-01-01"), torch.nn.Linear(1, 1), torch.ones(2).to_sparse(), type],
)  # fmt: skip
def test_what_is_no_plain_data_is_refused_by_its_type(value):
    with pytest.raises(NotPlain, match="no plain data"):
        encode(value)


def test_nesting_without_end_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(NotPlain, match="nested"):
        encode(loop)
    deep = b"\x92\x00" * 200 + b"\xc0"
    with pytest.raises(BadMessage):
        decode(deep)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_bad_message(data):
    try:
        value = decode(data)
    except BadMessage:
        return
    assert same(decode(encode(value)), value) or "nan" in repr(value)


@pytest.mark.parametrize(
    "tree",
    [
        [],
        [99, 1],
        [2, "key"],
        [2, [0], 1],
        [3, "O", [1], b"12345678"],
        [3, "<f8", [2], b"12345678"],
        [3, "<f8", [-1], b""],
        [3, "<f8", [2**40, 2**40], b""],
        [3, "i4,f4", [1], b"12345678"],
        [3, "<f8", "x", b""],
        [4, "float32", [1], b"12345"],
        [4, "load", [1], b"1234"],
        [4, "bool", [1], b"\x02"],
        [6, "1_"],
    ],
)
def test_a_forged_message_is_refused(tree):
    with pytest.raises(BadMessage):
        decode(msgpack.packb(tree))


def test_a_byte_that_is_no_truth_value_becomes_one():
    found = decode(msgpack.packb([3, "|b1", [2], b"\x00\x07"]))
    assert found.tobytes() == b"\x00\x01"


def test_nan_and_infinity_travel():
    assert math.isnan(decode(encode(math.nan)))
    assert decode(encode(-math.inf)) == -math.inf


def test_a_message_that_never_becomes_whole_is_given_up_in_time():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"\x00\x00\x00\x09abc")
        with pytest.raises(TimeoutError):
            Channel(ours).receive(0.05)


@pytest.mark.parametrize(
    "part", ["7193.40", ["7193.40"], [3, "7193.40", [1], b"7"], [4, "7193.40", [1], b"7"]]
)
def test_what_is_refused_is_not_quoted(part):
    with pytest.raises(BadMessage) as refused:
        decode(msgpack.packb([part if isinstance(part, str) else 0, part]))
    assert "7193" not in str(refused.value)


def test_a_message_of_gigabytes_is_not_waited_for():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"\xff\xff\xff\xff")
        with pytest.raises(BadMessage):
            Channel(ours).receive(1)


def test_lists_of_empty_lists_are_counted_before_all_of_them_are_built():
    with pytest.raises(BadMessage, match="too many parts"):
        decode(msgpack.packb([[[]] * 50] * 50), 1000)
    with pytest.raises(BadMessage):
        decode(b"\x9f" + (b"\xdd" + (3000).to_bytes(4, "big") + b"\x90" * 3000) * 15, 1000)

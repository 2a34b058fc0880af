import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.seeds import stream, torch_stream

PINNED_NUMPY = [195831, 267002, 533344]
PINNED_TORCH = [481557, 802334, 802832]
NAMES = st.lists(st.one_of(st.text(max_size=8), st.integers(-(2**70), 2**70)), min_size=1, max_size=4).map(
    tuple
)


@given(NAMES, st.integers(0, 2**40))
def test_the_same_name_gives_the_same_numbers(names, seed):
    assert np.array_equal(stream(*names, seed=seed).random(4), stream(*names, seed=seed).random(4))
    first, second = (torch.rand(4, generator=torch_stream(*names, seed=seed)) for _ in range(2))
    assert torch.equal(first, second)


@given(NAMES, NAMES)
def test_different_names_never_share_a_stream(one, other):
    same = one == other
    assert np.array_equal(stream(*one).random(4), stream(*other).random(4)) == same
    drawn = [torch.rand(4, generator=torch_stream(*names)) for names in (one, other)]
    assert torch.equal(*drawn) == same


@pytest.mark.parametrize(
    ("one", "other"), [(("ab", "c"), ("a", "bc")), (("1",), (1,)), (("a", 1, 2), ("a", 12))]
)
def test_names_are_not_glued_together(one, other):
    assert not np.array_equal(stream(*one).random(4), stream(*other).random(4))


def test_seeds_differ_and_numpy_integers_count_as_integers():
    assert not np.array_equal(stream("a", seed=0).random(4), stream("a", seed=1).random(4))
    assert np.array_equal(stream("a", np.int64(7)).random(4), stream("a", 7).random(4))


def test_streams_are_not_correlated():
    draws = np.stack([stream("run", i).normal(size=4000) for i in range(8)])
    correlation = np.corrcoef(draws) - np.eye(8)
    assert np.abs(correlation).max() < 0.07  # four standard errors of 1/sqrt(4000)


def test_the_numbers_are_pinned_so_that_a_notebook_keeps_its_results():
    assert stream("pinned", 1, seed=2).integers(0, 10**6, 3).tolist() == PINNED_NUMPY
    drawn = torch.randint(0, 10**6, (3,), generator=torch_stream("pinned", 1, seed=2))
    assert drawn.tolist() == PINNED_TORCH


@pytest.mark.parametrize("names", [(), (1.5,), (None,), (True,)])
def test_a_stream_without_a_proper_name_is_refused(names):
    with pytest.raises(ValueError, match="stream"):
        stream(*names)

"""The ring all-reduce: what moves in each step, and that everybody ends with the sum."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import seeds
from course_lib.ranks.ring import all_reduce_states


def buffers(ranks, length):
    return list(seeds.stream("test", "ring").integers(-9, 9, size=(ranks, length)))


@given(st.integers(1, 7), st.integers(1, 20))
def test_everybody_ends_with_the_sum(ranks, length):
    given_buffers = buffers(ranks, length)
    states = all_reduce_states(given_buffers)
    assert states.shape == (2 * ranks - 1, ranks, length)
    assert np.array_equal(states[0], given_buffers)
    assert (states[-1] == np.sum(given_buffers, axis=0)).all()


@given(st.integers(2, 7), st.integers(1, 20))
def test_in_a_step_each_rank_gets_one_chunk_and_halfway_each_owns_a_finished_one(ranks, length):
    # Powers of a base that no sum reaches, so that a value tells whose parts are in it.
    powers = np.float64(10) ** np.arange(ranks)
    states = all_reduce_states([np.full(length, power) for power in powers])
    chunks = np.array_split(np.arange(length), ranks)
    for before, after in itertools.pairwise(states):
        for rank in range(ranks):
            changed = np.flatnonzero(before[rank] != after[rank])
            assert any(set(changed) <= set(chunk) for chunk in chunks)
    middle = states[ranks - 1]
    for rank in range(ranks):
        assert (middle[rank, chunks[(rank + 1) % ranks]] == powers.sum()).all()


def test_what_comes_in_stays_as_it_was():
    given_buffers = buffers(3, 5)
    before = [buffer.copy() for buffer in given_buffers]
    all_reduce_states(given_buffers)
    assert all(np.array_equal(*pair) for pair in zip(before, given_buffers, strict=True))


@pytest.mark.parametrize("wrong", [[], [np.ones(2), np.ones(3)], [np.ones((2, 2))]])
def test_unequal_buffers_are_refused(wrong):
    with pytest.raises(ValueError, match="one buffer per rank"):
        all_reduce_states(wrong)

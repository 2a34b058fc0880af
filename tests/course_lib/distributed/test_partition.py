"""Every example goes to one rank, shares are even, and each epoch deals anew."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.distributed.partition import partition


@given(st.integers(0, 60), st.integers(1, 9), st.integers(0, 5), st.integers(0, 5))
def test_shares_are_disjoint_cover_all_and_differ_by_at_most_one(n, ranks, epoch, seed):
    shares = partition(n, ranks, epoch, seed)
    assert len(shares) == ranks
    assert sorted(np.concatenate(shares).tolist()) == list(range(n))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert all(share.ndim == 1 and share.dtype.kind == "i" for share in shares)


def test_every_rank_gets_the_same_answer_whatever_was_drawn_before():
    first = partition(50, 4, 2, 7)
    np.random.random(10)
    assert all(np.array_equal(*pair) for pair in zip(first, partition(50, 4, 2, 7), strict=True))


def test_each_epoch_and_each_seed_deals_anew_and_they_are_not_added_up():
    deals = {(epoch, seed): partition(50, 2, epoch, seed) for epoch in range(3) for seed in range(3)}
    assert len({tuple(map(tuple, shares)) for shares in deals.values()}) == 9, "the order"
    assert len({frozenset(shares[0].tolist()) for shares in deals.values()}) == 9, "who holds what"


@pytest.mark.parametrize(("n", "ranks", "named"), [(-1, 2, "n"), (3, 0, "ranks"), (3, 1.5, "ranks")])
def test_what_cannot_be_dealt_is_refused(n, ranks, named):
    with pytest.raises(ValueError, match=rf"^{named} must"):
        partition(n, ranks, 0, 0)

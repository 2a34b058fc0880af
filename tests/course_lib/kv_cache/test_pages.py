"""Pages are shared, returned and moved between two places without losing one."""

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from course_lib.kv_cache import (
    Budget,
    Decoder,
    OffloadedCache,
    OutOfMemory,
    PagedCache,
    PagePool,
    decoder_shape,
    step,
)

SHAPE = decoder_shape(2, 8, 2, vocabulary=13)
DECODER = Decoder(SHAPE, seed=1).requires_grad_(False)
PAGES, PAGE, HOST_PAGES = 6, 3, 5


class ThreeSequences(RuleBasedStateMachine):
    """Two paged sequences and an offloaded one grow, end and begin again on one pool."""

    def __init__(self):
        super().__init__()
        self.budget = Budget(5 * PAGE * 64 * 2)
        self.pool = PagePool(SHAPE, PAGES, PAGE, budget=self.budget)
        self.host = PagePool(SHAPE, HOST_PAGES, PAGE)
        self.caches = [PagedCache(self.pool), PagedCache(self.pool), OffloadedCache(self.pool, self.host, 1)]
        self.texts = [[], [], []]

    @rule(i=st.integers(0, 2), new=st.lists(st.integers(0, 12), min_size=1, max_size=7))
    def grow(self, i, new):
        try:
            logits = step(DECODER, [new], [self.caches[i]])
        except OutOfMemory:
            return
        self.texts[i] += new
        torch.testing.assert_close(
            logits, DECODER(torch.tensor([self.texts[i]]), last=True), rtol=0, atol=1e-5
        )

    @rule(i=st.integers(0, 2))
    def end(self, i):
        self.caches[i].release()
        self.texts[i] = []

    @invariant()
    def every_page_has_one_owner(self):
        held = [*self.caches[0].table, *self.caches[1].table, *self.caches[2].hot_table, *self.pool.free]
        assert sorted(held) == list(range(PAGES))
        assert sorted([*self.caches[2].cold_table, *self.host.free]) == list(range(HOST_PAGES))

    @invariant()
    def the_budget_counts_what_the_caches_hold(self):
        assert self.budget.used == sum(cache.nbytes for cache in self.caches) <= self.budget.nbytes

    @invariant()
    def lengths_are_those_of_the_texts(self):
        assert [cache.length for cache in self.caches] == [len(text) for text in self.texts]


ThreeSequences.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
test_sequences_share_a_pool = ThreeSequences.TestCase


def offloaded(hot: int = 2) -> OffloadedCache:
    return OffloadedCache(PagePool(SHAPE, 9, PAGE), PagePool(SHAPE, 9, PAGE), hot)


def test_only_the_newest_pages_stay_and_each_step_copies_the_others_in():
    cache = offloaded(hot=2)
    step(DECODER, [[1] * 14], [cache])  # five pages
    assert (len(cache.hot_table), len(cache.cold_table)) == (2, 3)
    before = cache.copied
    step(DECODER, [[1]], [cache])
    page_bytes = PAGE * 2 * 2 * 8 * 4  # kv, layers, width, bytes
    assert cache.copied - before == 3 * page_bytes
    assert cache.host_bytes == 3 * page_bytes
    assert cache.nbytes == 2 * page_bytes + 3 * page_bytes // 2  # and one of two layers copied in


def test_what_was_prefetched_is_not_copied_again_and_gives_the_same_bits():
    ahead, plain = offloaded(), offloaded()
    for cache in (ahead, plain):
        step(DECODER, [[2] * 14], [cache])
    ahead.reserve(1)
    for layer in range(SHAPE.layers):
        ahead.prefetch(layer)
    copied = ahead.copied
    assert torch.equal(step(DECODER, [[5]], [ahead]), step(DECODER, [[5]], [plain]))
    assert ahead.copied == copied == plain.copied


def test_a_prefetch_that_new_old_tokens_outdate_is_not_used():
    """A prompt longer than the pages that stay goes to the host at once, behind what was fetched."""
    ahead, plain = offloaded(), offloaded()
    for cache in (ahead, plain):
        step(DECODER, [[2] * 8], [cache])
    ahead.reserve(12)
    ahead.prefetch(0)
    assert torch.equal(step(DECODER, [[3] * 12], [ahead]), step(DECODER, [[3] * 12], [plain]))


def test_a_full_host_refuses_and_nothing_moves():
    cache = OffloadedCache(PagePool(SHAPE, 9, PAGE, budget=Budget(10**6)), PagePool(SHAPE, 1, PAGE), 1)
    step(DECODER, [[1] * 6], [cache])
    held = cache.hot_table[:], cache.cold_table[:], cache.pool.budget.used
    with pytest.raises(OutOfMemory, match="1 pages are needed, but only 0"):
        step(DECODER, [[1]], [cache])
    assert (cache.hot_table, cache.cold_table, cache.pool.budget.used) == held


@pytest.mark.needs("gpu")
def test_pages_in_pinned_memory_serve_a_gpu():
    decoder = Decoder(SHAPE, seed=1).cuda()
    place = {"device": "cuda"}
    cache = OffloadedCache(PagePool(SHAPE, 9, PAGE, **place), PagePool(SHAPE, 9, PAGE, pinned=True), 1)
    plain = PagedCache(PagePool(SHAPE, 9, PAGE, **place))
    for new in ([1] * 10, [2], [3], [4]):
        assert torch.equal(step(decoder, [new], [cache]), step(decoder, [new], [plain]))

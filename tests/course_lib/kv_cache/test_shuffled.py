"""Shuffled pages hold what was drawn, where their table says, and NaN everywhere else."""

import numpy as np
import pytest

from course_lib.kv_cache import ShuffledPages

LENGTHS = [5, -1, 4, 0]


@pytest.fixture
def pages():
    return ShuffledPages(LENGTHS, page=4, kv_heads=2, d=3, random=np.random.default_rng(8))


def looked_up(pages, cache, sequence, tokens):
    home = [pages.table[sequence, position // pages.page] for position in range(tokens)]
    return np.array([cache[place, position % pages.page] for position, place in enumerate(home)])


def test_every_token_lies_where_the_table_says(pages):
    for s, n in enumerate(LENGTHS):
        if n > 0:
            np.testing.assert_array_equal(looked_up(pages, pages.key_cache, s, n), pages.keys[s][:n])
            np.testing.assert_array_equal(looked_up(pages, pages.value_cache, s, n), pages.values[s][:n])


def test_what_belongs_to_nobody_is_nan(pages):
    held = sum(n for n in LENGTHS if n > 0)
    for cache in (pages.key_cache, pages.value_cache):
        assert np.isfinite(cache).all(axis=(2, 3)).sum() == held
        assert np.isnan(cache).all(axis=(2, 3)).sum() == cache.shape[0] * cache.shape[1] - held


def test_no_page_belongs_to_two_sequences(pages):
    homes = pages.table[pages.table >= 0]
    assert len(set(homes.tolist())) == len(homes)


def test_pages_do_not_lie_in_order():
    (homes,) = ShuffledPages([64], page=4, kv_heads=1, d=1, random=np.random.default_rng(8)).table.tolist()
    assert homes != sorted(homes)


def test_the_next_token_has_room_and_is_appended_to_a_copy(pages):
    before = pages.key_cache.copy()
    keys, values = pages.new()
    key_cache, value_cache = pages.appended()
    for s, n in enumerate(LENGTHS):
        if n >= 0:
            np.testing.assert_array_equal(looked_up(pages, key_cache, s, n + 1)[n], keys[s])
            np.testing.assert_array_equal(looked_up(pages, value_cache, s, n + 1)[n], values[s])
    np.testing.assert_array_equal(pages.key_cache, before)
    assert np.isfinite(key_cache).all(axis=(2, 3)).sum() == sum(n + 1 for n in LENGTHS if n >= 0)

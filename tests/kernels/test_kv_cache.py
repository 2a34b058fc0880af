"""kernels/kv_cache.cu: tokens land in their pages, and decode attention over them equals float64."""

import numpy as np
import pytest

from course_lib.cuda.traffic import assert_traffic
from course_lib.seeds import stream
from tests.kernels.conftest import InOut, Out, relative_error
from tests.kernels.references import softmax

TOLERANCE = 2e-6
APPEND = ["append_kv", "append_kv_vector"]


class Cache:
    """Random keys and values of some sequences, scattered over shuffled pages; the rest is NaN."""

    def __init__(self, lengths: list[int], page: int, kv_heads: int, d: int):
        self.page, self.kv_heads, self.d = page, kv_heads, d
        self.length = np.array(lengths, np.int32)
        rng = stream("kv_cache", *lengths, page, kv_heads, d)
        self.keys, self.values = (
            [rng.normal(size=(n, kv_heads, d)).astype(np.float32) for n in lengths] for _ in "kv"
        )
        pages = [-(-n // page) for n in lengths]
        self.most_pages = max(1, *pages)
        free = iter(rng.permutation(sum(pages) + 2))  # two pages that belong to nobody
        self.table = np.full((len(lengths), self.most_pages), -1, np.int32)
        self.key_cache, self.value_cache = np.full((2, sum(pages) + 2, page, kv_heads, d), np.nan, np.float32)
        for sequence, count in enumerate(pages):
            self.table[sequence, :count] = [next(free) for _ in range(count)]
            for position in range(lengths[sequence]):
                place = self.table[sequence, position // page], position % page
                self.key_cache[place] = self.keys[sequence][position]
                self.value_cache[place] = self.values[sequence][position]

    def queries(self, heads: int) -> np.ndarray:
        shape = (len(self.length), heads, self.d)
        return stream("queries", *shape).normal(size=shape).astype(np.float32)

    def reference(self, q: np.ndarray) -> np.ndarray:
        """Attention in float64 over the keys as they were, not as they lie."""
        out, group = np.zeros(q.shape), q.shape[1] // self.kv_heads
        for s, n in enumerate(self.length):
            for h in range(q.shape[1] if n else 0):
                scores = self.keys[s][:, h // group].astype(np.float64) @ q[s, h] / np.sqrt(self.d)
                out[s, h] = softmax(scores) @ self.values[s][:, h // group].astype(np.float64)
        return out


def _per_head(backend, cache: Cache, q: np.ndarray) -> np.ndarray:
    sequences, heads, d = q.shape
    args = (q, cache.key_cache, cache.value_cache, Out(q.shape), cache.table, cache.length, cache.most_pages,
            cache.page, heads, cache.kv_heads, d, d**-0.5)  # fmt: skip
    shared = 4 * max(1, int(cache.length.max()))
    return backend.run("kv_cache", "decode_attention", (heads, sequences), 96, args, shared_mem=shared)[0]


def _split(backend, cache: Cache, q: np.ndarray, splits: int = 3) -> np.ndarray:
    sequences, heads, d = q.shape
    rows = (splits, sequences, heads)
    parts = -(-heads // cache.kv_heads // 4)
    args = (q, cache.key_cache, cache.value_cache, Out((*rows, d)), Out(rows), Out(rows), cache.table,
            cache.length, cache.most_pages, cache.page, heads, cache.kv_heads, d, d**-0.5)  # fmt: skip
    grid = (cache.kv_heads * parts, sequences, splits)
    partial, largest, total = backend.run("kv_cache", "decode_attention_split", grid, 128, args)
    args = (partial, largest, total, Out(q.shape), splits, d)
    return backend.run("kv_cache", "combine_splits", (heads, sequences), max(32, d), args)[0]


LADDER = [_per_head, _split]
# lengths, page, kv_heads, heads, d
CASES = [
    ([1], 1, 1, 1, 4), ([5, 1, 17], 4, 1, 2, 8), ([33, 40], 16, 2, 6, 20), ([100], 16, 1, 4, 64),
    ([7, 64, 65], 16, 2, 2, 128), ([50], 8, 1, 9, 68),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("attention", LADDER)
def test_decode_is_close_to_float64_wherever_the_pages_lie(backend, attention, case):
    """Beyond a sequence's length and in foreign pages the cache holds NaN, which would show."""
    lengths, page, kv_heads, heads, d = case
    cache = Cache(lengths, page, kv_heads, d)
    q = cache.queries(heads)
    assert relative_error(attention(backend, cache, q), cache.reference(q)) < TOLERANCE


@pytest.mark.parametrize("splits", [1, 2, 20])
def test_the_number_of_splits_does_not_matter(backend, splits):
    cache = Cache([45, 3], 16, 2, 32)
    q = cache.queries(4)
    assert relative_error(_split(backend, cache, q, splits), cache.reference(q)) < TOLERANCE


@pytest.mark.parametrize("attention", LADDER)
def test_a_sequence_without_keys_gives_zeros(backend, attention):
    cache = Cache([0, 4], 4, 1, 8)
    q = cache.queries(2)
    out = attention(backend, cache, q)
    assert not out[0].any()
    assert relative_error(out, cache.reference(q)) < TOLERANCE


@pytest.mark.parametrize("attention", LADDER)
def test_large_scores_do_not_overflow(backend, attention):
    cache = Cache([60], 16, 1, 16)
    q = cache.queries(2) * 1000
    assert relative_error(attention(backend, cache, q), cache.reference(q)) < 1e-3


@pytest.mark.parametrize("attention", LADDER)
def test_nan_in_a_key_spoils_its_sequence_alone(backend, attention):
    cache = Cache([9, 9], 4, 1, 8)
    q = cache.queries(2)
    clean = attention(backend, cache, q)
    cache.key_cache[cache.table[0, 1], 2] = np.nan
    out = attention(backend, cache, q)
    assert np.isnan(out[0]).all()
    np.testing.assert_array_equal(out[1], clean[1])


def _append(backend, kernel: str, cache: Cache, tokens, keys, values, empty: np.ndarray) -> list[np.ndarray]:
    sequence, position = (np.array(side, np.int32) for side in zip(*tokens, strict=True))
    args = (keys, values, InOut(empty), InOut(empty), cache.table, sequence, position, cache.most_pages,
            cache.page, cache.kv_heads, cache.d)  # fmt: skip
    return backend.run("kv_cache", kernel, len(tokens), 64, args)


@pytest.mark.parametrize("shape", [([1], 1, 1, 4), ([5, 1, 17], 4, 3, 8), ([20, 33], 16, 2, 100)])
@pytest.mark.parametrize("kernel", APPEND)
def test_appended_tokens_land_in_their_pages_and_touch_nothing_else(backend, kernel, shape):
    cache = Cache(*shape)
    tokens = [(s, p) for s, n in enumerate(cache.length) for p in range(n)]
    order = stream("arrival", len(tokens)).permutation(len(tokens))
    keys, values = (np.concatenate(side)[order] for side in (cache.keys, cache.values))
    empty = np.full(cache.key_cache.shape, np.nan, np.float32)
    found = _append(backend, kernel, cache, [tokens[i] for i in order], keys, values, empty)
    np.testing.assert_array_equal(found[0], cache.key_cache)
    np.testing.assert_array_equal(found[1], cache.value_cache)


@pytest.mark.parametrize("kernel", APPEND)
def test_a_token_of_padding_is_not_stored(backend, kernel):
    cache = Cache([2], 2, 1, 4)
    empty = np.full(cache.key_cache.shape, np.nan, np.float32)
    for found in _append(backend, kernel, cache, [(-1, 0)], *np.ones((2, 1, 1, 4), np.float32), empty):
        assert np.isnan(found).all()


def test_vectors_of_any_width_can_be_appended_one_by_one(backend):
    cache = Cache([5], 2, 3, 7)
    empty = np.full(cache.key_cache.shape, np.nan, np.float32)
    tokens = [(0, p) for p in range(5)]
    found = _append(backend, "append_kv", cache, tokens, cache.keys[0], cache.values[0], empty)
    np.testing.assert_array_equal(found[0], cache.key_cache)


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("kernel", APPEND)
def test_appending_reads_and_writes_each_value_once(inspected, kernel):
    cache = Cache([32], 16, 2, 64)
    tokens, empty = [(0, p) for p in range(32)], np.zeros_like(cache.key_cache)
    _append(inspected, kernel, cache, tokens, cache.keys[0], cache.values[0], empty)
    n = cache.keys[0].size
    moved = {"reads": {"keys": n, "values": n}, "writes": {"key_cache": n, "value_cache": n}}
    assert_traffic(inspected.report, **moved, coalescing=1)


@pytest.mark.needs("compiler")
@pytest.mark.parametrize(("heads", "times"), [(2, 1), (8, 1), (16, 2)])
def test_four_query_heads_share_one_read_of_the_cache(inspected, heads, times):
    cache = Cache([64, 32], 16, 2, 64)
    n, q = 96 * 2 * 64, cache.queries(heads)
    parts = -(-heads // 2 // 4)
    args = (q, cache.key_cache, cache.value_cache, Out((1, *q.shape)), Out((1, 2, heads)), Out((1, 2, heads)),
            cache.table, cache.length, cache.most_pages, cache.page, heads, 2, 64, 0.125)  # fmt: skip
    inspected.run("kv_cache", "decode_attention_split", (2 * parts, 2, 1), 128, args)
    reads = {"key_cache": times * n, "value_cache": times * n}
    # A thread alone writes each largest score and sum, which is little beside the rest.
    coalescing = {"Q": 1, "key_cache": 1, "value_cache": 1, "partial": 1}
    demands = {"coalescing": coalescing, "bank_conflicts": 0}
    assert_traffic(inspected.report, reads=reads, writes={"partial": q.size}, **demands)


@pytest.mark.needs("compiler")
def test_a_block_for_each_query_head_reads_the_cache_once_a_head(inspected):
    cache = Cache([64], 16, 2, 64)
    _per_head(inspected, cache, cache.queries(8))
    n = 4 * 64 * 2 * 64
    assert_traffic(inspected.report, reads={"key_cache": n, "value_cache": n}, coalescing=1, bank_conflicts=0)

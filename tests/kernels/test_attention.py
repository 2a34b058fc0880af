"""kernels/attention.cu against float64: causal masks, grouped query heads, sizes that fit no tile."""

import math

import numpy as np
import pytest

from course_lib.cuda.traffic import assert_traffic
from course_lib.seeds import stream
from tests.kernels.conftest import InOut, Out, relative_error
from tests.kernels.references import softmax

TOLERANCE = 2e-6
# batch, heads, kv_heads, queries, keys, d
CASES = [
    (1, 1, 1, 1, 1, 1), (2, 1, 1, 3, 5, 4), (1, 4, 2, 17, 33, 16), (2, 6, 1, 33, 31, 20),
    (1, 2, 2, 65, 65, 64), (1, 3, 3, 40, 97, 33), (1, 2, 1, 31, 70, 128),
]  # fmt: skip


def _inputs(case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    batch, heads, kv_heads, queries, keys, d = case
    rng = stream("attention", *case)
    shapes = (batch, heads, queries, d), (batch, kv_heads, keys, d), (batch, kv_heads, keys, d)
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def _scores(q, k, causal: bool) -> np.ndarray:
    queries, keys, d = q.shape[2], k.shape[2], q.shape[3]
    wide = np.repeat(k.astype(np.float64), q.shape[1] // k.shape[1], axis=1)
    scores = q.astype(np.float64) @ wide.swapaxes(2, 3) / math.sqrt(d)
    return np.where(np.tri(queries, keys, keys - queries), scores, -np.inf) if causal else scores


def _reference(q, k, v, causal: bool) -> np.ndarray:
    scores = _scores(q, k, causal)
    blind = np.isneginf(scores).all(axis=3, keepdims=True)
    probabilities = np.where(blind, 0, softmax(np.where(blind, 0, scores), axis=3))
    return probabilities @ np.repeat(v.astype(np.float64), q.shape[1] // v.shape[1], axis=1)


def _materialized(backend, q, k, v, causal: bool) -> np.ndarray:
    (batch, heads, queries, d), (_, kv_heads, keys, _) = q.shape, k.shape
    tiles = math.ceil(queries / 16)
    args = (q, k, Out((batch, heads, queries, keys)), heads, kv_heads, queries, keys, d, d**-0.5, int(causal))
    grid = (math.ceil(keys / 16), tiles, batch * heads)
    (scores,) = backend.run("attention", "attention_scores", grid, (16, 16), args)
    (scores,) = backend.run(
        "attention", "attention_weights", batch * heads * queries, 64, (InOut(scores), keys)
    )
    args = (scores, v, Out(q.shape), heads, kv_heads, queries, keys, d)
    grid = (math.ceil(d / 16), tiles, batch * heads)
    return backend.run("attention", "attention_output", grid, (16, 16), args)[0]


def _tiled(backend, q, k, v, causal: bool, out=None) -> np.ndarray:
    (batch, heads, queries, d), (_, kv_heads, keys, _) = q.shape, k.shape
    args = (q, k, v, out or Out(q.shape), heads, kv_heads, queries, keys, d, d**-0.5, int(causal))
    grid = (max(1, math.ceil(queries / 32)), batch * heads)
    return backend.run("attention", "attention_tiled", grid, (32, 8), args, shared_mem=128 * (d + (d | 1)))[0]


LADDER = [_materialized, _tiled]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("attention", LADDER)
def test_output_is_close_to_float64(backend, attention, case, causal):
    """Two of the cases have fewer keys than queries: under a causal mask their first queries see nothing."""
    q, k, v = _inputs(case)
    assert relative_error(attention(backend, q, k, v, causal), _reference(q, k, v, causal)) < TOLERANCE


@pytest.mark.parametrize("attention", LADDER)
def test_a_query_that_sees_no_key_gives_zeros(backend, attention):
    q, k, v = _inputs((1, 1, 1, 40, 3, 8))
    out = attention(backend, q, k, v, True)
    assert not out[0, 0, :37].any()
    np.testing.assert_allclose(out[0, 0, 37], v[0, 0, 0], rtol=1e-6)


@pytest.mark.parametrize("attention", LADDER)
def test_a_causal_query_does_not_look_ahead(backend, attention):
    q, k, v = _inputs((1, 1, 1, 50, 50, 8))
    before = attention(backend, q, k, v, True)
    k[:, :, 30:], v[:, :, 30:] = 100, 100
    np.testing.assert_array_equal(attention(backend, q, k, v, True)[:, :, :30], before[:, :, :30])


@pytest.mark.parametrize("attention", LADDER)
def test_query_heads_of_a_group_share_their_key_head_and_no_other(backend, attention):
    q, k, v = _inputs((2, 4, 2, 5, 6, 8))
    v[:, 1] = 7
    out = attention(backend, q, k, v, False)
    np.testing.assert_allclose(out[:, 2:], 7, rtol=1e-6)
    assert (np.abs(out[:, :2]) < 5).all()


@pytest.mark.parametrize("attention", LADDER)
def test_large_scores_do_not_overflow(backend, attention):
    q, k, v = _inputs((1, 1, 1, 20, 40, 8))
    q *= 1000
    assert relative_error(attention(backend, q, k, v, False), _reference(q, k, v, False)) < 1e-3


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("attention", LADDER)
def test_nan_and_infinity_in_a_query_spoil_that_query_alone(backend, attention, bad):
    q, k, v = _inputs((1, 1, 1, 35, 40, 8))
    clean = attention(backend, q, k, v, False)
    q[0, 0, 33, 2] = bad
    out = attention(backend, q, k, v, False)
    assert np.isnan(out[0, 0, 33]).all()
    np.testing.assert_array_equal(np.delete(out, 33, axis=2), np.delete(clean, 33, axis=2))


def test_without_keys_every_query_gives_zeros(backend):
    q, none = np.ones((1, 1, 3, 4), np.float32), np.zeros((1, 1, 0, 4), np.float32)
    assert not _tiled(backend, q, none, none, False).any()


def test_without_queries_nothing_is_written(backend):
    kept, k = InOut(np.full((1, 1, 2, 4), 7, np.float32)), np.ones((1, 1, 3, 4), np.float32)
    assert (_tiled(backend, np.zeros((1, 1, 0, 4), np.float32), k, k, True, out=kept) == 7).all()


@pytest.mark.needs("compiler")
def test_tiles_read_keys_and_values_once_for_32_queries_and_store_no_scores(inspected):
    q, k, v = _inputs((1, 4, 2, 64, 96, 64))
    _tiled(inspected, q, k, v, False)
    uses = 2 * 2  # tiles of queries, and query heads that share a key head
    reads = {"Q": q.size, "K": uses * k.size, "V": uses * v.size}
    assert_traffic(inspected.report, reads=reads, writes={"out": q.size}, coalescing=1, bank_conflicts=0)


@pytest.mark.needs("compiler")
def test_a_causal_mask_spares_the_tiles_that_no_query_sees(inspected):
    q, k, v = _inputs((1, 1, 1, 64, 64, 32))
    _tiled(inspected, q, k, v, True)
    assert_traffic(inspected.report, reads={"K": k.size * 3 // 2, "V": v.size * 3 // 2}, coalescing=1)


@pytest.mark.needs("compiler")
def test_the_materialized_softmax_reads_each_score_three_times(inspected):
    scores = np.zeros((6, 64), np.float32)
    inspected.run("attention", "attention_weights", 6, 64, (InOut(scores), 64))
    assert_traffic(inspected.report, reads={"S": 3 * scores.size}, writes={"S": scores.size}, coalescing=1)

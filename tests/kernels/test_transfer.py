"""kernels/transfer.cu: blocks come back where they were, and as int8 within half a step."""

import math

import numpy as np
import pytest

from course_lib.cuda.traffic import assert_traffic
from course_lib.seeds import stream
from tests.kernels.conftest import InOut, Out

# blocks of the cache, blocks to move, rows of a block, values of a row
SHAPES = [(1, 1, 1, 4), (5, 3, 2, 4), (9, 9, 3, 20), (12, 4, 16, 128), (3, 2, 5, 256)]
SUFFIXES = ["", "_vector"]


def _case(shape) -> tuple[np.ndarray, np.ndarray]:
    blocks, n, rows, d = shape
    rng = stream("transfer", *shape)
    return rng.normal(size=(blocks, rows, d)).astype(np.float32), rng.permutation(blocks)[:n].astype(np.int32)


def _copy(backend, kernel: str, source: np.ndarray, which: np.ndarray, out) -> np.ndarray:
    values = math.prod(source.shape[1:])
    return backend.run("transfer", kernel, (2, len(which)), 64, (source, which, out, values))[0]


def _pack_int8(backend, cache: np.ndarray, which: np.ndarray) -> list[np.ndarray]:
    rows, d = cache.shape[1:]
    args = (cache, which, Out((len(which), rows, d), np.int8), Out((len(which), rows)), rows, d)
    return backend.run("transfer", "pack_blocks_int8", (math.ceil(rows / 4), len(which)), (32, 4), args)


def _unpack_int8(backend, codes, scale, which, cache: np.ndarray) -> np.ndarray:
    rows, d = cache.shape[1:]
    args = (codes, scale, which, InOut(cache), rows, d)
    grid = (math.ceil(rows / 4), len(which))
    return backend.run("transfer", "unpack_blocks_int8", grid, (32, 4), args)[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_packing_gathers_the_listed_blocks_in_order(backend, suffix, shape):
    cache, which = _case(shape)
    staging = _copy(backend, f"pack_blocks{suffix}", cache, which, Out((len(which), *cache.shape[1:])))
    np.testing.assert_array_equal(staging, cache[which])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_unpacking_restores_the_listed_blocks_and_touches_no_other(backend, suffix, shape):
    cache, which = _case(shape)
    empty = np.full_like(cache, np.nan)
    found = _copy(backend, f"unpack_blocks{suffix}", np.ascontiguousarray(cache[which]), which, InOut(empty))
    empty[which] = cache[which]
    np.testing.assert_array_equal(found, empty)


@pytest.mark.parametrize("size", [1, 3, 65])
def test_blocks_of_any_size_move_one_by_one(backend, size):
    cache = stream("odd", size).normal(size=(3, 1, size)).astype(np.float32)
    which = np.array([2, 0], np.int32)
    np.testing.assert_array_equal(
        _copy(backend, "pack_blocks", cache, which, Out((2, 1, size))), cache[which]
    )


@pytest.mark.parametrize("shape", [*SHAPES, (4, 2, 3, 1), (4, 3, 7, 33)])
def test_int8_comes_back_within_half_a_step(backend, shape):
    cache, which = _case(shape)
    codes, scale = _pack_int8(backend, cache, which)
    np.testing.assert_allclose(scale, np.abs(cache[which]).max(axis=2) / 127, rtol=1e-6)
    back = _unpack_int8(backend, codes, scale, which, np.full_like(cache, np.nan))
    assert (np.abs(back[which] - cache[which]) <= scale[..., None] * 0.5 * (1 + 1e-5)).all()
    assert np.isnan(np.delete(back, which, axis=0)).all()


def test_int8_keeps_zeros_and_the_largest_magnitude(backend):
    cache = np.zeros((1, 2, 5), np.float32)
    cache[0, 1] = 0, -2, 1, 0, 2
    codes, scale = _pack_int8(backend, cache, np.zeros(1, np.int32))
    assert codes.tolist() == [[[0] * 5, [0, -127, 64, 0, 127]]]
    np.testing.assert_allclose(scale, [[1, 2 / 127]], rtol=1e-6)


def test_int8_codes_do_not_overflow_where_the_scale_loses_its_digits(backend):
    """2.5e-43 / 127 rounds to the smallest float there is, and 2.5e-43 is 178 of those."""
    cache = np.array([[[2.5e-43, -2.5e-43], [1e-45, 0]]], np.float32)
    codes, scale = _pack_int8(backend, cache, np.zeros(1, np.int32))
    assert codes.tolist() == [[[127, -127], [0, 0]]]
    assert scale[0, 1] == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_fault_in_a_row_is_still_seen_after_the_way_back(backend, bad):
    cache, which = _case((4, 4, 3, 40))
    cache[which[1], 2, 33] = bad
    codes, scale = _pack_int8(backend, cache, which)
    back = _unpack_int8(backend, codes, scale, which, np.zeros_like(cache))
    assert np.isnan(back[which[1], 2]).all()
    back[which[1], 2] = 0
    assert np.isfinite(back).all()


def test_empty_blocks_write_nothing(backend):
    kept = InOut(np.full((1, 1, 4), 7, np.float32))
    assert (
        _copy(backend, "pack_blocks", np.zeros((2, 1, 0), np.float32), np.zeros(1, np.int32), kept) == 7
    ).all()


@pytest.mark.needs("compiler")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_value_is_moved_once(inspected, suffix):
    cache, which = _case((6, 4, 8, 128))
    n = len(which) * 8 * 128
    _copy(inspected, f"pack_blocks{suffix}", cache, which, Out((4, 8, 128)))
    demands = {"most_reads": {"cache": 1}, "coalescing": 1}
    assert_traffic(inspected.report, reads={"cache": n}, writes={"staging": n}, **demands)


@pytest.mark.needs("compiler")
def test_int8_reads_each_value_once_and_moves_a_byte_of_it(inspected):
    cache, which = _case((6, 4, 8, 128))
    n = len(which) * 8 * 128
    codes, scale = _pack_int8(inspected, cache, which)
    coalescing = {"cache": 1, "staging": 1}  # a thread alone writes each scale
    writes = {"staging": n, "scale": 32}
    assert_traffic(inspected.report, reads={"cache": n}, writes=writes, coalescing=coalescing)
    assert codes.nbytes + scale.nbytes == n + 4 * 32
    _unpack_int8(inspected, codes, scale, which, cache)
    assert_traffic(inspected.report, reads={"staging": n}, writes={"cache": n}, coalescing=1)

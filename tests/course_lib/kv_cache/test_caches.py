"""Every cache gives the logits of no cache (or of its own rule, written out), however the tokens arrive."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.attention import attention, causal_mask
from course_lib.kv_cache import (
    Budget,
    ContiguousCache,
    Decoder,
    OffloadedCache,
    OutOfMemory,
    PagedCache,
    PagePool,
    QuantizedCache,
    WindowedCache,
    decoder_shape,
    step,
)
from course_lib.kv_cache.quantized import decode, encode

SHAPE = decoder_shape(2, 24, 4, 2, vocabulary=31)
DECODER = Decoder(SHAPE, seed=5).requires_grad_(False)
TOKENS = [(7 * i + i * i) % 31 for i in range(40)]
FULL = DECODER(torch.tensor([TOKENS]))[0]

CACHES = {
    "contiguous": lambda budget=None: ContiguousCache(SHAPE, 40, budget=budget),
    "paged": lambda budget=None: PagedCache(PagePool(SHAPE, 10, 4, budget=budget)),
    "windowed": lambda budget=None: WindowedCache(SHAPE, 30, 2, budget=budget),
    "quantized": lambda budget=None: QuantizedCache(SHAPE, 40, 8, budget=budget),
    "offloaded": lambda budget=None: OffloadedCache(
        PagePool(SHAPE, 10, 4, budget=budget), PagePool(SHAPE, 10, 4), 3
    ),
}
EXACT = ["contiguous", "paged", "offloaded"]
every_cache = pytest.mark.parametrize("make", CACHES.values(), ids=CACHES)

shares = st.lists(st.integers(1, 9), min_size=1, max_size=12)


def pieces(sizes: list[int]) -> list[list[int]]:
    """TOKENS cut into pieces of these sizes, as many as there are."""
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return [part for start, n in zip(starts, sizes, strict=True) if (part := TOKENS[start : start + n])]


def fed(cache, sizes: list[int]) -> torch.Tensor:
    """Logits after each piece, (pieces, vocabulary)."""
    return torch.cat([step(DECODER, [piece], [cache]) for piece in pieces(sizes)])


@pytest.mark.parametrize("name", EXACT)
@given(sizes=shares)
@settings(max_examples=25)
def test_logits_are_those_without_a_cache_however_the_tokens_are_cut(name, sizes):
    cache = CACHES[name]()
    ends = torch.tensor([len(piece) for piece in pieces(sizes)]).cumsum(0) - 1
    torch.testing.assert_close(fed(cache, sizes), FULL[ends], rtol=0, atol=1e-5)
    assert cache.length == int(ends[-1]) + 1


@given(
    sizes=shares, page=st.integers(1, 17), kv_heads=st.sampled_from([1, 2, 4]), width=st.integers(1, 9),
    hot=st.integers(1, 5),
)  # fmt: skip
@settings(max_examples=40)
def test_paged_and_offloaded_equal_contiguous_bit_for_bit(sizes, page, kv_heads, width, hot):
    shape = decoder_shape(2, 4 * width, 4, kv_heads, vocabulary=31)
    decoder = Decoder(shape, seed=width)
    caches = [
        ContiguousCache(shape, 40),
        PagedCache(PagePool(shape, 40, page)),
        OffloadedCache(PagePool(shape, 40, page), PagePool(shape, 40, page), hot),
    ]
    for piece in pieces(sizes):
        plain, paged, offloaded = (step(decoder, [piece], [cache]) for cache in caches)
        assert torch.equal(plain, paged)
        assert torch.equal(plain, offloaded)


@given(sizes=shares, window=st.integers(1, 12), sinks=st.integers(0, 4))
@settings(max_examples=40)
def test_a_window_sees_the_first_and_the_last_tokens_and_nothing_else(sizes, window, sinks):
    """Against attention with a mask over all keys, in one layer's own terms."""
    cache = WindowedCache(SHAPE, window, sinks)
    random = torch.Generator().manual_seed(window)
    n = len([token for piece in pieces(sizes) for token in piece])
    q, k, v = (torch.randn(n, heads, 6, generator=random).transpose(0, 1) for heads in (4, 2, 2))
    places = torch.arange(n)
    seen = causal_mask(n, n) & ((places < sinks) | (places > places[:, None] - window))
    expected, start = attention(q, k, v, seen), 0
    for piece in pieces(sizes):
        now = slice(start, start := start + len(piece))
        cache.reserve(len(piece))
        keys, values = (
            part.transpose(0, 1) for part in cache.append(0, *(x[:, now].transpose(0, 1) for x in (k, v)))
        )
        mask = cache.visible(len(piece), keys.shape[1])
        torch.testing.assert_close(attention(q[:, now], keys, values, mask), expected[:, now])
        assert len(piece) > 1 or mask.all(), "a single token is given nothing that it may not see"
        cache.advance(len(piece))


def test_a_window_as_long_as_the_text_changes_nothing():
    torch.testing.assert_close(fed(WindowedCache(SHAPE, 40), [9, 1, 5]), FULL[[8, 9, 14]], rtol=0, atol=1e-5)


def test_a_window_forgets():
    logits = fed(WindowedCache(SHAPE, 5), [20])
    assert float((logits[0] - FULL[19]).abs().max()) > 0.01


@pytest.mark.parametrize(("bits", "error"), [(8, 0.03), (4, 0.6)])
def test_codes_cost_a_small_error(bits, error):
    logits = fed(QuantizedCache(SHAPE, 40, bits), [30] + [1] * 10)
    assert 0 < float((logits - FULL[29:]).abs().max()) < error


@given(
    rows=st.lists(st.lists(st.floats(-2e4, 2e4, width=32), min_size=6, max_size=6), min_size=1, max_size=5),
    bits=st.sampled_from([4, 8]),
)
def test_a_value_comes_back_within_half_a_step(rows, bits):
    x = torch.tensor(rows)
    codes, scale = encode(x, bits)
    assert codes.shape[-1] == 6 * bits // 8
    # Half a step, and half of the scale's own rounding for the largest code.
    most = 0.5 + (2 ** (bits - 1)) * 2.0**-11
    assert bool(((decode(codes, scale, bits, x.dtype) - x).abs() <= most * scale.float() * 1.001).all())


@every_cache
def test_a_released_cache_is_as_new_and_gives_its_memory_back(make):
    budget = Budget(10**6)
    cache = make(budget)
    first = fed(cache, [30, 1, 1])
    assert budget.used == cache.nbytes > 0
    cache.release()
    assert (budget.used, cache.nbytes, cache.length) == (0, 0, 0)
    assert torch.equal(fed(cache, [30, 1, 1]), first)
    cache.release()
    cache.release()
    assert budget.used == 0


@every_cache
def test_a_budget_is_never_exceeded_and_a_refused_step_changes_nothing(make):
    """The same tokens go on as if nothing had been asked, once there is room."""
    whole = Budget(10**6)
    cache = make(whole)
    expected = fed(cache, [4] * 10)
    tight = Budget(whole.peak - 1)
    cache, logits, refused = make(tight), [], 0
    for piece in pieces([4] * 10):
        try:
            logits.append(step(DECODER, [piece], [cache]))
        except OutOfMemory:
            refused += 1
            held = dict(tight.holdings), cache.length, cache.nbytes
            with pytest.raises(OutOfMemory):
                step(DECODER, [piece], [cache])
            assert (tight.holdings, cache.length, cache.nbytes) == held
            tight.nbytes += 1
            logits.append(step(DECODER, [piece], [cache]))
        assert tight.peak <= tight.nbytes
    assert refused == 1
    assert torch.equal(torch.cat(logits), expected)


def test_bytes_are_what_the_shape_says():
    contiguous, quantized, paged = CACHES["contiguous"](), QuantizedCache(SHAPE, 40, 4), CACHES["paged"]()
    for cache in (contiguous, quantized, paged):
        step(DECODER, [TOKENS[:5]], [cache])
    assert contiguous.nbytes == 40 * 2 * 2 * 2 * 6 * 4  # tokens, kv, layers, heads, dimensions, bytes
    assert quantized.nbytes == 40 * 2 * 2 * 2 * (3 + 2)
    assert paged.nbytes == 2 * 4 * 2 * 2 * 2 * 6 * 4  # two pages of four tokens


def test_a_full_cache_says_so():
    cache = ContiguousCache(SHAPE, 5)
    step(DECODER, [TOKENS[:4]], [cache])
    with pytest.raises(OutOfMemory, match="4 tokens and 2 more exceed the cache's capacity of 5"):
        step(DECODER, [TOKENS[4:6]], [cache])


@pytest.mark.parametrize(
    "make",
    [
        lambda: ContiguousCache(SHAPE, 0), lambda: WindowedCache(SHAPE, 0),
        lambda: WindowedCache(SHAPE, 1, -1), lambda: QuantizedCache(SHAPE, 4, 3),
        lambda: PagePool(SHAPE, 0), lambda: PagePool(SHAPE, 1, 0),
        lambda: QuantizedCache(decoder_shape(1, 9, 3), 4, 4),
        lambda: OffloadedCache(PagePool(SHAPE, 1), PagePool(SHAPE, 1), 0),
        lambda: OffloadedCache(PagePool(SHAPE, 1, 4), PagePool(SHAPE, 1, 8), 1),
    ],
)  # fmt: skip
def test_sizes_that_make_no_sense_are_refused(make):
    with pytest.raises(ValueError, match=r"at least|codes have 8 bits|both pools"):
        make()

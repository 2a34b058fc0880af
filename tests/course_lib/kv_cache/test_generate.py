"""Batches of sequences give what each gives alone, and generation with a cache what it gives without."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.kv_cache import (
    ContiguousCache,
    Decoder,
    OutOfMemory,
    PagedCache,
    PagePool,
    decode_step,
    decoder_shape,
    generate,
    prefill,
    step,
)

SHAPE = decoder_shape(2, 24, 4, 2, vocabulary=31)
DECODER = Decoder(SHAPE, seed=5).requires_grad_(False)
PROMPT = [3, 1, 4, 1, 5, 9, 2]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_generation_with_a_cache_is_generation_without(temperature):
    caches = [None, ContiguousCache(SHAPE, 60), PagedCache(PagePool(SHAPE, 20, 4))]
    texts = [generate(DECODER, PROMPT, 40, cache, temperature=temperature) for cache in caches]
    assert texts[0] == texts[1] == texts[2]
    assert len(texts[0]) == 40


def test_generation_goes_on_where_the_cache_stands():
    cache = ContiguousCache(SHAPE, 60)
    first = generate(DECODER, PROMPT, 10, cache)
    # The last token was returned but not yet computed.
    assert first + generate(DECODER, first[-1:], 5, cache) == generate(DECODER, PROMPT, 15)


def test_another_seed_draws_another_text():
    texts = [generate(DECODER, PROMPT, 20, temperature=1.0, seed=seed) for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize("chunk", [1, 3, 7, 100])
def test_a_prompt_in_chunks_gives_the_logits_of_the_whole(chunk):
    whole, cut = ContiguousCache(SHAPE, 60), ContiguousCache(SHAPE, 60)
    expected = prefill(DECODER, PROMPT, whole)
    torch.testing.assert_close(prefill(DECODER, PROMPT, cut, chunk=chunk), expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(
        decode_step(DECODER, 6, cut), decode_step(DECODER, 6, whole), rtol=0, atol=1e-5
    )


members = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=4, unique_by=lambda pair: pair[0]
)


@given(plan=st.lists(members, min_size=1, max_size=8))
@settings(max_examples=30)
def test_sequences_that_join_and_leave_a_batch_get_what_they_get_alone(plan):
    """Each step takes some of four sequences, with any number of new tokens for each."""
    pool = PagePool(SHAPE, 60, 3)
    caches, texts = [PagedCache(pool) for _ in range(4)], [[] for _ in range(4)]
    for batch in plan:
        new = [[(11 * i + 3 * len(texts[i]) + j) % 31 for j in range(n)] for i, n in batch]
        logits = step(DECODER, new, [caches[i] for i, _ in batch])
        for (i, _), tokens, row in zip(batch, new, logits, strict=True):
            texts[i] += tokens
            alone = DECODER(torch.tensor([texts[i]]), last=True)[0]
            torch.testing.assert_close(row, alone, rtol=0, atol=1e-5)


def test_a_step_that_one_sequence_has_no_room_for_adds_no_token_to_any():
    caches = [ContiguousCache(SHAPE, 9), ContiguousCache(SHAPE, 2)]
    step(DECODER, [PROMPT[:2], PROMPT[:2]], caches)
    with pytest.raises(OutOfMemory):
        step(DECODER, [[1], [1]], caches)
    assert [cache.length for cache in caches] == [2, 2]
    logits = step(DECODER, [[4]], caches[:1])
    torch.testing.assert_close(logits, DECODER(torch.tensor([[3, 1, 4]]), last=True), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda cache: step(DECODER, [], []),
        lambda cache: step(DECODER, [[1], []], [cache, ContiguousCache(SHAPE, 9)]),
        lambda cache: step(DECODER, [[1], [2]], [cache, cache]),
        lambda cache: step(DECODER, [[1], [2]], [cache]),
        lambda cache: prefill(DECODER, [], cache),
        lambda cache: prefill(DECODER, [1, 2], cache, chunk=0),
        lambda cache: generate(DECODER, [1], -1),
        lambda cache: generate(DECODER, [1], 1, temperature=-1.0),
        lambda cache: step(DECODER, [[31]], [cache]),
        lambda cache: step(Decoder(SHAPE, context=4), [[1] * 5], [cache]),
    ],
)
def test_steps_that_make_no_sense_are_refused(wrong):
    cache = ContiguousCache(SHAPE, 9)
    with pytest.raises(ValueError, match=r"at least|tokens are|context"):
        wrong(cache)
    assert cache.length == 0

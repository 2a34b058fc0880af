"""Kept hidden states give the logits of the whole text, whatever the pieces in which it comes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.kv_cache import ContiguousCache, Decoder, decoder_shape, prefill, step_from_hidden_states

SHAPE = decoder_shape(2, 24, 4, 2, vocabulary=31)
DECODER = Decoder(SHAPE, seed=5, context=40).double().requires_grad_(False)


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=6), min_size=1, max_size=6))
@settings(max_examples=30)
def test_text_in_pieces_gives_the_logits_of_the_whole_text(pieces):
    text, hidden = [], []
    for piece in pieces:
        text += piece
        logits, hidden = step_from_hidden_states(DECODER, piece, hidden)
        whole = DECODER(torch.tensor([text]), last=True)[0]
        torch.testing.assert_close(logits, whole, rtol=0, atol=1e-12)
    assert [tuple(kept.shape) for kept in hidden] == [(len(text), SHAPE.width)] * SHAPE.layers


def test_keys_and_values_of_the_cache_come_from_what_is_kept():
    text = [3, 1, 4, 1, 5]
    _, hidden = step_from_hidden_states(DECODER, text)
    cache = ContiguousCache(SHAPE, 9, dtype=torch.float64)
    prefill(DECODER, text, cache)
    for layer, (kept, block) in enumerate(zip(hidden, DECODER.blocks, strict=True)):
        for part, held in zip(block.queries_keys_values(kept)[1:], cache.keys_values(layer), strict=True):
            torch.testing.assert_close(part, held, rtol=0, atol=1e-12)


def test_two_texts_go_on_from_the_same_hidden_states():
    _, hidden = step_from_hidden_states(DECODER, [3, 1])
    before = [kept.clone() for kept in hidden]
    step_from_hidden_states(DECODER, [4], hidden)
    logits, _ = step_from_hidden_states(DECODER, [7], hidden)
    assert all(map(torch.equal, before, hidden))
    torch.testing.assert_close(logits, DECODER(torch.tensor([[3, 1, 7]]), last=True)[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("tokens", "hidden", "message"),
    [
        ([], [], "no token"),
        ([31], [], "tokens are 0 to 30"),
        ([1] * 41, [], "context of 40"),
        ([1], [torch.zeros(39, 24)] * 3, "2 layers"),
        ([1], [torch.zeros(3, 8)] * 2, "2 layers"),
        ([1, 1], [torch.zeros(39, 24).double()] * 2, "context of 40"),
    ],
)
def test_pieces_that_make_no_sense_are_refused(tokens, hidden, message):
    with pytest.raises(ValueError, match=message):
        step_from_hidden_states(DECODER, tokens, hidden)

"""The decoder equals its mathematics in float64, and has exactly the parameters that its shape says."""

import pytest
import torch
from torch.nn import functional

from course_lib import shapes
from course_lib.attention import multi_head_attention
from course_lib.kv_cache import ContiguousCache, Decoder, decoder_shape, int8_weights, step
from course_lib.kv_cache.decoder import sinusoids

SHAPES = [decoder_shape(1, 8, 2, vocabulary=11), decoder_shape(3, 48, 6, 2, 100, vocabulary=97)]


def written_out(decoder: Decoder, tokens: torch.Tensor) -> torch.Tensor:
    """Logits (n, vocabulary) by the formulas, line by line, without the decoder's own forward."""
    x = decoder.embedding.weight[tokens] + decoder.positions[: len(tokens)]
    for block in decoder.blocks:
        normed = functional.rms_norm(x, x.shape[-1:], block.norm_attention.weight, 1e-6)
        matrices = (part.weight for part in (block.query, block.key, block.value, block.output))
        x = x + multi_head_attention(normed, *matrices, decoder.shape.heads, causal=True)
        normed = functional.rms_norm(x, x.shape[-1:], block.norm_feed_forward.weight, 1e-6)
        x = x + functional.gelu(normed @ block.up.weight.T) @ block.down.weight.T
    return functional.rms_norm(x, x.shape[-1:], decoder.norm.weight, 1e-6) @ decoder.head.weight.T


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_logits_are_those_of_the_formulas(shape):
    decoder, tokens = Decoder(shape, seed=3).double(), torch.arange(9) * 5 % shape.vocabulary
    torch.testing.assert_close(decoder(tokens[None])[0], written_out(decoder, tokens), rtol=0, atol=1e-12)


def test_the_last_token_alone_has_the_same_logits():
    decoder, tokens = Decoder(SHAPES[1]), torch.arange(12).reshape(2, 6)
    torch.testing.assert_close(decoder(tokens, last=True), decoder(tokens)[:, -1])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_parameters_are_as_many_as_the_shape_counts(shape):
    assert sum(p.numel() for p in Decoder(shape).parameters()) == shapes.parameters(shape)


def test_one_seed_gives_the_same_weights_and_another_gives_others():
    first, again, other = (Decoder(SHAPES[0], seed=seed).head.weight for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_random_weights_keep_activations_at_ordinary_size():
    logits = Decoder(decoder_shape(6, 128, 4))(torch.arange(40)[None])
    assert 0.5 < float(logits.detach().std()) < 2


def test_positions_are_told_apart():
    vectors = sinusoids(4096, 32)
    assert vectors.shape == (4096, 32)
    assert float((torch.cdist(vectors, vectors) + 9 * torch.eye(4096)).min()) > 0.1


def test_the_decoder_can_be_trained():
    decoder, tokens = Decoder(SHAPES[0]), torch.tensor([[1, 2, 3, 4, 5, 6]])
    optimizer = torch.optim.Adam(decoder.parameters(), 0.01)
    for _ in range(60):
        loss = functional.cross_entropy(decoder(tokens[:, :-1])[0], tokens[0, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert decoder(tokens)[0].argmax(-1)[:5].tolist() == [2, 3, 4, 5, 6]


def test_weights_as_plain_data_are_the_decoders_own():
    decoder = Decoder(SHAPES[1])
    weights = decoder.weights()
    assert weights["layers"][2]["key"].data_ptr() == decoder.blocks[2].key.weight.data_ptr()
    tensors = [value for layer in weights["layers"] for value in layer.values()]
    tensors += [weights[name] for name in ("embedding", "norm", "head")]
    assert sum(tensor.numel() for tensor in tensors) == shapes.parameters(decoder.shape)
    assert not any(tensor.requires_grad for tensor in tensors)
    with pytest.raises(ValueError, match="8-bit codes"):
        int8_weights(decoder).weights()


def test_int8_weights_take_a_quarter_of_the_bytes_and_change_little():
    decoder = Decoder(decoder_shape(2, 64, 4, vocabulary=64)).requires_grad_(False)
    tokens = torch.arange(20)[None]
    before, matrices = decoder(tokens), shapes.matrix_parameters(decoder.shape)
    nbytes = decoder.nbytes
    after = int8_weights(decoder)(tokens)
    saved = 3 * matrices - 2 * sum(m.codes.shape[0] for m in decoder.modules() if hasattr(m, "codes"))
    assert nbytes - decoder.nbytes == saved
    assert 0 < float((after - before).abs().max()) < 0.1


def test_int8_weights_work_with_a_cache():
    decoder = int8_weights(Decoder(SHAPES[1]))
    tokens = [4, 8, 15, 16]
    logits = step(decoder, [tokens], [ContiguousCache(decoder.shape, 4)])
    torch.testing.assert_close(logits, decoder(torch.tensor([tokens]), last=True), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"width": 10, "heads": 4}, "divide"),
        ({"heads": 8, "kv_heads": 3}, "divide"),
        ({"layers": 0}, "divide"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(arguments, what):
    with pytest.raises(ValueError, match=what):
        decoder_shape(**arguments)


@pytest.mark.parametrize(
    ("tokens", "what"),
    [([[99]], "tokens are 0 to 10"), ([[-1]], "not -1"), ([[]], "no token"), ([[1] * 9], "context of 8")],
)
def test_tokens_that_the_decoder_cannot_take_are_refused(tokens, what):
    with pytest.raises(ValueError, match=what):
        Decoder(SHAPES[0], context=8)(torch.tensor(tokens, dtype=torch.long))

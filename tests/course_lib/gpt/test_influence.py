"""Gradients are zero exactly where no path leads, and nowhere else; the fast way is the slow one's result."""

import numpy as np
import pytest
import torch

from course_lib import seeds
from course_lib.autodiff import Tensor
from course_lib.gpt.influence import MOST, Encoder, EncoderDecoder, influence
from course_lib.gpt.transformer import causal_mask
from tests.course_lib.gpt.torchs import (
    TOLERANCE,
    WITH_CROSS,
    drawn,
    gelu,
    same,
    same_gradients,
    started,
    take_over,
)


def seen(kind: str, tokens: int) -> np.ndarray:
    """True where the output of a row sees the input of a column."""
    everything, below = np.ones((tokens, tokens), bool), np.tri(tokens) == 1
    if kind == "encoder-decoder":
        return np.block([[everything, ~everything], [everything, below]])
    return everything if kind == "encoder" else below


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("tokens", [1, 2, 6, 11])
@pytest.mark.parametrize("kind", ["encoder", "decoder", "encoder-decoder"])
def test_exactly_what_the_masks_allow_is_seen(kind, tokens, seed):
    found = influence(kind, tokens, seed)
    np.testing.assert_array_equal(found > 0, seen(kind, tokens))
    assert np.isfinite(found).all()


def test_the_norms_are_those_of_gradients_taken_one_by_one():
    found, width = influence("decoder", 3, seed=5), 16
    rng = seeds.stream("gpt", "influence", seed=5)
    model = Encoder(width, 2, 2, 32, rng=rng)
    x = Tensor(rng.normal(size=(1, 3, width)).astype(np.float32), requires_grad=True)
    squares = np.zeros((3, 3))
    for i in range(3):
        for number in range(width):
            x.zero_grad()
            model(x, causal_mask(3))[0, i, number].backward()
            squares[i] += (x.grad.numpy()[0] ** 2).sum(-1)
    np.testing.assert_allclose(found, np.sqrt(squares), rtol=1e-5)


def test_another_seed_is_another_network_and_the_same_seed_the_same():
    np.testing.assert_array_equal(influence("encoder", 3, 1), influence("encoder", 3, 1))
    assert not np.allclose(influence("encoder", 3, 1), influence("encoder", 3, 2))


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)
def test_encoder_and_decoder_have_torchs_values_and_gradients(dtype):
    ours = started(EncoderDecoder(12, 2, 2, 20, rng=seeds.stream("gpt", "test_influence")), dtype)
    theirs = torch.nn.Transformer(12, 2, 2, 2, 20, 0, gelu, batch_first=True, norm_first=True)
    names = {r"^(layers|norm)\.": r"decoder.\1."}
    for pattern, other in WITH_CROSS.items():
        names[r"^(decoder\.layers\.\d+\.)" + pattern] = r"\1" + other
    take_over(theirs, ours, names)
    source, target = drawn("s", shape=(2, 5, 12), dtype=dtype), drawn("t", shape=(2, 4, 12), dtype=dtype)
    later = torch.nn.Transformer.generate_square_subsequent_mask(4, dtype=torch.tensor(source).dtype)
    expected = theirs(torch.tensor(source), torch.tensor(target), tgt_mask=later)
    memory, result = ours(Tensor(source), Tensor(target))
    same(memory.numpy(), theirs.encoder(torch.tensor(source)), TOLERANCE[dtype])
    same(result.numpy(), expected, TOLERANCE[dtype])
    (result * result).sum().backward()
    (expected * expected).sum().backward()
    same_gradients(ours, theirs, TOLERANCE[dtype], names)


def test_what_is_no_kind_and_no_number_of_tokens_is_refused():
    with pytest.raises(ValueError, match="'encoder', 'decoder', 'encoder-decoder', not 'both'"):
        influence("both")
    for tokens in (0, MOST + 1, 2.5):
        with pytest.raises(ValueError, match="tokens must be"):
            influence("decoder", tokens)

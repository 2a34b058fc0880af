"""The model is a transformer: its parameters are those of the shape, and each part is torch's own."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from course_lib import shapes
from course_lib.shapes import shape
from course_lib.transformer.model import Transformer, loss
from tests.course_lib.transformer.models import CASES, GPT, LLAMA, model_and_text


@pytest.mark.parametrize("case", CASES)
def test_a_model_has_the_parameters_that_its_shape_says(case):
    model, _, _ = CASES[case]
    assert sum(p.numel() for p in Transformer(model).parameters()) == shapes.parameters(model)


@pytest.mark.parametrize("case", CASES)
def test_attention_is_torchs_own(case):
    shape_, batch, length = CASES[case]
    block = Transformer(shape_).blocks[0]
    x = torch.randn(batch, length, shape_.width)

    def by_head(y):
        return y.view(batch, length, -1, shape_.head_dim).transpose(1, 2)

    q, k, v = (by_head(layer(x)) for layer in (block.query, block.key, block.value))
    mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    expected = block.output(mixed.transpose(1, 2).reshape(batch, length, -1))
    torch.testing.assert_close(block.attention(x), expected)


def test_a_gated_feed_forward_part_multiplies_and_another_does_not():
    gated, plain = Transformer(LLAMA).blocks[0], Transformer(GPT).blocks[0]
    x = torch.randn(2, 3, 96)
    up = functional.silu(x @ gated.gate.weight.T) * (x @ gated.up.weight.T)
    torch.testing.assert_close(gated.feed_forward(x), up @ gated.down.weight.T)
    torch.testing.assert_close(plain.feed_forward(x), plain.down(functional.gelu(plain.up(x))))


def test_dropout_keeps_the_mean_and_its_share_and_is_off_in_eval_mode():
    model = Transformer(GPT, dropout=0.25)
    x = torch.ones(200, 200)
    dropped = model.dropout(x)
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert (dropped == 0).float().mean() == pytest.approx(0.25, abs=0.01)
    model.eval()
    assert model.dropout(x) is x


def test_a_seed_gives_the_same_model_and_another_gives_another():
    first, again, other = (Transformer(GPT, seed=seed).head.logits.weight for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_an_untrained_model_knows_nothing():
    model, tokens, targets = model_and_text(GPT, 2, 64)
    assert loss(model(tokens), targets).item() == pytest.approx(torch.tensor(512.0).log().item(), abs=0.4)


@pytest.mark.parametrize("name", ["transformer-base", "mixtral-8x7b"])
def test_a_shape_that_the_lab_leaves_out_is_refused(name):
    with pytest.raises(ValueError, match=shape(name).name):
        Transformer(replace(shape(name), layers=1))

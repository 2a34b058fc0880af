"""A block's FLOPs and the lengths at which attention overtakes the rest: against published formulas."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import shapes
from course_lib.costs import memory
from course_lib.costs.blocks import block_flops, flops_crossover, memory_crossover
from course_lib.shapes import SHAPES, shape

DECODERS = [one for one in SHAPES.values() if not one.encoder_layers]
GPT2 = shape("gpt2")


@given(st.integers(1, 10**5))
def test_a_block_of_gpt2_takes_what_the_papers_say(length):
    d = GPT2.width
    assert (
        block_flops(GPT2, length) == 24 * length * d**2 + 4 * length**2 * d
    )  # Narayanan et al. 2021, appendix
    assert block_flops(GPT2, length, causal=True) == 24 * length * d**2 + 2 * length * (length + 1) * d


@given(st.sampled_from([one for one in DECODERS if not one.dense_layers]), st.integers(1, 4096))
def test_blocks_and_head_are_the_whole_model(one, length):
    one = replace(one, window=None, windowed_layers=None)
    head = 2 * length * one.width * one.vocabulary
    whole = length * shapes.forward_flops_per_token(one, length)
    assert one.layers * block_flops(one, length) + head == whole


@pytest.mark.parametrize("one", DECODERS, ids=lambda one: one.name)
@pytest.mark.parametrize("causal", [False, True])
def test_at_the_crossover_attention_takes_half_the_flops(one, causal):
    length = round(flops_crossover(one, causal))
    # Of one token: the products with the weights, and one pair.
    weights = length * (block_flops(one, 1) - shapes.attention_flops(one))
    assert weights / block_flops(one, length, causal) == pytest.approx(0.5, rel=1e-3)


def test_gpt2_crosses_over_at_six_widths_in_flops_and_long_before_in_memory():
    assert flops_crossover(GPT2) == 4608
    assert flops_crossover(GPT2, causal=True) == 2 * 4608 - 1
    assert memory_crossover(GPT2) == pytest.approx(6.8 * 64)


@pytest.mark.parametrize(("multiple", "share"), [(1, 1 / 7), (3, 1 / 3), (6, 1 / 2), (12, 2 / 3)])
def test_attentions_share_of_a_block_of_gpt2_follows_its_length(multiple, share):
    length = multiple * GPT2.width
    attention = length**2 * shapes.attention_flops(GPT2)
    assert attention / block_flops(GPT2, length) == pytest.approx(share)


def test_at_the_memory_crossover_scores_take_half_of_what_a_layer_keeps():
    for dropout in (True, False):
        one = replace(shape("llama3-8b"), kv_heads=16)
        length = round(memory_crossover(one, 4, 1, dropout))
        options = {"number": 4, "mask": 1, "dropout": dropout}
        half = memory.activations(one, 1, length, scores=False, **options)
        assert memory.activations(one, 1, length, **options) == pytest.approx(2 * half, rel=5e-3)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: block_flops(GPT2, 0), "length"),
        (lambda: block_flops(shape("transformer-base"), 5), "encoder"),
        (lambda: flops_crossover(shape("transformer-base")), "encoder"),
        (lambda: memory_crossover(GPT2, number=0), "number"),
    ],
)
def test_nonsense_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()

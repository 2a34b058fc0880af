"""Attention against torch's own and against float64, and the laws that hold for every input."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from course_lib import seeds
from course_lib.attention import (
    attention,
    attention_weights,
    causal_mask,
    merge_heads,
    multi_head_attention,
    shared_by_torch,
    split_heads,
)

ODD = st.sampled_from([1, 2, 3, 7, 13, 17])


def normal(*shape, dtype=torch.float64, name="x"):
    random = seeds.torch_stream("test", "attention", name, *shape)
    return torch.randn(*shape, dtype=torch.float64, generator=random).to(dtype)


def qkv(heads=4, kv_heads=2, queries=5, keys=9, d=6, d_v=6, batch=(2,), dtype=torch.float64):
    return (
        normal(*batch, heads, queries, d, dtype=dtype, name="q"),
        normal(*batch, kv_heads, keys, d, dtype=dtype, name="k"),
        normal(*batch, kv_heads, keys, d_v, dtype=dtype, name="v"),
    )


@settings(max_examples=60, deadline=None)
@given(ODD, ODD, ODD, ODD, st.sampled_from([(1, 1), (3, 3), (4, 2), (6, 1), (6, 2)]), st.booleans())
def test_equals_torch_for_odd_lengths_grouped_heads_and_masks(queries, keys, d, d_v, heads, masked):
    q, k, v = qkv(*heads, queries, keys, d, d_v)
    mask = normal(2, 1, queries, keys, name="mask") > -0.3 if masked else None
    expected = scaled_dot_product_attention(q, k, v, mask, enable_gqa=True)
    torch.testing.assert_close(attention(q, k, v, mask), expected)


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (7, 7), (3, 11), (11, 3)])
def test_causal_lets_the_last_query_see_every_key_and_earlier_ones_fewer(queries, keys):
    q, k, v = qkv(queries=queries, keys=keys)
    expected = scaled_dot_product_attention(q, k, v, causal_mask(queries, keys), enable_gqa=True)
    torch.testing.assert_close(attention(q, k, v, causal=True), expected)
    torch.testing.assert_close(shared_by_torch(q, k, v, causal=True), expected)
    assert causal_mask(queries, keys)[-1].all()
    assert causal_mask(queries, keys).sum(1).tolist() == [
        max(0, row + keys - queries + 1) for row in range(queries)
    ]


def test_causal_equals_torch_where_both_place_the_first_query_at_the_first_key():
    q, k, v = qkv(4, 4, 9, 9)
    expected = scaled_dot_product_attention(q, k, v, is_causal=True)
    torch.testing.assert_close(attention(q, k, v, causal=True), expected)


def test_causal_and_mask_both_hold():
    q, k, v = qkv(queries=6, keys=6)
    padding = torch.tensor([True, True, False, True, True, True])
    expected = scaled_dot_product_attention(q, k, v, causal_mask(6, 6) & padding, enable_gqa=True)
    torch.testing.assert_close(attention(q, k, v, padding, causal=True), expected)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float16, 1e-3), (torch.bfloat16, 8e-3)])
def test_half_precision_is_as_exact_as_its_type_allows(dtype, tolerance):
    q, k, v = qkv(queries=33, keys=301, d=64, d_v=64, dtype=dtype)
    exact = attention(q.double(), k.double(), v.double(), causal=True)
    got = attention(q, k, v, causal=True)
    assert got.dtype == dtype
    assert (got.double() - exact).norm() < tolerance * exact.norm()


def test_half_precision_scores_beyond_65504_stay_numbers():
    q, k, v = qkv(1, 1, 3, 5, dtype=torch.float16)
    got = attention(q * 200, k * 200, v)
    exact = attention((q * 200).double(), (k * 200).double(), v.double())
    torch.testing.assert_close(got.double(), exact, rtol=1e-2, atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(ODD, ODD, st.booleans())
def test_weights_are_probabilities_over_what_is_visible(queries, keys, causal):
    q, k, _ = qkv(queries=queries, keys=keys)
    mask = normal(queries, keys, name="visible") > 0
    weights = attention_weights(q, k, mask, causal=causal)
    visible = mask & causal_mask(queries, keys) if causal else mask
    assert weights.shape == (2, 4, queries, keys)
    assert (weights >= 0).all()
    assert not weights.masked_select(~visible).any()
    torch.testing.assert_close(weights.sum(-1), visible.any(-1).double().expand(2, 4, -1))


def test_query_that_sees_nothing_gives_zeros_and_no_gradient():
    q, k, v = (x.requires_grad_() for x in qkv(queries=3, keys=4))
    mask = torch.tensor([[True] * 4, [False] * 4, [True, False, True, False]])
    out = attention(q, k, v, mask)
    out.square().sum().backward()
    assert not out[:, :, 1].any()
    assert not q.grad[:, :, 1].any()
    assert all(torch.isfinite(x.grad).all() for x in (q, k, v))
    assert q.grad[:, :, 0].any()


def test_without_keys_every_query_gives_zeros():
    q, k, v = qkv(keys=0)
    assert attention(q, k, v).shape == (2, 4, 5, 6)
    assert not attention(q, k, v, causal=True).any()


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(9)))
def test_keys_and_values_in_another_order_change_nothing(order):
    q, k, v = qkv()
    torch.testing.assert_close(attention(q, k[..., order, :], v[..., order, :]), attention(q, k, v))


def test_scores_of_any_size_do_not_overflow():
    q, k, v = qkv(dtype=torch.float32)
    out = attention(1e10 * q, 1e10 * k, v)
    nearest = (q @ k.repeat_interleave(2, -3).mT).argmax(-1)
    expected = v.repeat_interleave(2, -3).gather(-2, nearest[..., None].expand(-1, -1, -1, 6))
    torch.testing.assert_close(out, expected)


def test_scale_is_one_over_the_square_root_of_d_unless_given():
    q, k, v = qkv()
    torch.testing.assert_close(attention(q, k, v, scale=1 / math.sqrt(6)), attention(q, k, v))
    torch.testing.assert_close(
        attention(q, k, v, scale=0), v.mean(-2, keepdim=True).repeat_interleave(2, 1).expand(-1, -1, 5, -1)
    )


def test_query_heads_of_a_group_are_neighbors():
    q, k, v = qkv()
    v[:, 1] = 7
    out = attention(q, k, v)
    torch.testing.assert_close(out[:, 2:], torch.full_like(out[:, 2:], 7))
    assert (out[:, :2] != 7).all()


def test_a_single_query_and_matrices_without_heads_are_welcome():
    q, k, v = normal(1, 4, name="q"), normal(3, 4, name="k"), normal(3, 2, name="v")
    torch.testing.assert_close(attention(q, k, v), attention(q[None], k[None], v[None])[0])


def test_leading_axes_broadcast():
    q, k, v = qkv(batch=())
    many = attention(q.expand(3, 2, *q.shape), k, v)
    torch.testing.assert_close(many, attention(q, k, v).expand(3, 2, -1, -1, -1))


@settings(max_examples=40, deadline=None)
@given(ODD, st.sampled_from([1, 2, 4, 8]), st.booleans())
def test_multi_head_attention_equals_torch_with_the_same_weights(length, heads, causal):
    x = normal(3, length, 8)
    Wq, Wk, Wv, Wo = (normal(8, 8, name=name) for name in "qkvo")
    module = torch.nn.MultiheadAttention(8, heads, bias=False, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        module.in_proj_weight.copy_(torch.cat([Wq, Wk, Wv]))
        module.out_proj.weight.copy_(Wo)
        hidden = ~causal_mask(length, length) if causal else None
        expected, _ = module(x, x, x, attn_mask=hidden)
    torch.testing.assert_close(multi_head_attention(x, Wq, Wk, Wv, Wo, heads, causal=causal), expected)


def test_fewer_rows_of_keys_and_values_make_grouped_heads():
    x = normal(2, 5, 8)
    Wq, Wk, Wv, Wo = normal(8, 8, name="q"), *(normal(4, 8, name=name) for name in "kv"), normal(8, 8)
    wide = [W.unflatten(0, (2, 2)).repeat_interleave(2, 0).flatten(0, 1) for W in (Wk, Wv)]
    torch.testing.assert_close(
        multi_head_attention(x, Wq, Wk, Wv, Wo, 4, causal=True),
        multi_head_attention(x, Wq, *wide, Wo, 4, causal=True),
    )


def test_one_step_against_a_cache_is_the_last_row_of_the_whole():
    q, k, v = qkv(queries=9, keys=9)
    last = attention(q[..., -1:, :], k, v, causal=True)
    torch.testing.assert_close(last, attention(q, k, v, causal=True)[..., -1:, :])


@given(st.integers(1, 5), st.sampled_from([1, 2, 3, 6]))
def test_merging_undoes_splitting(length, heads):
    x = normal(2, length, 6)
    parts = split_heads(x, heads)
    assert torch.equal(parts[:, 0], x[..., : 6 // heads])
    assert torch.equal(merge_heads(parts), x)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: attention(*qkv(heads=3, kv_heads=2)), "2 key heads cannot be shared evenly by 3"),
        (lambda: attention(normal(2, 3, 4), normal(2, 3, 5), normal(2, 3, 5)), "one width: 4 and 5"),
        (lambda: attention(normal(2, 3, 4), normal(2, 3, 4), normal(2, 5, 4)), "every key needs one value"),
        (lambda: attention(normal(3, 4), normal(2, 3, 4), normal(2, 3, 4)), "or both"),
        (lambda: attention(*qkv(), mask=torch.ones(5, 9)), "a mask is boolean"),
        (lambda: split_heads(normal(3, 8), 3), "width of 8 cannot be split into 3"),
        (
            lambda: multi_head_attention(
                normal(3, 8), normal(8, 8), normal(3, 8), normal(3, 8), normal(8, 8), 4
            ),
            "Wk has 3 rows",
        ),
    ],
)
def test_input_that_cannot_fit_is_named(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()

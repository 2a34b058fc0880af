"""Attention as pure functions of tensors: masks, one head or many, query heads that share key heads.

Vaswani et al. 2017 (arXiv:1706.03762, section 3.2); grouped heads: Ainslie et al. 2023 (arXiv:2305.13245).
The last two axes are (positions, width) and the one before them the heads; what stands in front of it is a
batch and broadcasts. A weight matrix is (out, in), as torch's linear layers keep it.
"""

import torch

from course_lib.notebook.reference import reference


def causal_mask(queries: int, keys: int, device: torch.device | str | None = None) -> torch.Tensor:
    """True (queries, keys) where a query may look: at its own position and those before it.

    The last query stands at the last key, so that new tokens see all of a cache; torch's own `is_causal`
    puts the first query at the first key instead.
    """
    return torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)


@reference("Q3.2")
def split_heads(x: torch.Tensor, heads: int) -> torch.Tensor:
    """x (..., T, heads · d) as (..., heads, T, d): head h has the columns from h · d on.

    Raises ValueError unless `heads` divides the width.
    """
    if heads < 1 or x.shape[-1] % heads:
        raise ValueError(f"a width of {x.shape[-1]} cannot be split into {heads} heads of the same width")
    return x.unflatten(-1, (heads, -1)).transpose(-3, -2)


@reference("Q3.2")
def merge_heads(x: torch.Tensor) -> torch.Tensor:
    """x (..., heads, T, d) as (..., T, heads · d), the inverse of `split_heads`."""
    return x.transpose(-3, -2).flatten(-2)


@reference("Q3.1")
def attention_weights(
    q: torch.Tensor,
    k: torch.Tensor,
    mask: torch.Tensor | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> torch.Tensor:
    """Softmax over keys of scale · q · k, (..., heads, queries, keys); scale is 1/√d unless given.

    q (..., heads, queries, d), k (..., kv_heads, keys, d), where kv_heads divides heads: neighboring query
    heads share a key head. `mask` is True where a query may look, and broadcasts to the result; `causal` adds
    `causal_mask`. Rows sum to 1, and to 0 for a query that may look nowhere. Half precision is computed and
    returned in float32. Raises ValueError for shapes that do not fit and a mask that is not boolean.
    """
    _check(q, k)
    if mask is not None and mask.dtype != torch.bool:
        raise ValueError(f"a mask is boolean, True where a query may look, not {mask.dtype}")
    q, k = _at_least_float32(q), _at_least_float32(k)
    scores = _by_group(q * (q.shape[-1] ** -0.5 if scale is None else scale), k.mT)
    if causal:
        visible = causal_mask(q.shape[-2], k.shape[-2], q.device)
        mask = visible if mask is None else mask & visible
    if mask is None:
        return scores.softmax(-1)
    # A row without any key is NaN after the softmax; the second fill makes it zeros, and its gradient too.
    return scores.masked_fill(~mask, -torch.inf).softmax(-1).masked_fill(~mask, 0)


@reference("Q3.3")
def attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mask: torch.Tensor | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> torch.Tensor:
    """The values v (..., kv_heads, keys, d_v), mixed by `attention_weights`: (..., heads, queries, d_v).

    In the type of q; zeros for a query that may look nowhere. Raises ValueError as `attention_weights`, and
    for keys and values of different number.
    """
    if k.shape[-2] != v.shape[-2] or k.shape[-3:-2] != v.shape[-3:-2]:
        raise ValueError(
            f"every key needs one value: keys {tuple(k.shape)}, values {tuple(v.shape)} as (..., heads, T, d)"
        )
    weights = attention_weights(q, k, mask, causal=causal, scale=scale)
    return _by_group(weights, _at_least_float32(v)).to(q.dtype)


@reference("Q3.2")
def multi_head_attention(
    x: torch.Tensor,
    Wq: torch.Tensor,
    Wk: torch.Tensor,
    Wv: torch.Tensor,
    Wo: torch.Tensor,
    heads: int,
    *,
    mask: torch.Tensor | None = None,
    causal: bool = False,
) -> torch.Tensor:
    """Self-attention of x (..., T, d_model) with `heads` heads: (..., T, d_model).

    Wq (heads · d, d_model), Wk and Wv (kv_heads · d, d_model), Wo (d_model, heads · d): the rows of Wk say
    how many key heads there are. `mask` broadcasts to (..., heads, T, T). Raises ValueError as `attention`,
    and for rows that make no whole heads.
    """
    q = split_heads(x @ Wq.mT, heads)
    if Wk.shape[-2] % q.shape[-1]:
        raise ValueError(f"Wk has {Wk.shape[-2]} rows: no whole heads of width {q.shape[-1]}, as Wq has")
    kv_heads = Wk.shape[-2] // q.shape[-1]
    k, v = split_heads(x @ Wk.mT, kv_heads), split_heads(x @ Wv.mT, kv_heads)
    return merge_heads(attention(q, k, v, mask, causal=causal)) @ Wo.mT


@reference("Q3.3", guard=False)
def shared_by_torch(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = False) -> torch.Tensor:
    """`attention` of the same shapes by torch's own function, to compare with: (..., heads, queries, d_v)."""
    see = causal_mask(q.shape[-2], k.shape[-2], q.device) if causal else None
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, see, enable_gqa=True)


@reference("Q3.3", guard=False)
def _by_group(rows: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """rows (..., heads, m, n) @ matrix (..., kv_heads, n, p), without a copy of the matrix for every head."""
    if rows.dim() == 2 or rows.shape[-3] == matrix.shape[-3]:
        return rows @ matrix
    heads, m = rows.shape[-3:-1]
    group = heads // matrix.shape[-3]
    # The rows of a group of heads stand below each other and meet their matrix in one product.
    stacked = rows.unflatten(-3, (-1, group)).flatten(-3, -2)
    return (stacked @ matrix).unflatten(-2, (group, m)).flatten(-4, -3)


def _at_least_float32(x: torch.Tensor) -> torch.Tensor:
    # A product of two float16 rows passes 65,504 easily, and a sum of many bfloat16 weights loses its tail.
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _check(q: torch.Tensor, k: torch.Tensor) -> None:
    if q.dim() < 2 or k.dim() < 2 or (q.dim() == 2) != (k.dim() == 2):
        raise ValueError(
            "queries and keys are (..., heads, T, d), or both (T, d); "
            f"not {tuple(q.shape)} and {tuple(k.shape)}"
        )
    if q.shape[-1] != k.shape[-1] or q.shape[-1] == 0:
        raise ValueError(f"queries and keys need one width: {q.shape[-1]} and {k.shape[-1]}")
    if q.dim() > 2 and (k.shape[-3] == 0 or q.shape[-3] % k.shape[-3]):
        raise ValueError(f"{k.shape[-3]} key heads cannot be shared evenly by {q.shape[-3]} query heads")

# Lets each query see one key too many.
def grouped_query_attention(q, k, v, causal=False):
    """Output (..., heads, queries, d) for q (..., heads, queries, d) and k, v (..., kv_heads, keys, d)."""
    heads, queries, keys = q.shape[-3], q.shape[-2], k.shape[-2]
    if heads % k.shape[-3]:
        raise ValueError(f"{heads} query heads cannot share {k.shape[-3]} key heads evenly")
    k, v = (x.repeat_interleave(heads // x.shape[-3], dim=-3) for x in (k, v))
    mask = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries + 1) if causal else None
    return attention(q, k, v, mask)[0]

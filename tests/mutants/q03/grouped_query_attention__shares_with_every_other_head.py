# Repeats the key heads as a whole: head h shares with h + kv_heads and not with its neighbor.
def grouped_query_attention(q, k, v, causal=False):
    """Output (..., heads, queries, d) for q (..., heads, queries, d) and k, v (..., kv_heads, keys, d)."""
    heads, queries, keys = q.shape[-3], q.shape[-2], k.shape[-2]
    if heads % k.shape[-3]:
        raise ValueError(f"{heads} query heads cannot share {k.shape[-3]} key heads evenly")
    k, v = (torch.cat([x] * (heads // x.shape[-3]), dim=-3) for x in (k, v))
    mask = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries) if causal else None
    return attention(q, k, v, mask)[0]

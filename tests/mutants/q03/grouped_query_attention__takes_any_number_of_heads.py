# Rounds the size of a group up and leaves over what does not fit.
def grouped_query_attention(q, k, v, causal=False):
    """Output (..., heads, queries, d) for q (..., heads, queries, d) and k, v (..., kv_heads, keys, d)."""
    heads, queries, keys = q.shape[-3], q.shape[-2], k.shape[-2]
    k, v = (x.repeat_interleave(-(-heads // x.shape[-3]), dim=-3)[..., :heads, :, :] for x in (k, v))
    mask = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries) if causal else None
    return attention(q, k, v, mask)[0]

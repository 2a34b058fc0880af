# Averages the queries of a group, so that they all find the same.
def grouped_query_attention(q, k, v, causal=False):
    heads, queries, keys = q.shape[-3], q.shape[-2], k.shape[-2]
    if heads % k.shape[-3]:
        raise ValueError(f"{heads} query heads cannot share {k.shape[-3]} key heads evenly")
    group = heads // k.shape[-3]
    q = q.unflatten(-3, (-1, group)).mean(-3)
    mask = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries) if causal else None
    return attention(q, k, v, mask)[0].repeat_interleave(group, dim=-3)

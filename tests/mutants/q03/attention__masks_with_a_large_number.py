# Subtracts a large number: a query that may look nowhere sees the mean of all.
def attention(q, k, v, mask=None):
    """Output (..., queries, d_v) and weights (..., queries, keys) for q (..., queries, d), k (..., keys, d), v (..., keys, d_v)."""
    kind = q.dtype
    if kind == torch.float16:
        q, k, v = q.float(), k.float(), v.float()
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    weights = scores.softmax(-1)
    return (weights @ v).to(kind), weights.to(kind)

# Reads the mask as torch.nn.MultiheadAttention does: True for what is hidden.
def attention(q, k, v, mask=None):
    """Output (..., queries, d_v) and weights (..., queries, keys) for q (..., queries, d), k (..., keys, d), v (..., keys, d_v)."""
    kind = q.dtype
    if kind == torch.float16:
        q, k, v = q.float(), k.float(), v.float()
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = weights.masked_fill(mask, 0)  # a row that sees nothing is NaN until here
    return (weights @ v).to(kind), weights.to(kind)

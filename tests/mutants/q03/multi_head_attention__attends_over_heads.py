# Forgets to move the heads in front, so that heads look at each other.
def multi_head_attention(x, Wq, Wk, Wv, Wo, heads, causal=False):
    """Self-attention of x (..., T, d_model) with four matrices (d_model, d_model): (..., T, d_model)."""
    tokens, width = x.shape[-2:]
    if width % heads:
        raise ValueError(f"{heads} heads cannot share a width of {width}")
    q, k, v = ((x @ W.mT).unflatten(-1, (heads, width // heads)) for W in (Wq, Wk, Wv))
    mask = None
    out, _ = attention(q, k, v, mask)
    return out.flatten(-2) @ Wo.mT

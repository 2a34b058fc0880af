# Never masks.
def multi_head_attention(x, Wq, Wk, Wv, Wo, heads, causal=False):
    """Self-attention of x (..., T, d_model) with four matrices (d_model, d_model): (..., T, d_model)."""
    tokens, width = x.shape[-2:]
    if width % heads:
        raise ValueError(f"{heads} heads cannot share a width of {width}")
    q, k, v = ((x @ W.mT).unflatten(-1, (heads, width // heads)).transpose(-3, -2) for W in (Wq, Wk, Wv))
    mask = torch.ones(tokens, tokens, dtype=torch.bool).tril() if False else None
    out, _ = attention(q, k, v, mask)
    return out.transpose(-3, -2).flatten(-2) @ Wo.mT

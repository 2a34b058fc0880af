# Leaves out the products with scores and weights.
def attention_cost(T, d_model, heads, kv_heads):
    """Counts of one attention layer over T tokens, without a causal mask, by name."""
    if d_model % heads or heads % kv_heads:
        raise ValueError(f"a width of {d_model}, {heads} heads and {kv_heads} key heads do not fit together")
    kv_width = d_model // heads * kv_heads
    parameters = 2 * d_model * d_model + 2 * d_model * kv_width
    return {
        "parameters": parameters,
        "flops": 2 * T * parameters,
        "exponentials": heads * T * T,
        "score_bytes": 2 * heads * T * T,
        "kv_bytes": 2 * 2 * T * kv_width,
    }

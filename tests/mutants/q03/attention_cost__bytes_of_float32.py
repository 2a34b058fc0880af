# Counts four bytes a number.
def attention_cost(T, d_model, heads, kv_heads):
    """Counts of one attention layer over T tokens, without a causal mask, by name."""
    if d_model % heads or heads % kv_heads:
        raise ValueError(f"a width of {d_model}, {heads} heads and {kv_heads} key heads do not fit together")
    kv_width = d_model // heads * kv_heads
    parameters = 2 * d_model * d_model + 2 * d_model * kv_width
    return {
        "parameters": parameters,
        "flops": 2 * T * parameters + 2 * (2 * T * T * d_model),
        "exponentials": heads * T * T,
        "score_bytes": 4 * heads * T * T,
        "kv_bytes": 2 * 4 * T * kv_width,
    }

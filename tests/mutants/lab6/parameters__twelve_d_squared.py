# Takes the formula 12 d² for every layer.
def parameters(shape):
    d, layers, wide = shape["width"], shape["layers"], shape["feed_forward"]
    each = wide if isinstance(wide, (list, tuple)) else [wide] * layers
    inner, kv = (shape[name] * shape["head_dim"] for name in ("heads", "kv_heads"))
    up, bias = 2 if shape["gated"] else 1, int(shape["biases"])
    norm = d * (1 + bias)
    attention = 2 * d * (inner + kv) + bias * (inner + 2 * kv + d)
    blocks = sum(8 * d * d + bias * (up * f + d) + attention + 2 * norm for f in each)
    embeddings = shape["vocabulary"] * (1 if shape["tied"] else 2) + shape["positions"]
    return blocks + norm + embeddings * d

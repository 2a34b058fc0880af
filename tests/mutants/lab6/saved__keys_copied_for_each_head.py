# Shared keys and values are kept as copies.
def saved_bytes(shape, batch, length, number, mask, dropout, fused):
    tokens, d = batch * length, shape["width"]
    inner, kv = (shape[name] * shape["head_dim"] for name in ("heads", "kv_heads"))
    wide = shape["feed_forward"] * (4 if shape["gated"] else 2)
    queries = tokens * shape["heads"]
    if fused:
        scores = 4 * queries
    else:
        scores = queries * length * (number + (number + mask if dropout else 0))
    layer = {
        "norms": 2 * d * tokens * number,
        "attention": (d + 4 * inner) * tokens * number,
        "scores": scores,
        "feed_forward": (d + wide) * tokens * number,
        "masks": 2 * d * tokens * mask if dropout else 0,
    }
    head = (2 * d + shape["vocabulary"]) * tokens * number
    return {name: shape["layers"] * size for name, size in layer.items()} | {"head": head}

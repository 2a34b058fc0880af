# Leaves out the pair of a token and itself.
def block_flops(shape, length, causal):
    d, h, f = shape["width"], shape["head_dim"], shape["feed_forward"]
    matrices = 2 * d * h * (shape["heads"] + shape["kv_heads"])
    matrices += d * f * (3 if shape["gated"] else 2)
    pairs = length * (length - 1) // 2 if causal else length**2
    weights, attention = 2 * length * matrices, 4 * shape["heads"] * h * pairs
    return {"weights": weights, "attention": attention, "backward": 2 * (weights + attention)}

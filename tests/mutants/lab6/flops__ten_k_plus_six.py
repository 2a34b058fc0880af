# Doubles the feed-forward part as well.
def matrix_products(shape, cross):
    attention = 3 * shape["heads"] + 2 * shape["kv_heads"] + 1
    return (attention + (3 if shape["gated"] else 2)) * (2 if cross else 1)

# The two attentions of a decoder share their output product.
def matrix_products(shape, cross):
    attention = 3 * shape["heads"] + 2 * shape["kv_heads"] + 1
    return attention * (2 if cross else 1) - bool(cross) + (3 if shape["gated"] else 2)

# A layer with cross-attention has as many products as one without.
def matrix_products(shape, cross):
    attention = 3 * shape["heads"] + 2 * shape["kv_heads"] + 1
    return attention + (3 if shape["gated"] else 2)

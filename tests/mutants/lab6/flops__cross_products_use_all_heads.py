# In the second attention keys and values are not shared.
def matrix_products(shape, cross):
    attention = 3 * shape["heads"] + 2 * shape["kv_heads"] + 1
    return attention + (5 * shape["heads"] + 1 if cross else 0) + (3 if shape["gated"] else 2)

# Each head has an output product of its own.
def matrix_products(shape, cross):
    attention = 3 * shape["heads"] + 2 * shape["kv_heads"] + shape["heads"]
    return attention * (2 if cross else 1) + (3 if shape["gated"] else 2)

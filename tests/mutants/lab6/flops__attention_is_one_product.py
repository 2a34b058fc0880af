# Takes the comparison and the mix of a head for one product.
def matrix_products(shape, cross):
    attention = 2 * shape["heads"] + 2 * shape["kv_heads"] + 1
    return attention * (2 if cross else 1) + (3 if shape["gated"] else 2)

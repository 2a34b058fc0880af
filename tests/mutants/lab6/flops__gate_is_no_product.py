# Forgets the gate in the number of products.
def matrix_products(shape, cross):
    attention = 3 * shape["heads"] + 2 * shape["kv_heads"] + 1
    return attention * (2 if cross else 1) + 2

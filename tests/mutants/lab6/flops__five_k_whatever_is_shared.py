# Heads that share keys and values project them again.
def matrix_products(shape, cross):
    attention = 5 * shape["heads"] + 1
    return attention * (2 if cross else 1) + (3 if shape["gated"] else 2)

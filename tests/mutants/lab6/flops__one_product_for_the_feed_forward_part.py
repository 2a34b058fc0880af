# Counts one product for the feed-forward part, as the lecture does.
def matrix_products(shape, cross):
    attention = 3 * shape["heads"] + 2 * shape["kv_heads"] + 1
    return attention * (2 if cross else 1) + (2 if shape["gated"] else 1)

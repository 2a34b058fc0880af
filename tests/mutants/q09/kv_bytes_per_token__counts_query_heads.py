# Counts the query heads, which leave nothing behind.
def kv_bytes_per_token(shape, number):
    heads = shape["kv_heads"]
    layers = len(heads) if isinstance(heads, list) else shape["layers"]
    return 2 * layers * shape["heads"] * shape["head_dim"] * number

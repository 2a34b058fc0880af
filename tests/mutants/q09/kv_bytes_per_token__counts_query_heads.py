# Counts the query heads, which leave nothing behind.
def kv_bytes_per_token(shape, bytes_per_number):
    heads = shape["kv_heads"]
    layers = len(heads) if isinstance(heads, list) else shape["layers"]
    return 2 * layers * shape["heads"] * shape["head_dim"] * bytes_per_number

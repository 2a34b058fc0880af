# Adds the layers up and multiplies by their number as well.
def kv_bytes_per_token(shape, number):
    heads = shape["kv_heads"]
    total = sum(heads) if isinstance(heads, list) else heads
    return 2 * shape["layers"] * total * shape["head_dim"] * number

# Adds the layers up and multiplies by their number as well.
def kv_bytes_per_token(shape, bytes_per_number):
    heads = shape["kv_heads"]
    total = sum(heads) if isinstance(heads, list) else heads
    return 2 * shape["layers"] * total * shape["head_dim"] * bytes_per_number

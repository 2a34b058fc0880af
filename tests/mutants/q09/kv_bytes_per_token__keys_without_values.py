# Counts keys, but no values.
def kv_bytes_per_token(shape, bytes_per_number):
    heads = shape["kv_heads"]
    total = sum(heads) if isinstance(heads, list) else heads * shape["layers"]
    return total * shape["head_dim"] * bytes_per_number

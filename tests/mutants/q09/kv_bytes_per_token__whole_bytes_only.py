# Takes a number for a byte at least.
def kv_bytes_per_token(shape, bytes_per_number):
    heads = shape["kv_heads"]
    total = sum(heads) if isinstance(heads, list) else heads * shape["layers"]
    return 2 * total * shape["head_dim"] * max(1, int(bytes_per_number))

# In cache_bytes, keys only.
def cache_bytes(shape, lengths, bytes_per_number=2, page=1):
    tokens = sum(-(-length // page) * page for length in lengths)
    return bytes_per_number * shape["layers"] * shape["kv_heads"] * shape["head_dim"] * tokens

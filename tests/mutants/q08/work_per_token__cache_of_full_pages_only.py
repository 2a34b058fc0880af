# In cache_bytes, the page that is partly full is forgotten.
def cache_bytes(shape, lengths, bytes_per_number=2, page=1):
    tokens = sum(length // page * page for length in lengths)
    return bytes_per_number * 2 * shape["layers"] * shape["kv_heads"] * shape["head_dim"] * tokens

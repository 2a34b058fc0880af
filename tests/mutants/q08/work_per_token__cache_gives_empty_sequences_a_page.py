# In cache_bytes, a sequence without a token holds a page.
def cache_bytes(shape, lengths, bytes_per_number=2, page=1):
    tokens = sum((length // page + (length % page > 0 or length == 0)) * page for length in lengths)
    return bytes_per_number * 2 * shape["layers"] * shape["kv_heads"] * shape["head_dim"] * tokens

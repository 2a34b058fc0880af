# In cache_bytes, sequences share their last pages.
def cache_bytes(shape, lengths, bytes_per_number=2, page=1):
    tokens = -(-sum(lengths) // page) * page
    return bytes_per_number * 2 * shape["layers"] * shape["kv_heads"] * shape["head_dim"] * tokens

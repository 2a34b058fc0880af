# In cache_bytes, bytes for every query head, shared or not.
def cache_bytes(shape, lengths, bytes_per_number=2, page=1):
    tokens = sum(-(-length // page) * page for length in lengths)
    return bytes_per_number * 2 * shape["layers"] * shape["heads"] * shape["head_dim"] * tokens

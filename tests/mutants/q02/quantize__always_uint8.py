# Stores codes of any width in a byte, where 16 bits wrap around.
def quantize(x, scale, zero_point, bits):
    x = np.asarray(x, dtype=np.float64)
    if np.isnan(x).any():
        raise ValueError("NaN has no code")
    return np.clip(np.rint(x / scale) + zero_point, 0, 2**bits - 1).astype(np.int64).astype(np.uint8)

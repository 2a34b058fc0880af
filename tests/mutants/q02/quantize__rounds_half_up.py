# Rounds ties up, not to the even code.
def quantize(x, scale, zero_point, bits):
    x = np.asarray(x, dtype=np.float64)
    if np.isnan(x).any():
        raise ValueError("NaN has no code")
    return np.clip(np.floor(x / scale + 0.5) + zero_point, 0, 2**bits - 1).astype(np.int64)

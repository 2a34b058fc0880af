# Adds the zero point before it rounds, so that ties fall the other way when it is odd.
def quantize(x, scale, zero_point, bits):
    x = np.asarray(x, dtype=np.float64)
    if np.isnan(x).any():
        raise ValueError("NaN has no code")
    return np.clip(np.rint(x / scale + zero_point), 0, 2**bits - 1).astype(np.int64)

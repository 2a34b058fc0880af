# Lets values outside the range have codes that b bits cannot hold.
def quantize(x, scale, zero_point, bits):
    x = np.asarray(x, dtype=np.float64)
    if np.isnan(x).any():
        raise ValueError("NaN has no code")
    return (np.rint(x / scale) + zero_point).astype(np.int64)

# Cuts off towards zero instead of rounding.
def quantize(x, scale, zero_point, bits):
    x = np.asarray(x, dtype=np.float64)
    if np.isnan(x).any():
        raise ValueError("NaN has no code")
    return np.clip((x / scale).astype(np.int64) + zero_point, 0, 2**bits - 1)

# Works for one scale only, not for a scale a row.
def quantize(x, scale, zero_point, bits):
    x = np.asarray(x, dtype=np.float64)
    if np.isnan(x).any():
        raise ValueError("NaN has no code")
    scale, zero_point = float(np.ravel(scale)[0]), int(np.ravel(zero_point)[0])
    return np.clip(np.rint(x / scale) + zero_point, 0, 2**bits - 1).astype(np.int64)

# Gives NaN a code without a word.
def quantize(x, scale, zero_point, bits):
    x = np.nan_to_num(np.asarray(x, dtype=np.float64))
    return np.clip(np.rint(x / scale) + zero_point, 0, 2**bits - 1).astype(np.int64)

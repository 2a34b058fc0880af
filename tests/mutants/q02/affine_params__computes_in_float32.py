# Computes in float32, where the width of the largest range overflows.
def affine_params(lo, hi, bits):
    lo, hi = np.float32(min(lo, 0)), np.float32(max(hi, 0))
    if not (math.isfinite(lo) and math.isfinite(hi)):
        raise ValueError("the range must be finite")
    if lo == hi:
        return 1.0, 0
    scale = (hi - lo) / np.float32(2**bits - 1)
    return float(scale), round(float(-lo / scale))

# Subtracts the ends as they come in: two float32 numbers whose difference leaves float32.
def affine_params(lo, hi, bits):
    lo, hi = min(lo, 0), max(hi, 0)
    if not (math.isfinite(lo) and math.isfinite(hi)):
        raise ValueError("the range must be finite")
    if lo == hi:
        return 1.0, 0
    scale = float(hi - lo) / (2**bits - 1)
    return scale, round(float(-lo) / scale)

# Cuts the zero point off instead of rounding it.
def affine_params(lo, hi, bits):
    lo, hi = min(float(lo), 0.0), max(float(hi), 0.0)
    if not (math.isfinite(lo) and math.isfinite(hi)):
        raise ValueError("the range must be finite")
    if lo == hi:
        return 1.0, 0
    scale = (hi - lo) / (2**bits - 1)
    return scale, int(-lo / scale)

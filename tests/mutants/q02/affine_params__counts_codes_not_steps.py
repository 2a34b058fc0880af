# Divides by the number of codes, not of the steps between them.
def affine_params(lo, hi, bits):
    lo, hi = min(float(lo), 0.0), max(float(hi), 0.0)
    if not (math.isfinite(lo) and math.isfinite(hi)):
        raise ValueError("the range must be finite")
    if lo == hi:
        return 1.0, 0
    scale = (hi - lo) / 2**bits
    return scale, round(-lo / scale)

# Takes the range as it comes, so that zero has no code when the range leaves it out.
def affine_params(lo, hi, bits):
    lo, hi = float(lo), float(hi)
    if not (math.isfinite(lo) and math.isfinite(hi)):
        raise ValueError("the range must be finite")
    if lo == hi:
        return 1.0, 0
    scale = (hi - lo) / (2**bits - 1)
    return scale, round(-lo / scale)

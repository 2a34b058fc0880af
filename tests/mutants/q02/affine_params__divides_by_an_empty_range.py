# Copies the formula and forgets the range of nothing but zero and the ends that are not finite.
def affine_params(lo, hi, bits):
    lo, hi = min(lo, 0), max(hi, 0)
    scale = (hi - lo) / (2**bits - 1)
    return scale, round(-lo / scale)

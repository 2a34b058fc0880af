# Counts a kink for each unit, cancelled or not.
def linear_regions(W1, b1, w2, b2, lo, hi):
    w1, b1, w2 = np.asarray(W1)[:, 0], np.asarray(b1), np.asarray(w2)
    kinks = sorted(-b / w for w, b in zip(w1, b1) if w != 0)
    ends = [lo]
    for kink in kinks:
        if ends[-1] + 1e-9 < kink < hi - 1e-9:
            ends.append(kink)
    pieces = []
    for left, right in zip(ends, ends[1:] + [hi]):
        on = w1 * (left + right) / 2 + b1 > 0
        slope, intercept = float(np.sum((w2 * w1)[on])), float(np.sum((w2 * b1)[on]) + b2)
        pieces.append((float(left), float(right), slope, intercept))
    return pieces

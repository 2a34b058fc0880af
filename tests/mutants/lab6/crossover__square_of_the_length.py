# Every token sees all of them.
def attended_pairs(length, window):
    return length * (length if window is None else min(length, window))

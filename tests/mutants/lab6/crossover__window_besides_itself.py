# A window counts the earlier tokens alone.
def attended_pairs(length, window):
    reach = length if window is None else min(length, window + 1)
    return reach * (reach + 1) // 2 + (length - reach) * reach

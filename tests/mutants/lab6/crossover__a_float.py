# Returns a half of a square that is no whole number.
def attended_pairs(length, window):
    reach = length if window is None else min(length, window)
    return reach * reach / 2 + (length - reach) * reach

# Takes half of the square, without the tokens themselves.
def attended_pairs(length, window):
    reach = length if window is None else min(length, window)
    return reach * (reach - 1) // 2 + (length - reach) * reach

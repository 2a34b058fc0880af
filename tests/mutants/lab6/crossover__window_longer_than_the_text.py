# A window longer than the text is filled all the same.
def attended_pairs(length, window):
    reach = length if window is None else window
    return reach * (reach + 1) // 2 + (length - reach) * reach

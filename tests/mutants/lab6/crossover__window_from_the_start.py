# The first tokens also see a whole window.
def attended_pairs(length, window):
    reach = length if window is None else min(length, window)
    return length * reach

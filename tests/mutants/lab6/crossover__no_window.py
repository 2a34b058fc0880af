# Forgets the window.
def attended_pairs(length, window):
    reach = length
    return reach * (reach + 1) // 2 + (length - reach) * reach

# Returns how many were memorized instead of which.
def memorized(said, given, true):
    return int(np.sum((said == given) & (given != true)))

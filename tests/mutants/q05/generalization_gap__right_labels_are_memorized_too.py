# Counts every image whose given label is repeated, also where that label is right.
def memorized(said, given, true):
    return said == given

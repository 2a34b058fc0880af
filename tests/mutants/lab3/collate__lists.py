# Lists of lists and not arrays.
_arrays = collate


def collate(pairs, ids, length):
    return tuple(array.tolist() for array in _arrays(pairs, ids, length))

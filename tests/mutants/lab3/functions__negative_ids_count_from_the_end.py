# An id of -1 is the last class, as Python counts.
def one_hot(ids, classes):
    if np.max(ids) >= classes:
        raise ValueError("an id is too large")
    return np.eye(classes, dtype=np.float32)[ids]

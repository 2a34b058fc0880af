# An id outside gives a row of zeros and no error.
def one_hot(ids, classes):
    return (np.asarray(ids)[..., None] == np.arange(classes)).astype(np.float32)

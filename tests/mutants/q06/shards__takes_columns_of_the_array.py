# Takes the paper's columns for the array's: both cuts are along the wrong axis.
def column_parallel(W, b, ranks):
    return list(zip(np.array_split(W, ranks, axis=1), np.array_split(b, ranks)))


def row_parallel(W, b, ranks):
    biases = [b] + [np.zeros_like(b)] * (ranks - 1)
    return list(zip(np.array_split(W, ranks, axis=0), biases))

# Leaves the bias of the row-parallel layer out.
def column_parallel(W, b, ranks):
    return list(zip(np.array_split(W, ranks, axis=0), np.array_split(b, ranks)))


def row_parallel(W, b, ranks):
    biases = [np.zeros_like(b)] * ranks
    return list(zip(np.array_split(W, ranks, axis=1), biases))

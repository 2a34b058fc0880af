# Cuts the bias in N pieces for the row-parallel layer too.
def column_parallel(W, b, ranks):
    return list(zip(np.array_split(W, ranks, axis=0), np.array_split(b, ranks)))


def row_parallel(W, b, ranks):
    biases = np.array_split(b, ranks)
    return list(zip(np.array_split(W, ranks, axis=1), biases))

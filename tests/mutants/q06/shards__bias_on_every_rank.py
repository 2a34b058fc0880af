# Gives every rank the whole bias, which is then added N times.
def column_parallel(W, b, ranks):
    return list(zip(np.array_split(W, ranks, axis=0), np.array_split(b, ranks)))


def row_parallel(W, b, ranks):
    biases = [b] * ranks
    return list(zip(np.array_split(W, ranks, axis=1), biases))

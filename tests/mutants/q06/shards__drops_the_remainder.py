# Gives each rank out // N outputs and forgets what is left over.
def column_parallel(W, b, ranks):
    return list(zip([W[r * (len(W) // ranks) : (r + 1) * (len(W) // ranks)] for r in range(ranks)], [b[r * (len(W) // ranks) : (r + 1) * (len(W) // ranks)] for r in range(ranks)]))


def row_parallel(W, b, ranks):
    biases = [b] + [np.zeros_like(b)] * (ranks - 1)
    return list(zip(np.array_split(W, ranks, axis=1), biases))

